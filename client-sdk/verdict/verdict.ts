// Verdict: what is known of each question, and the one word that follows from all of them.

import type { SourceConfig } from '../../protocol/service-config.ts';
import type { UnknownReason } from '../errors.ts';

/**
 * `pair`: username and password leaked together; then the username with a similar password, the password, the username
 * alone; or nothing is known.
 */
export type VerdictStatus = 'pair' | 'similar' | 'password' | 'username' | 'clean' | 'unknown';

/**
 * The questions that a check can ask, the most serious first. A password that leaked can be acted on, so it comes
 * before the username: nearly every username has leaked.
 */
export const SIGNAL_NAMES = ['pair', 'similar', 'password', 'username'] as const;
export type SignalName = (typeof SIGNAL_NAMES)[number];

/** What the dataset says of an entry that was found. */
export interface Sighting {
  /** Lower bound of the times seen; 1 where the dataset does not record it. */
  readonly timesSeen: number;
  /** The dataset does not record how often anything was seen. */
  readonly timesUnknown?: true;
  /** The latest source that had it, where the dataset records it. */
  readonly source?: SourceConfig;
  /** Month of the newest leak that had it, YYYY-MM: where the dataset records sources, and each of them has a date. */
  readonly newestLeak?: string;
}

/** The answer to one question. `absent` always comes from a bucket, or a password filter, whose seal was checked. */
export type Signal =
  | ({ readonly result: 'found' } & Sighting)
  | { readonly result: 'absent' }
  | { readonly result: 'unknown'; readonly reason: UnknownReason }
  /** Not part of this check, or the dataset has no entries for it. */
  | { readonly result: 'unasked' };

export type Signals = { readonly [name in SignalName]: Signal };

/** What a finding is in Cloudflare's `Exposed-Credential-Check`. */
const HEADER_VALUES = { pair: '1', username: '2', similar: '3', password: '4' } as const satisfies {
  [name in SignalName]: string;
};
export type ExposedCredentialCheck = (typeof HEADER_VALUES)[SignalName];

/** `challenge`: ask for more than the password, such as a second factor, and have the password changed. */
export type Action = 'allow' | 'challenge' | 'deny';

export interface Decision {
  readonly action: Action;
  /** The finding that asks for it: missing with `allow`, and where it is for a question that failed. */
  readonly because?: SignalName;
}

/** With the decision of the option `policy`: what to do about it. */
export interface Verdict extends Decision {
  readonly status: VerdictStatus;
  /**
   * For the request header `Exposed-Credential-Check`: 1 pair, 2 username, 3 similar, 4 password. Missing where the
   * status is `clean` or `unknown`: then that header must be missing too, whoever sent one.
   */
  readonly exposedCredentialCheck?: ExposedCredentialCheck;
  /** Only where the status is `unknown`. */
  readonly reason?: UnknownReason;
  /** Of the entry that decided the status: lower bound of the times seen. */
  readonly timesSeen?: number;
  /** Of the entry that decided the status, where the dataset records it. */
  readonly source?: SourceConfig;
  /** The snapshot that was asked; of a password alone that the filter does not hold, the filter's. */
  readonly snapshot?: string;
  readonly durationMs: number;
  readonly signals: Signals;
}

/** Why questions have no answer, each reason once. */
export function failuresIn(signals: Signals): UnknownReason[] {
  const reasons = SIGNAL_NAMES.map((name) => signals[name]).flatMap((signal) =>
    signal.result === 'unknown' ? [signal.reason] : [],
  );
  return [...new Set(reasons)];
}

/** A verdict where there is none. */
export type UnknownVerdict = Verdict & { readonly status: 'unknown'; readonly reason: UnknownReason };

export const UNASKED: Signals = {
  pair: { result: 'unasked' },
  similar: { result: 'unasked' },
  password: { result: 'unasked' },
  username: { result: 'unasked' },
};

/**
 * The most serious thing found, unless a question that is more serious failed: its answer may have been worse. One failed
 * question without a finding above it makes the whole `unknown`: `clean` may be wrong.
 * @param ifUnasked the reason where no question could be asked
 */
export function decide(
  signals: Signals,
  ifUnasked: 'INDEX_MISSING' | 'NOTHING_ASKED',
): Pick<Verdict, 'status' | 'exposedCredentialCheck' | 'reason' | 'timesSeen' | 'source'> {
  for (const status of SIGNAL_NAMES) {
    const signal = signals[status];
    if (signal.result === 'unknown') return { status: 'unknown', reason: signal.reason };
    if (signal.result !== 'found') continue;
    const { timesSeen, source } = signal;
    return { status, exposedCredentialCheck: HEADER_VALUES[status], timesSeen, ...(source && { source }) };
  }
  const asked = SIGNAL_NAMES.some((name) => signals[name].result === 'absent');
  return asked ? { status: 'clean' } : { status: 'unknown', reason: ifUnasked };
}

/** Where not even a question could be made. */
export function unknownVerdict(
  reason: UnknownReason,
  durationMs: number,
  policy: (facts: Pick<Verdict, 'status' | 'signals'>) => Decision,
): UnknownVerdict {
  const signal = { result: 'unknown', reason } as const;
  const signals: Signals = { pair: signal, similar: signal, password: signal, username: signal };
  return { status: 'unknown', reason, ...policy({ status: 'unknown', signals }), durationMs, signals };
}
