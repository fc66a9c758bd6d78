// Verdict: what is known of each question, and the one word that follows from all of them.

import type { SourceConfig } from '../protocol/service-config.ts';
import type { UnknownReason } from './errors.ts';

/** `pair`: username and password leaked together; then the password, then the username alone; or nothing is known. */
export type VerdictStatus = 'pair' | 'password' | 'username' | 'clean' | 'unknown';

/** The questions that a check can ask, the most serious first. */
export const SIGNAL_NAMES = ['pair', 'password', 'username'] as const;
export type SignalName = (typeof SIGNAL_NAMES)[number];

/** What the dataset says of an entry that was found. */
export interface Sighting {
  /** Lower bound of the times seen; 1 where the dataset does not record it. */
  readonly timesSeen: number;
  /** The first source that had it, where the dataset records it. */
  readonly source?: SourceConfig;
}

/** The answer to one question. `absent` always comes from a bucket whose seal was checked. */
export type Signal =
  | ({ readonly result: 'found' } & Sighting)
  | { readonly result: 'absent' }
  | { readonly result: 'unknown'; readonly reason: UnknownReason }
  /** Not part of this check, or the dataset has no index for it. */
  | { readonly result: 'unasked' };

export type Signals = { readonly [name in SignalName]: Signal };

export interface Verdict {
  readonly status: VerdictStatus;
  /** Only where the status is `unknown`. */
  readonly reason?: UnknownReason;
  /** Of the entry that decided the status: lower bound of the times seen. */
  readonly timesSeen?: number;
  /** Of the entry that decided the status, where the dataset records it. */
  readonly source?: SourceConfig;
  /** The snapshot that was asked. */
  readonly snapshot?: string;
  readonly durationMs: number;
  readonly signals: Signals;
}

export const UNASKED: Signals = {
  pair: { result: 'unasked' },
  password: { result: 'unasked' },
  username: { result: 'unasked' },
};

/**
 * The most serious thing found, as long as nothing that failed could have shown something else. A pair outranks
 * everything; below it, one failed question makes the whole `unknown`: its answer may have been worse, or `clean` wrong.
 * @param ifUnasked the reason where no question could be asked
 */
export function decide(
  signals: Signals,
  ifUnasked: 'INDEX_MISSING' | 'NOTHING_ASKED',
): Pick<Verdict, 'status' | 'reason' | 'timesSeen' | 'source'> {
  const failed = SIGNAL_NAMES.map((name) => signals[name]).find(({ result }) => result === 'unknown');
  for (const status of SIGNAL_NAMES) {
    const signal = signals[status];
    if (signal.result !== 'found' || (failed && status !== 'pair')) continue;
    const { timesSeen, source } = signal;
    return { status, timesSeen, ...(source && { source }) };
  }
  if (failed?.result === 'unknown') return { status: 'unknown', reason: failed.reason };
  const asked = SIGNAL_NAMES.some((name) => signals[name].result === 'absent');
  return asked ? { status: 'clean' } : { status: 'unknown', reason: ifUnasked };
}
