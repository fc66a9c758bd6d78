// The shared part of formats with one credential per line.

import { LineSplitter } from '../input/lines.ts';
import { decodeText } from '../input/text.ts';
import type { CorpusFormat, FormatOptions, LineRules } from './format.ts';

const SPACE = 0x20;
const TAB = 0x09;
const CR = 0x0d;

/** The ASCII characters that `String.prototype.trim` removes. */
export const isSpace = (byte: number | undefined): boolean =>
  byte === SPACE || (byte !== undefined && byte >= TAB && byte <= CR);

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
        line(bytes) {
          const parsed = bytes.length === 0 ? 'blank' : lines.parseLine(decodeText(bytes));
          if (typeof parsed === 'string') sink.reject(parsed);
          else sink.credential(parsed);
        },
        tooLong: () => sink.reject('too-long'),
      }),
  };
}
