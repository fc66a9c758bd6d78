// The start of a text, as recognisers look at it.

import { decodeText } from '../input/text.ts';

/** Bytes of text to inspect. */
export const SAMPLE_BYTES = 1 << 18;
const MAX_LINES = 2000;
/** Recognisers see this much of a line. */
const MAX_LINE_LENGTH = 4096;

export interface TextSample {
  /** Lines that are not blank, without line ends, each cut at 4,096 characters. */
  readonly lines: readonly string[];
  /** All bytes of the sample. */
  readonly bytes: Buffer;
  /** Whether the sample is the whole text; otherwise its last line may be truncated. */
  readonly whole: boolean;
  /** The share of the lines that `is` accepts; 0 without lines. */
  share(is: (line: string) => boolean): number;
}

export function createSample(bytes: Buffer, whole: boolean): TextSample {
  const lines = sampleLines(bytes, whole);
  return {
    lines,
    bytes,
    whole,
    share: (is) => (lines.length === 0 ? 0 : lines.filter(is).length / lines.length),
  };
}

function sampleLines(bytes: Buffer, whole: boolean): string[] {
  const end = whole ? bytes.length : bytes.lastIndexOf(0x0a) + 1 || bytes.length;
  const lines: string[] = [];
  for (let from = 0; from < end && lines.length < MAX_LINES; ) {
    const lineEnd = bytes.indexOf(0x0a, from);
    const to = lineEnd === -1 ? end : lineEnd;
    const text = decodeText(bytes.subarray(from, Math.min(to, from + MAX_LINE_LENGTH)));
    const line = (lines.length === 0 ? text.replace(/^\ufeff/, '') : text).replace(/\r$/, '');
    if (line.trim() !== '') lines.push(line);
    from = to + 1;
  }
  return lines;
}

export const percent = (share: number): string => `${Math.round(100 * share)}%`;
