// What `watch open` reports for people.

import { NEXT_STEPS, type WatchResult } from '../../match/watch/watch.ts';
import { reasonFigures } from '../ingest-bars.ts';
import { printable } from '../printable.ts';
import { formatCount, formatCounted } from '../units.ts';

/** @param uncheckedFile has the list, if the operator asked for one */
export function describeWatch({ rows, unchecked, figures }: WatchResult, uncheckedFile?: string): string {
  const { accounts, superseded, sources, compared, rejects } = figures;
  const lost = Object.values(rejects).reduce((sum, count) => sum + count, 0);
  const fresh = rows.filter(({ isNew }) => isNew).length;
  return [
    `tags: ${formatCounted(accounts, 'account')} compared${superseded > 0 ? `, ${formatCounted(superseded, 'earlier tag')} replaced by later ones` : ''}`,
    ...(lost > 0 ? [`NOT READ: ${formatCounted(lost, 'row')} (${reasonFigures(rejects)})`] : []),
    `sources: ${formatCount(sources)}, ${formatCount(compared)} read now${compared < sources ? ', the others compared before' : ''}`,
    `found: ${formatCounted(rows.length, 'account')} whose last password has leaked, ${formatCount(fresh)} of them new`,
    ...describeUnchecked(unchecked, uncheckedFile),
  ].join('\n');
}

function describeUnchecked(unchecked: WatchResult['unchecked'], file?: string): string[] {
  if (unchecked.length === 0) return [];
  const counts: { [reason: string]: number } = {};
  for (const { reason } of unchecked) counts[reason] = (counts[reason] ?? 0) + 1;
  return [
    `NOT CHECKED: ${formatCounted(unchecked.length, 'tag')} (${reasonFigures(counts)})`,
    file === undefined ? '  --unchecked FILE lists them.' : `  They are listed in ${printable(file)}.`,
    ...Object.entries(NEXT_STEPS).flatMap(([reason, step]) => (counts[reason] ? [`  ${reason}: ${step}`] : [])),
  ];
}
