// What a match reports for people.

import { describeAlarm } from '../../ingest/report/alarms.ts';
import type { MatchFigures, MatchPlan } from '../../match/match.ts';
import { countReasons } from '../../match/reasons.ts';
import type { MatchRow, UncheckedRow } from '../../match/results.ts';
import { reasonFigures } from '../ingest-bars.ts';
import { printable } from '../printable.ts';
import { describeTexts } from '../text-report.ts';
import { formatCount, formatCounted, formatSeconds } from '../units.ts';

export const sum = (counts: Iterable<number>): number => [...counts].reduce((total, count) => total + count, 0);

/** Where the accounts that were not checked are listed, or how they would be. */
export const describeList = (file: string | undefined): string =>
  file === undefined ? '  --unchecked FILE lists them.' : `  They are listed in ${printable(file)}.`;

/** Accounts about which nothing is known, and what to do about them. */
function describeUnchecked(unchecked: readonly UncheckedRow[], accounts: number, file?: string): string[] {
  if (unchecked.length === 0) return [];
  const seen = unchecked.filter(({ source }) => source !== null).length;
  const reasons = countReasons(unchecked.map(({ reason }) => reason));
  return [
    `NOT CHECKED: ${formatCounted(unchecked.length, 'account')} (${reasonFigures(reasons)}); names of ${formatCount(seen)} stand in a source`,
    describeList(file),
    ...((reasons['unknown-format'] ?? 0) > MANY_OF_A_KIND * accounts ? [UNKNOWN_FORMAT] : []),
  ];
}

/** Share of the accounts: a few odd rows are no scheme of an application. */
const MANY_OF_A_KIND = 0.02;
const UNKNOWN_FORMAT =
  '  unknown-format: describe how your application makes its hashes, such as --hash-format "sha256(salt + password)".';

const DOUBTFUL_QUOTES =
  '  doubtful-quotes: a quote does not fit, and these lines may be parts of a cell; export the table again with quotes in each cell (RFC 4180), or as JSON.';
const WITHIN_QUOTES =
  '  within-quotes: they look like rows, and stand in cells; if the program that exports writes no quotes, they are accounts: export JSON.';

/** What of the user table was read. */
export function describeUsers(accounts: number, rejects: MatchFigures['userRejects'], rows = accounts): string[] {
  const lost = sum(Object.values(rejects));
  return [
    `users: ${formatCounted(accounts, 'account')}${rows > accounts ? ` on ${formatCount(rows)} rows` : ''}`,
    ...(lost > 0 ? [`NOT READ: ${formatCounted(lost, 'row')} of the user table (${reasonFigures(rejects)})`] : []),
    ...(rejects['doubtful-quotes'] === undefined ? [] : [DOUBTFUL_QUOTES]),
    ...(rejects['within-quotes'] === undefined ? [] : [WITHIN_QUOTES]),
  ];
}

/** What of the user table and the sources was read. */
function describeRead(figures: MatchFigures): string[] {
  const { accounts, userRows, userRejects, tooLong, pairs, rejects, candidates, duplicates, bounded, report } = figures;
  return [
    ...describeUsers(accounts, userRejects, userRows),
    ...describeTexts(report),
    `sources: ${formatCounted(pairs, 'pair')}, rejected: ${reasonFigures(rejects)}`,
    `candidates: ${formatCount(candidates)}, and ${formatCounted(duplicates, 'repetition')}`,
    ...(tooLong > 0
      ? [`${formatCounted(tooLong, 'candidate')} of more than 4,096 bytes, or 512 for $1$, $5$ and $6$, were not tried`]
      : []),
    ...(bounded.length > 0
      ? [
          `${formatCounted(bounded.length, 'account')} had more candidates in a source than --max-candidates; ${formatCount(sum(bounded.map(({ notTried }) => notTried)))} were not tried`,
        ]
      : []),
  ];
}

export function describePlan({ figures, kinds, unchecked, alarms, seconds }: MatchPlan): string {
  return [
    ...describeRead(figures),
    ...kinds.map(
      ({ kind, accounts, candidates, seconds: each }) =>
        `${kind}: ${formatCounted(accounts, 'account')}, ${formatCounted(candidates, 'candidate')}, ${(each * 1000).toPrecision(3)} ms each`,
    ),
    ...(alarms.length > 0
      ? [
          'alarms, which refuse the match unless --accept names them:',
          ...alarms.map((alarm) => `  ${printable(describeAlarm(alarm))}`),
        ]
      : []),
    `verification will take about ${formatSeconds(seconds)}`,
    ...describeUnchecked(unchecked, figures.accounts),
  ].join('\n');
}

export function describeMatch(
  figures: MatchFigures,
  rows: readonly MatchRow[],
  unchecked: readonly UncheckedRow[],
  /** Has their list, if the operator asked for one. */
  uncheckedFile?: string,
): string {
  const exact = rows.filter(({ match }) => match === 'exact').length;
  const similar = rows.length - exact;
  return [
    ...describeRead(figures),
    `found: ${formatCounted(exact, 'account')} with a leaked password${similar > 0 ? `, ${formatCount(similar)} with a similar one` : ''}`,
    ...describeUnchecked(unchecked, figures.accounts, uncheckedFile),
  ].join('\n');
}
