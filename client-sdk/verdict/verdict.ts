// Verdict: the answer to each question, and the one status that follows from them.

import type { LeakSource } from '../../protocol/signed/sources.ts';
import type { UnknownReason } from '../errors.ts';

/**
 * `pair`: username and password leaked together. `similar`: the username leaked with a similar
 * password. `password`, `username`: that field leaked. `clean`: no match. `unknown`: the
 * check failed.
 * @example
 * ```ts
 * import type { VerdictStatus } from '@credveil/client';
 *
 * const ADVICE: Partial<Record<VerdictStatus, string>> = { pair: 'Choose a new password.' };
 * const { status } = await leaks.check({ username, password });
 * console.log(ADVICE[status]); // Choose a new password.
 * ```
 */
export type VerdictStatus = 'pair' | 'similar' | 'password' | 'username' | 'clean' | 'unknown';

/**
 * The questions that a check can ask, most serious first. A leaked password is actionable, so it
 * comes before the username: nearly every username has leaked.
 */
export const SIGNAL_NAMES = ['pair', 'similar', 'password', 'username'] as const;

/**
 * A question that a check can ask; also the name of a finding.
 * @example
 * ```ts
 * import type { SignalName } from '@credveil/client';
 *
 * const names: readonly SignalName[] = ['pair', 'password'];
 * const { signals } = await leaks.check({ username, password });
 * console.log(names.map((name) => signals[name].result).join()); // found,found
 * ```
 */
export type SignalName = (typeof SIGNAL_NAMES)[number];

/**
 * The dataset's record of an entry that was found.
 * @example
 * ```ts
 * import type { Sighting } from '@credveil/client';
 *
 * const count = ({ timesSeen }: Sighting) => (timesSeen === undefined ? 'often?' :
 * `${timesSeen}+`); const { pair } = (await leaks.check({ username, password })).signals; const
 * seen = pair.result === 'found' ? count(pair) : 'never';
 * ```
 */
export interface Sighting {
  /** Lower bound of the times seen. Missing if the dataset records no counts. */
  readonly timesSeen?: number;
  /** The latest source that contained it, if the dataset records sources. */
  readonly source?: LeakSource;
  /**
   * Month of the newest leak that contained it, YYYY-MM. Only if the dataset records sources and
   * every source has a date.
   */
  readonly newestLeak?: string;
}

/**
 * The answer to one question. `absent` always comes from a verified bucket or password filter.
 * @example
 * ```ts
 * import type { Signal } from '@credveil/client';
 *
 * const isCertain = ({ result }: Signal): boolean => result === 'found' || result === 'absent';
 * const { signals } = await leaks.check({ password });
 * console.log(isCertain(signals.password), isCertain(signals.pair)); // true false
 * ```
 */
export type Signal =
  | ({ readonly result: 'found' } & Sighting)
  | { readonly result: 'absent' }
  | { readonly result: 'unknown'; readonly reason: UnknownReason }
  /** The question is not part of this check, or the dataset has no entries for it. */
  | { readonly result: 'unasked' };

/**
 * The answers to all questions.
 * @example
 * ```ts
 * import type { Signals } from '@credveil/client';
 *
 * const leakedFields = ({ username, password }: Signals): number =>
 *   [username, password].filter(({ result }) => result === 'found').length;
 * const { signals } = await leaks.check({ username, password });
 * console.log(leakedFields(signals)); // 2
 * ```
 */
export type Signals = { readonly [name in SignalName]: Signal };

/** The values of Cloudflare's `Exposed-Credential-Check`. */
export const HEADER_VALUES = { pair: '1', username: '2', similar: '3', password: '4' } as const satisfies {
  [name in SignalName]: string;
};

/**
 * A value of the request header `Exposed-Credential-Check`.
 * @example
 * ```ts
 * import type { ExposedCredentialCheck } from '@credveil/client';
 *
 * const PAIR: ExposedCredentialCheck = '1';
 * const { exposedCredentialCheck } = await leaks.check({ username, password });
 * console.log(exposedCredentialCheck === PAIR); // true
 * ```
 */
export type ExposedCredentialCheck = (typeof HEADER_VALUES)[SignalName];

/**
 * `challenge`: require more than the password, such as a second factor, and a password change.
 * @example
 * ```ts
 * import type { Action } from '@credveil/client';
 *
 * const STATUS_CODES: Record<Action, number> = { allow: 200, challenge: 202, deny: 403 };
 * const { action } = await leaks.check({ username, password });
 * console.log(STATUS_CODES[action]); // 202
 * ```
 */
