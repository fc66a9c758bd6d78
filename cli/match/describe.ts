// What a match reports for people.

import type { MatchFigures, MatchPlan } from '../../match/match.ts';
import type { MatchRow, UncheckedRow } from '../../match/results.ts';
import { reasonFigures } from '../ingest-bars.ts';
import { describeTexts } from '../text-report.ts';
import { formatCount, formatCounted, formatSeconds } from '../units.ts';

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);

function countReasons(unchecked: readonly UncheckedRow[]): { [reason: string]: number } {
  const counts: { [reason: string]: number } = {};
  for (const { reason } of unchecked) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

/** What of the user table and the sources was read, and what was not. */
function describeRead(figures: MatchFigures, unchecked: readonly UncheckedRow[]): string[] {
  const { accounts, userRejects, pairs, rejects, candidates, duplicates, bounded, report } = figures;
  const lost = sum(Object.values(userRejects));
  const seen = unchecked.filter(({ source }) => source !== null).length;
  return [
    `users: ${formatCounted(accounts, 'account')}`,
    ...(lost > 0 ? [`NOT READ: ${formatCounted(lost, 'row')} of the user table (${reasonFigures(userRejects)})`] : []),
    ...(unchecked.length > 0
      ? [
          `NOT CHECKED: ${formatCounted(unchecked.length, 'account')} (${reasonFigures(countReasons(unchecked))}); ${formatCount(seen)} of them stand in a source; --unchecked FILE lists them`,
        ]
      : []),
    ...describeTexts(report),
    `sources: ${formatCounted(pairs, 'pair')}, rejected: ${reasonFigures(rejects)}`,
    `candidates: ${formatCount(candidates)}, and ${formatCounted(duplicates, 'repetition')}`,
    ...(bounded.length > 0
      ? [
          `${formatCounted(bounded.length, 'account')} had more candidates in a source than --max-candidates; ${formatCount(sum(bounded.map(([, dropped]) => dropped)))} were not tried`,
        ]
      : []),
  ];
}

export function describePlan({ figures, kinds, unchecked, seconds }: MatchPlan): string {
  return [
    ...describeRead(figures, unchecked),
    ...kinds.map(
      ({ kind, accounts, candidates, seconds: each }) =>
        `${kind}: ${formatCounted(accounts, 'account')}, ${formatCounted(candidates, 'candidate')}, ${(each * 1000).toPrecision(3)} ms each`,
    ),
    `verification will take about ${formatSeconds(seconds)}`,
  ].join('\n');
}

export function describeMatch(
  figures: MatchFigures,
  rows: readonly MatchRow[],
  unchecked: readonly UncheckedRow[],
): string {
  const exact = rows.filter(({ match }) => match === 'exact').length;
  const similar = rows.length - exact;
  return [
    ...describeRead(figures, unchecked),
    `found: ${formatCounted(exact, 'account')} with a leaked password${similar > 0 ? `, ${formatCount(similar)} with a similar one` : ''}`,
  ].join('\n');
}
