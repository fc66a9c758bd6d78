// The results of a match as rows: who is to reset a password, and who could not be checked.

import type { Collected } from './candidates/collector.ts';
import type { MatchSource } from './candidates/sources.ts';
import type { Hit } from './state/journal.ts';
import type { AccountFault, UserTable } from './users/user-table.ts';
import type { Found } from './verify/verify.ts';

/** A leaked password that fits an account, or a variant of one. */
export interface MatchRow {
  readonly account: string;
  /** The most recent source that has it. */
  readonly source: string;
  readonly date: string | null;
  readonly match: 'exact' | 'similar';
}

/** An account about which the match says nothing, or not all. */
export interface UncheckedRow {
  readonly account: string;
  readonly reason: AccountFault | 'too-many-candidates' | 'hash-refused';
  /** The most recent source with one of its names; null if there is none, or it has no names. */
  readonly source: string | null;
}

/**
 * Rows in the order of sources, then of the user table, with the place of each one's account. An id
 * with several hashes has one row.
 */
export function matchRows(
  users: UserTable,
  sources: readonly MatchSource[],
  { exact, similar }: Found,
): { readonly rows: readonly MatchRow[]; readonly accounts: readonly number[] } {
  const hits: (readonly [Hit, MatchRow['match']])[] = [
    ...[...exact.values()].map((hit) => [hit, 'exact'] as const),
    ...[...similar.values()].map((hit) => [hit, 'similar'] as const),
  ];
  hits.sort(([a], [b]) => a.source - b.source || a.account - b.account);
  const exactIds = idsOf(users, exact.keys());
  const listed = new Set<string>();
  const kept = hits.filter(([{ account }, match]) => {
    const id = users.idOf(account);
    if (listed.has(id) || (match === 'similar' && exactIds.has(id))) return false;
    listed.add(id);
    return true;
  });
  const rows = kept.map(([{ account, source }, match]) => {
    const { name, date = null } = sources[source] as MatchSource;
    return { account: users.idOf(account), source: name, date, match };
  });
  return { rows, accounts: kept.map(([{ account }]) => account) };
}

const idsOf = (users: UserTable, accounts: Iterable<number>): Set<string> =>
  new Set([...accounts].map((account) => users.idOf(account)));

/** In the order of the user table, each id once. */
export function uncheckedRows(
  users: UserTable,
  sources: readonly MatchSource[],
  { unverifiable, bounded }: Pick<Collected, 'unverifiable' | 'bounded'>,
  { exact, similar, failed }: Found,
): UncheckedRow[] {
  const seen = new Map(unverifiable);
  const reasons = new Map<number, UncheckedRow['reason']>(users.faults);
  const listed = idsOf(users, [...exact.keys(), ...similar.keys()]);
  const isFound = (account: number): boolean => listed.has(users.idOf(account));
  for (const [account] of bounded) if (!isFound(account)) reasons.set(account, 'too-many-candidates');
  for (const account of failed) if (!isFound(account)) reasons.set(account, 'hash-refused');
  return [...reasons]
    .sort(([a], [b]) => a - b)
    .filter(([account]) => {
      const isNew = !isFound(account);
      listed.add(users.idOf(account));
      return isNew;
    })
    .map(([account, reason]) => {
      const source = seen.get(account);
      return {
        account: users.idOf(account),
        reason,
        source: source === undefined ? null : (sources[source] as MatchSource).name,
      };
    });
}

/**
 * A row of CSV. Spreadsheets run cells that begin like a formula: an apostrophe makes them text.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export const csvRow = (cells: readonly (string | null)[]): string =>
  `${cells.map((cell) => csvCell(cell ?? '')).join(',')}\n`;

function csvCell(text: string): string {
  const safe = /^[\s]*[=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text;
  return /[",;\r\n\t']|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
