// The shared part of formats with one credential per line.

import { LineSplitter } from '../input/lines.ts';
import { decodeText } from '../input/text.ts';
import type { CorpusFormat, CredentialSink, FormatOptions, LineRules } from './format.ts';

const SPACE = 0x20;
const TAB = 0x09;
const CR = 0x0d;
const NUL = 0x00;

/** The ASCII characters that `String.prototype.trim` removes. */
export const isSpace = (byte: number | undefined): boolean =>
  byte === SPACE || (byte !== undefined && byte >= TAB && byte <= CR);

/**
 * Parses a line without its line end. A CR within it is a line end too, and a byte order mark at
 * its start is none of it.
 */
export function parseText(line: Buffer, rules: LineRules, sink: CredentialSink): void {
  for (let from = 0; ; ) {
    const end = line.indexOf(CR, from);
    parseOne(end === -1 && from === 0 ? line : line.subarray(from, end === -1 ? line.length : end), rules, sink);
    if (end === -1) return;
    from = end + 1;
  }
}

function parseOne(line: Buffer, rules: LineRules, sink: CredentialSink): void {
  const parsed = parseLine(line, rules);
  if (typeof parsed === 'string') sink.reject(parsed, line);
  else sink.credential(parsed);
}

function parseLine(line: Buffer, { parseLine }: LineRules): ReturnType<LineRules['parseLine']> {
  if (line.length === 0) return 'blank';
  if (line.includes(NUL)) return 'nul-byte';
  const text = decodeText(line);
  return parseLine(text.startsWith('\ufeff') ? text.slice(1) : text);
}

export function lineFormat(
  name: string,
  feeds: CorpusFormat['feeds'],
  lines: LineRules,
  options: FormatOptions = {},
): CorpusFormat {
  return {
    name,
    options,
    feeds,
    lines,
    createParser: (sink) =>
      new LineSplitter({
        line: (bytes) => parseText(bytes, lines, sink),
        tooLong: () => sink.reject('too-long'),
      }),
  };
}
