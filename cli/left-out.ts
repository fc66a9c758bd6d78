// Names what an ingest leaves out.

import path from 'node:path';
import type { LeftOut, LeftOutGroup } from '../ingest/input/left-out.ts';
import { groupByName } from './name-groups.ts';
import { note } from './output.ts';
import { printable } from './printable.ts';
import { formatCount } from './units.ts';

const NAMED = 5;

/** Notes what is left out, by reason, each with the first names. */
export function noteLeftOut({ groups }: LeftOut): void {
  for (const group of groups) note(describeLeftOut(group));
}

/** Names that differ only in their folders or numbers are told once; rare ones come first. */
export function describeLeftOut({ why, count, names }: LeftOutGroup): string {
  const alike = groupByName(names, (name) => path.normalize(name)).sort((a, b) => a.items.length - b.items.length);
  const shown = alike.slice(0, NAMED);
  const named = shown.map(({ name, items }) =>
    printable(items.length > 1 ? `${formatCount(items.length)} ${name}` : name),
  );
  const others = count - shown.reduce((sum, { items }) => sum + items.length, 0);
  if (others > 0) named.push(`${formatCount(others)} more`);
  return `left out (${why}): ${named.join(', ')}`;
}
