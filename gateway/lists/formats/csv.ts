// A table whose first column is an entry: RFC 8805 geofeeds, exports of proxy lists.

import { parseAddress } from '../../addresses/address.ts';
import { parseEntry } from './entry.ts';
import { type Candidate, type ListFormat, linesOf } from './format.ts';

/** The first two cells, each with or without quotes. No two repetitions may match one space. */
const CELLS = /^(?:"([^"]*)"|([^",;\t]*))[,;\t] *(?:"([^"]*)"|([^",;\t]*))/;

export const csv: ListFormat = {
  *candidates(content): Generator<Candidate> {
    let isFirst = true;
    for (const line of linesOf(content)) {
      if (line === '' || line?.startsWith('#')) continue;
      const cell = line === undefined ? undefined : firstCell(line);
      const isHeader = isFirst && cell !== undefined && parseEntry(cell) === undefined;
      isFirst = false;
      if (!isHeader) yield cell;
    }
  },
};

/**
 * A row of two addresses is a range, or two things that belong together: its first cell alone would
 * be read wrong.
 */
function firstCell(line: string): Candidate {
  const [, quoted, plain = '', nextQuoted, nextPlain = ''] = CELLS.exec(line) ?? [];
  const cell = (quoted ?? plain).trim();
  return cell === '' || parseAddress((nextQuoted ?? nextPlain).trim()) ? undefined : cell;
}
