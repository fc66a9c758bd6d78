// The start of a text, as recognisers look at it.

import { type Binary, describeBinary } from '../containers/binary.ts';
import { decodeText } from '../input/text.ts';

/** Bytes of text to inspect. */
export const SAMPLE_BYTES = 1 << 18;
const MAX_LINES = 2000;
/** Recognisers see this much of a line. */
const MAX_LINE_BYTES = 4096;
const LF = 0x0a;
const CR = 0x0d;

export interface TextSample {
  /** Lines that are not blank, without line ends, each cut at 4,096 bytes. */
  readonly lines: readonly string[];
  /** All bytes of the sample. */
  readonly bytes: Buffer;
  /** Whether the sample is the whole text; otherwise its last line may be truncated. */
  readonly whole: boolean;
  /** What the text is, if its first bytes show that it is none. */
  readonly binary: Binary | undefined;
  /** On how it was decoded, for people. */
  readonly remarks: readonly string[];
  /** The share of the lines that `is` accepts; 0 without lines. */
  share(is: (line: string) => boolean): number;
}

export function createSample(bytes: Buffer, whole: boolean, remarks: readonly string[] = []): TextSample {
  const lines = sampleLines(bytes, whole);
  return {
    lines,
    bytes,
    whole,
    binary: describeBinary(bytes),
    remarks,
    share: (is) => (lines.length === 0 ? 0 : lines.filter(is).length / lines.length),
  };
}

function sampleLines(bytes: Buffer, whole: boolean): string[] {
  const separator = bytes.includes(LF) ? LF : CR;
  const end = whole ? bytes.length : bytes.lastIndexOf(separator) + 1 || bytes.length;
  const lines: string[] = [];
  for (let from = 0; from < end && lines.length < MAX_LINES; ) {
    const lineEnd = bytes.indexOf(separator, from);
    const to = lineEnd === -1 ? end : lineEnd;
    const text = decodeText(bytes.subarray(from, Math.min(to, from + MAX_LINE_BYTES)));
    const line = withoutMarks(text);
    if (line.trim() !== '') lines.push(line);
    from = to + 1;
  }
  return lines;
}

/** Drops a byte order mark at the start of a line, and every CR at its end. */
function withoutMarks(line: string): string {
  let end = line.length;
  while (end > 0 && line.charCodeAt(end - 1) === CR) end--;
  return line.slice(line.startsWith('\ufeff') ? 1 : 0, end);
}

export const percent = (share: number): string => `${Math.round(100 * share)}%`;
