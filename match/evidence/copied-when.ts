// When a user table was copied, from the months in which its accounts changed their passwords:
// accounts that changed later do not fit, but for reuse.

import { addTrials, type Beta, COPY, logEvidence, logSum, NO_TRIALS, type Trials } from './likelihood.ts';

/** Trials by the month of the last change, as months since 1970. */
export type TrialsByMonth = ReadonlyMap<number, Trials>;

export interface CopiedWhen {
  /** The logarithm of the probability of the hits, for a copy in any of the months. */
  readonly log: number;
  /** The likeliest month, and the shortest run of months with 95% of the probability. YYYY-MM. */
  readonly likeliest: string;
  readonly from: string;
  /** Null if it may be any later month: no password has changed since. */
  readonly to: string | null;
}

const CREDIBLE = 0.95;
/** More than all months since 1970 that dates of this century can name. */
const MAX_MONTHS = 2400;

export const formatMonth = (month: number): string =>
  `${String(Math.floor(month / 12) + 1970).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}`;

/**
 * A change point: accounts whose password is from the month of the copy or before fit as in a copy,
 * the others as under reuse. Every month from the first change to the last is as likely beforehand.
 * @param undated accounts without a date: they fit as in a copy
 * @returns undefined without dates
 */
export function findCopyMonth(byMonth: TrialsByMonth, undated: Trials, reuse: Beta): CopiedWhen | undefined {
  const months = [...byMonth.keys()].sort((a, b) => a - b);
  const [first, last] = [months[0], months.at(-1)];
  if (first === undefined || last === undefined || last - first >= MAX_MONTHS) return undefined;
  let before = undated;
  let after = [...byMonth.values()].reduce(addTrials, NO_TRIALS);
  const logs: number[] = [];
  for (let month = first; month <= last; month++) {
    const trials = byMonth.get(month) ?? NO_TRIALS;
    before = addTrials(before, trials);
    after = { accounts: after.accounts - trials.accounts, hits: after.hits - trials.hits };
    logs.push(logEvidence(before, COPY) + logEvidence(after, reuse));
  }
  const total = logSum(logs);
  const shares = logs.map((log) => Math.exp(log - total));
  const { from, to } = shortestRun(shares);
  return {
    log: total - Math.log(logs.length),
    likeliest: formatMonth(first + shares.indexOf(Math.max(...shares))),
    from: formatMonth(first + from),
    to: to === shares.length - 1 ? null : formatMonth(first + to),
  };
}

/** The shortest run of places whose shares add up to CREDIBLE, both ends included. */
function shortestRun(shares: readonly number[]): { from: number; to: number } {
  let best = { from: 0, to: shares.length - 1 };
  let sum = 0;
  let from = 0;
  for (let to = 0; to < shares.length; to++) {
    sum += shares[to] as number;
    while (sum - (shares[from] as number) >= CREDIBLE) sum -= shares[from++] as number;
    if (sum >= CREDIBLE && to - from < best.to - best.from) best = { from, to };
  }
  return best;
}