export type Action = 'allow' | 'challenge' | 'deny';

/**
 * The result of a policy.
 * @example
 * ```ts
 * import type { Decision } from '@credveil/client';
 *
 * const decision: Decision = leaks.policy(await leaks.check({ username, password }));
 * console.log(decision.action, decision.because); // challenge pair
 * ```
 */
export interface Decision {
  readonly action: Action;
  /** The finding that caused the action. Missing with `allow`, and if a failure caused it. */
  readonly because?: SignalName;
}

/** The members of every verdict. */
export interface VerdictFacts extends Decision {
  /** The snapshot that was queried, or the filter's if the filter alone answered the check. */
  readonly snapshot?: string;
  readonly durationMs: number;
  readonly signals: Signals;
  /**
   * Makes the watch tag of the checked pairs for an account, by the id that the application knows
   * it by. Only of the checkers of `@credveil/client/watch`, and only if every pair was answered.
   * Rejects with a `LookupError` `ARGUMENT_MALFORMED` if the id is no such id.
   */
  readonly watchTag?: (account: string | number | bigint) => Promise<string>;
}

/**
 * The verdict of a check that found something.
 * @example
 * ```ts
 * import type { FindingVerdict } from '@credveil/client';
 *
 * const describe = ({ status, timesSeen = 1 }: FindingVerdict) => `${status}, ${timesSeen} times`;
 * const verdict = await leaks.check({ username, password });
 * if (verdict.status === 'pair') console.log(describe(verdict)); // pair, 1 times
 * ```
 */
export interface FindingVerdict extends VerdictFacts {
  readonly status: SignalName;
  /**
   * Value of the request header `Exposed-Credential-Check`: 1 pair, 2 username, 3 similar, 4
   * password. Missing if the status is `clean` or `unknown`: then remove any such header that a
   * client sent.
   */
  readonly exposedCredentialCheck: ExposedCredentialCheck;
  readonly reason?: never;
  /**
   * Lower bound of the times seen, for the entry that decided the status. Missing if the dataset
   * records no counts.
   */
  readonly timesSeen?: number;
  /** Latest source of the entry that decided the status, if the dataset records sources. */
  readonly source?: LeakSource;
}

/** Members that only a finding has, so that callers may destructure them from any verdict. */
interface NoFinding {
  readonly exposedCredentialCheck?: never;
  readonly timesSeen?: never;
  readonly source?: never;
}

/**
 * The verdict of a check that found nothing: every question was answered.
 * @example
 * ```ts
 * import type { CleanVerdict, Verdict } from '@credveil/client';
 *
 * const isClean = (verdict: Verdict): verdict is CleanVerdict => verdict.status === 'clean';
 * console.log(isClean(await leaks.check({ password: 'never-leaked' }))); // true
 * ```
 */
export interface CleanVerdict extends VerdictFacts, NoFinding {
  readonly status: 'clean';
  readonly reason?: never;
}

/**
 * The verdict of a check that failed. An adapter's `onError` receives it.
 * @example
 * ```ts
 * import type { UnknownVerdict } from '@credveil/client';
 * import { leakCheck } from '@credveil/client/express';
 *
 * const onError = ({ reason }: UnknownVerdict) => (reason === 'QUOTA_EXCEEDED' ? 'allow' : 'deny');
 * const signUpCheck = leakCheck(leaks, { mode: 'deny', onError });
 * ```
 */
export interface UnknownVerdict extends VerdictFacts, NoFinding {
  readonly status: 'unknown';
  readonly reason: UnknownReason;
}

/**
 * The result of a check, with the decision of the option `policy`. Its `status` decides which
 * members it has.
 * @example
 * ```ts
 * import type { Verdict } from '@credveil/client';
 *
 * const describe = (verdict: Verdict): string =>
 *   verdict.status === 'unknown' ? `no answer: ${verdict.reason}` : verdict.status;
 * console.log(describe(await leaks.check({ username, password }))); // pair
 * ```
 */
export type Verdict = FindingVerdict | CleanVerdict | UnknownVerdict;

export const UNASKED: Signals = {
  pair: { result: 'unasked' },
  similar: { result: 'unasked' },
  password: { result: 'unasked' },
  username: { result: 'unasked' },
};
