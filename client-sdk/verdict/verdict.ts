// Verdict: the answer to each question, and the one status that follows from them.

import type { SourceConfig } from '../../protocol/service-config.ts';
import type { UnknownReason } from '../errors.ts';

/**
 * `pair`: username and password leaked together. `similar`: the username leaked with a similar
 * password. `password`, `username`: that field leaked. `clean`: no match. `unknown`: the
 * check failed.
 */
export type VerdictStatus = 'pair' | 'similar' | 'password' | 'username' | 'clean' | 'unknown';

/**
 * The questions that a check can ask, most serious first. A leaked password is actionable, so it
 * comes before the username: nearly every username has leaked.
 */
export const SIGNAL_NAMES = ['pair', 'similar', 'password', 'username'] as const;
export type SignalName = (typeof SIGNAL_NAMES)[number];

/** The dataset's record of an entry that was found. */
export interface Sighting {
  /** Lower bound of the times seen; 1 if the dataset does not record it. */
  readonly timesSeen: number;
  /** The dataset records no counts. */
  readonly timesUnknown?: true;
  /** The latest source that contained it, if the dataset records sources. */
  readonly source?: SourceConfig;
  /**
   * Month of the newest leak that contained it, YYYY-MM. Only if the dataset records sources and
   * every source has a date.
   */
  readonly newestLeak?: string;
}

/** The answer to one question. `absent` always comes from a verified bucket or password filter. */
export type Signal =
  | ({ readonly result: 'found' } & Sighting)
  | { readonly result: 'absent' }
  | { readonly result: 'unknown'; readonly reason: UnknownReason }
  /** The question is not part of this check, or the dataset has no entries for it. */
  | { readonly result: 'unasked' };

export type Signals = { readonly [name in SignalName]: Signal };

/** The values of Cloudflare's `Exposed-Credential-Check`. */
const HEADER_VALUES = { pair: '1', username: '2', similar: '3', password: '4' } as const satisfies {
  [name in SignalName]: string;
};
export type ExposedCredentialCheck = (typeof HEADER_VALUES)[SignalName];

/** `challenge`: require more than the password, such as a second factor, and a password change. */
export type Action = 'allow' | 'challenge' | 'deny';

export interface Decision {
  readonly action: Action;
  /** The finding that caused the action. Missing with `allow`, and if a failure caused it. */
  readonly because?: SignalName;
}

/** The result of a check, with the decision of the option `policy`. */
export interface Verdict extends Decision {
  readonly status: VerdictStatus;
  /**
   * Value of the request header `Exposed-Credential-Check`: 1 pair, 2 username, 3 similar, 4
   * password. Missing if the status is `clean` or `unknown`: then remove any such header that a
   * client sent.
   */
  readonly exposedCredentialCheck?: ExposedCredentialCheck;
  /** Only if the status is `unknown`. */
  readonly reason?: UnknownReason;
  /** Lower bound of the times seen, for the entry that decided the status. */
  readonly timesSeen?: number;
  /** Latest source of the entry that decided the status, if the dataset records sources. */
  readonly source?: SourceConfig;
  /** The snapshot that was queried, or the filter's if the filter alone answered the check. */
  readonly snapshot?: string;
  readonly durationMs: number;
  readonly signals: Signals;
}

/** The distinct reasons why questions have no answer. */
export function failuresIn(signals: Signals): UnknownReason[] {
  const reasons = SIGNAL_NAMES.map((name) => signals[name]).flatMap((signal) =>
    signal.result === 'unknown' ? [signal.reason] : [],
  );
  return [...new Set(reasons)];
}

/** The verdict of a check that failed. */
export type UnknownVerdict = Verdict & { readonly status: 'unknown'; readonly reason: UnknownReason };

export const UNASKED: Signals = {
  pair: { result: 'unasked' },
  similar: { result: 'unasked' },
  password: { result: 'unasked' },
  username: { result: 'unasked' },
};

/**
 * Picks the most serious finding, unless a more serious question failed: its answer may have been
 * worse. A failed question with no more serious finding makes the status `unknown`, since `clean`
 * may be wrong.
 * @param ifUnasked the reason if no question could be asked
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

/** The verdict if not even the questions could be derived. */
export function unknownVerdict(
  reason: UnknownReason,
  durationMs: number,
  policy: (facts: Pick<Verdict, 'status' | 'signals'>) => Decision,
): UnknownVerdict {
  const signal = { result: 'unknown', reason } as const;
  const signals: Signals = { pair: signal, similar: signal, password: signal, username: signal };
  return { status: 'unknown', reason, ...policy({ status: 'unknown', signals }), durationMs, signals };
}
