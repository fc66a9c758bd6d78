// Names what an ingest leaves out.

import path from 'node:path';
import type { LeftOut } from '../ingest/input/left-out.ts';
import { note } from './output.ts';
import { printable } from './printable.ts';
import { formatCount } from './units.ts';

const NAMED = 5;

/** Notes what is left out, by reason, each with the first names. */
export function noteLeftOut({ groups }: LeftOut): void {
  for (const { why, count, names } of groups) {
    const named = names.slice(0, NAMED).map((name) => printable(path.normalize(name)));
    if (count > named.length) named.push(`${formatCount(count - named.length)} more`);
    note(`left out (${why}): ${named.join(', ')}`);
  }
}
