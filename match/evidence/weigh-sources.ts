// Weighs for each source whether its exact hits are those of a copy of this user table.

import type { MatchSource } from '../candidates/sources.ts';
import type { Hit } from '../state/journal.ts';
import type { SpooledCandidate } from '../state/spool.ts';
import { findCopyMonth } from './copied-when.ts';
import { addTrials, COPY, factorOf, logEvidence, meanOf, NO_TRIALS, reuseShares, type Trials } from './likelihood.ts';

/** `few`: with so few accounts or hits, no factor means much. */
export type Weight = 'strong' | 'some' | 'none' | 'few';

export interface SourceEvidence extends Trials {
  readonly source: string;
  readonly date: string | null;
  /** Of hits that is usual: what the other sources show, and leaks elsewhere. */
  readonly usualShare: number;
  /** How many times likelier the hits are in a copy of the user table; 10^-6 to 10^6. */
  readonly factor: number;
  readonly weight: Weight;
  /** If `--columns` names the dates of changes, and there is some weight. */
  readonly copied: { readonly likeliest: string; readonly from: string; readonly to: string | null } | null;
}

/** What an account tells of itself. @returns months since 1970, or undefined */
export type ChangedMonth = (account: number) => number | undefined;

const MIN_ACCOUNTS = 10;
/** Fewer tell nothing. */
export const MIN_HITS = 5;
/** Of one source; with several, one of them stands out by chance the more easily. */
const STRONG = 1000;
const SOME = 30;

interface Counted {
  total: Trials;
  undated: Trials;
  readonly byMonth: Map<number, Trials>;
}

/**
 * Counts the accounts that each source was tried on. Of an account that an earlier candidate fits,
 * later ones were not tried.
 * @param candidates in their order; those of a source are together, until a second turn, in which
 * no account comes for the first time
 */
function countTrials(
  candidates: Iterable<SpooledCandidate>,
  sources: number,
  accounts: number,
  exact: ReadonlyMap<number, Hit>,
  monthOf: ChangedMonth,
): Counted[] {
  const counted = Array.from({ length: sources }, createCounted);
  const seen = new Uint32Array(accounts);
  let newest = -1;
  for (const { account, source, sequence } of candidates) {
    if (source < newest) break;
    newest = source;
    if (seen[account] === source + 1) continue;
    seen[account] = source + 1;
    const hit = exact.get(account);
    if (hit && hit.sequence < sequence && hit.source !== source) continue;
    count(counted[source] as Counted, hit?.source === source, monthOf(account));
  }
  return counted;
}

const createCounted = (): Counted => ({ total: NO_TRIALS, undated: NO_TRIALS, byMonth: new Map() });

function count(counted: Counted, isHit: boolean, month: number | undefined): void {
  const one = { accounts: 1, hits: isHit ? 1 : 0 };
  counted.total = addTrials(counted.total, one);
  if (month === undefined) counted.undated = addTrials(counted.undated, one);
  else counted.byMonth.set(month, addTrials(counted.byMonth.get(month) ?? NO_TRIALS, one));
}

/** In the order of the sources. */
export function weighSources(
  sources: readonly MatchSource[],
  accounts: number,
  candidates: Iterable<SpooledCandidate>,
  exact: ReadonlyMap<number, Hit>,
  monthOf: ChangedMonth,
): SourceEvidence[] {
  const counted = countTrials(candidates, sources.length, accounts, exact, monthOf);
  const reuseBeside = reuseShares(counted.map(({ total }) => total));
  const tried = counted.filter(({ total }) => total.accounts > 0).length;
  return sources.map(({ name, date = null }, place): SourceEvidence => {
    const { total, undated, byMonth } = counted[place] as Counted;
    const reuse = reuseBeside(total);
    const when = findCopyMonth(byMonth, undated, reuse);
    const log = (when?.log ?? logEvidence(total, COPY)) - logEvidence(total, reuse);
    // A share below the usual one is rare under reuse too, and speaks for no copy.
    const isHigh = total.hits > total.accounts * meanOf(reuse);
    const factor = factorOf(isHigh ? log : Math.min(0, log));
    const weight = weigh(total, factor, tried);
    const isTold = weight === 'strong' || weight === 'some';
    return {
      ...{ source: name, date, accounts: total.accounts, hits: total.hits },
      ...{ usualShare: meanOf(reuse), factor, weight },
      copied: isTold && when ? { likeliest: when.likeliest, from: when.from, to: when.to } : null,
    };
  });
}

function weigh({ accounts, hits }: Trials, factor: number, sources: number): Weight {
  if (accounts < MIN_ACCOUNTS || hits < MIN_HITS) return 'few';
  if (factor >= STRONG * sources) return 'strong';
  return factor >= SOME * sources ? 'some' : 'none';
}
