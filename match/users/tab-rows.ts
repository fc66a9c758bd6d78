// Rows as `mysql --batch` and COPY of PostgreSQL write them: a line is a row, tabs separate cells,
// a backslash escapes what would be taken for either, and quotes are text.

import type { CorpusParser } from '../../ingest/formats/format.ts';
import { LineSplitter } from '../../ingest/input/lines.ts';
import { decodeText } from '../../ingest/input/text.ts';

export interface TabRowSink {
  /** Cells as they are written. */
  row(cells: readonly string[]): void;
  tooLong(): void;
}

/** Blank lines are no rows. */
export function createTabRows(sink: TabRowSink): CorpusParser {
  const lines = new LineSplitter({
    line(line) {
      const text = decodeText(line);
      if (text !== '') sink.row(text.split('\t'));
    },
    tooLong: () => sink.tooLong(),
  });
  return { push: (block) => lines.push(block), end: () => lines.end() };
}

/** COPY has all of them, and mysql the first four. */
const ESCAPES: { readonly [letter: string]: string } = {
  0: '\0',
  n: '\n',
  t: '\t',
  '\\': '\\',
  b: '\b',
  f: '\f',
  r: '\r',
  v: '\v',
};

/** A backslash that begins no escape is text. */
export const unescapeCell = (cell: string): string =>
  cell.includes('\\') ? cell.replace(/\\([\\0bfnrtv])/g, (_, letter: string) => ESCAPES[letter] as string) : cell;

const ENCLOSED = /^"((?:[^"]|"")*)"$/;

/**
 * A name as each writer of tabs may mean it: with escapes, as it is, or in the quotes of CSV. One
 * that is not meant costs a verification, and finds nothing.
 */
export function readingsOf(cell: string): string[] {
  const quoted = ENCLOSED.exec(cell)?.[1]?.replaceAll('""', '"');
  return [...new Set([unescapeCell(cell), cell, ...(quoted === undefined ? [] : [quoted])])];
}
