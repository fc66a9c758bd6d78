// What `watch open` reports for people.

import { countReasons } from '../../match/reasons.ts';
import { NEXT_STEPS, type WatchResult } from '../../match/watch/watch.ts';
import { reasonFigures } from '../ingest-bars.ts';
import { formatCount, formatCounted } from '../units.ts';
import { describeList, sum } from './describe.ts';

/** @param uncheckedFile has the list, if the operator asked for one */
export function describeWatch({ rows, unchecked, figures }: WatchResult, uncheckedFile?: string): string {
  const { accounts, superseded, sources, compared, rejects } = figures;
  const lost = sum(Object.values(rejects));
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
  const counts = countReasons(unchecked.map(({ reason }) => reason));
  return [
    `NOT CHECKED: ${formatCounted(unchecked.length, 'tag')} (${reasonFigures(counts)})`,
    describeList(file),
    ...Object.entries(NEXT_STEPS).flatMap(([reason, step]) => (counts[reason] ? [`  ${reason}: ${step}`] : [])),
  ];
}
