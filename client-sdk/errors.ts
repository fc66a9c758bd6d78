// The client's only error class, and the closed set of reasons why a lookup has no answer.

import { CredveilError, shareInstances } from '../protocol/errors.ts';

/**
 * Why a verdict is `unknown`. The set is closed: a program may switch on it.
 * @example
 * ```ts
 * import type { UnknownReason } from '@credveil/client';
 *
 * // The operator has to look at these at once.
 * const ALARMS: readonly UnknownReason[] = ['BODY_FORGED', 'HEAD_FORGED', 'KEY_MISMATCH'];
 * const { reason } = await leaks.check({ password });
 * console.log(reason !== undefined && ALARMS.includes(reason)); // false
 * ```
 */
export type UnknownReason =
  | 'TIMEOUT'
  | 'ABORTED'
  | 'NETWORK'
  | 'CIRCUIT_OPEN'
  | 'HTTP_STATUS'
  | 'CLIENT_REFUSED'
  | 'QUOTA_EXCEEDED'
  | 'BODY_TOO_LARGE'
  | 'BODY_MALFORMED'
  | 'BODY_FORGED'
  | 'HEAD_MALFORMED'
  | 'HEAD_FORGED'
  | 'STATEMENT_MALFORMED'
  | 'STATEMENT_FORGED'
  | 'PROTOCOL_UNSUPPORTED'
  | 'KEY_MISMATCH'
  | 'DATASET_MISMATCH'
  | 'PREFIX_TOO_LONG'
  | 'SNAPSHOT_CHANGED'
  | 'SNAPSHOT_OLDER'
  | 'SNAPSHOT_STALE'
  | 'CLOCK_WRONG'
  | 'MEMORY_FAILED'
  | 'INDEX_MISSING'
  | 'NOTHING_ASKED'
  | 'FIELD_TOO_LONG'
  | 'CREDENTIAL_UNREADABLE'
  | 'CHECK_FAILED';

/**
 * Why there is no password filter; `loadFilter` can also fail with an `UnknownReason`. No verdict
 * has it: without a filter, checks request buckets.
 * @example
 * ```ts
 * import type { FilterReason } from '@credveil/client';
 *
 * const IS_EXPECTED: FilterReason = 'FILTER_MISSING';
 * await leaks.loadFilter().catch((error) => {
 *   if (error.code !== IS_EXPECTED) console.log(error.code); // OPTION_MALFORMED
 * });
 * ```
 */
export type FilterReason =
  | 'FILTER_MISSING'
  | 'FILTER_TOO_LARGE'
  | 'FILTER_MALFORMED'
  | 'FILTER_FORGED'
  | 'FILTER_OTHER'
  | 'FILTER_UNREADABLE';

/**
 * A mistake of the calling program. It is thrown and is never part of a verdict.
 * @example
 * ```ts
 * import { LookupError, type MisuseCode } from '@credveil/client';
 *
 * const NO_FIELD: MisuseCode = 'ARGUMENT_MALFORMED';
 * const error: unknown = await leaks.check({}).catch((error: unknown) => error);
 * console.log(error instanceof LookupError && error.code === NO_FIELD); // true
 * ```
 */
export type MisuseCode = 'OPTION_MALFORMED' | 'KEY_MALFORMED' | 'ARGUMENT_MALFORMED';

/**
 * The code of a `LookupError`.
 * @example
 * ```ts
 * import { createLeakChecker, LookupError, type LookupErrorCode } from '@credveil/client';
 *
 * function codeOf(error: unknown): LookupErrorCode | undefined {
 *   return error instanceof LookupError ? error.code : undefined;
 * }
 * const offline = createLeakChecker({ url: 'http://127.0.0.1:9', key });
 * console.log(await offline.ready().catch(codeOf)); // NETWORK
 * ```
 */
export type LookupErrorCode = UnknownReason | FilterReason | MisuseCode;

/**
 * A lookup that failed, with a `code` and, in `hint`, the next step. It never contains a username,
 * a password, a key or a prefix.
 * @example
 * ```ts
 * import { createLeakChecker, LookupError } from '@credveil/client';
 *
 * try {
 *   createLeakChecker({ url, key: 'not a key' });
 * } catch (error) {
 *   if (!(error instanceof LookupError)) throw error;
 *   console.log(error.code); // KEY_MALFORMED
 * }
 * ```
 */
export class LookupError extends CredveilError<LookupErrorCode> {
  override name = 'LookupError';
  static {
    shareInstances(LookupError, 'LookupError');
  }
}

/** The reasons that whoever sends a credential can cause: no service failed. */
export const OF_THE_REQUEST: ReadonlySet<UnknownReason> = new Set([
  'NOTHING_ASKED',
  'FIELD_TOO_LONG',
  'CREDENTIAL_UNREADABLE',
  'CHECK_FAILED',
]);

/** What a reason means, and what to do next. */
export type Texts<Reason extends string> = { readonly [reason in Reason]: readonly [message: string, hint: string] };

const ALTERED = 'Look for a proxy that alters response bodies.';
const FORGED = 'Compare the pinned line with `credveil key pin`. If it is right, treat this as an attack.';
const AT_ENTRY = 'Reject such fields where they enter your program.';

const TEXTS: Texts<UnknownReason> = {
  TIMEOUT: ['the service did not answer within the deadline', 'Check the service and the network, or raise timeoutMs.'],
  ABORTED: ["the caller's signal was aborted", 'Check again if you still need the answer.'],
  NETWORK: ['the service cannot be reached', 'Check the URL, the network and the server. Redirects are not followed.'],
  CIRCUIT_OPEN: [
    'the service failed several times, so no request was sent',
    'See the reasons of the previous checks. The checker retries on its own.',
  ],
  HTTP_STATUS: ['the service refused to answer', 'Check the base URL; see the log of the server, and of any proxy.'],
  CLIENT_REFUSED: [
    'the service does not accept this client',
    'Set clientKey to the key that `credveil client add` printed; a revoked one stays invalid.',
  ],
  QUOTA_EXCEEDED: ['the quota of this client is used up', 'Ask the operator of the service for a higher one.'],
  BODY_TOO_LARGE: ['a response is longer than allowed', 'Raise maxBodyBytes, or publish with smaller buckets.'],
  BODY_MALFORMED: ['a response is truncated, compressed or not what was announced', ALTERED],
  BODY_FORGED: ['a response is not what the publisher made for this snapshot and prefix', FORGED],
  HEAD_MALFORMED: ['/v1/head is not a Credveil head', 'Check that the URL is that of a Credveil server.'],
  HEAD_FORGED: ['no key that this client believes made the head', FORGED],
  STATEMENT_MALFORMED: ['the statement of the snapshot is malformed', ALTERED],
  STATEMENT_FORGED: ['the pinned key did not make the statement of the snapshot', FORGED],
  PROTOCOL_UNSUPPORTED: [
    'the service uses a protocol version that this client does not support',
    'Use client and server of the same major version.',
  ],
  KEY_MISMATCH: [
    'the key does not belong to the dataset, or the service evaluates with another key',
    'Pass all that `credveil key pin` prints. If it is the same, trust no answer of this service.',
  ],
  DATASET_MISMATCH: [
    'the service has another dataset than the pinned one',
    'Check the URL, also /d/<dataset id> and bucketsUrl, and the pinned line.',
  ],
  PREFIX_TOO_LONG: [
    'a request to this dataset would reveal more bits than allowed',
    'Publish with fewer prefix bits, or raise maxPrefixBits or lower minUsernames.',
  ],
  SNAPSHOT_CHANGED: [
    'the snapshot changed twice during one check',
    'If it happens again, the servers behind the URL differ.',
  ],
  SNAPSHOT_OLDER: [
    'the service returned an older snapshot than before',
    'Look for a stale cache or server. After an intended rollback, publish again.',
  ],
  SNAPSHOT_STALE: [
    'nobody has confirmed for too long that this is the current snapshot',
    'Run `credveil publish --renew` on a timer; look for a stale cache, and at the clock of this machine.',
  ],
  CLOCK_WRONG: ['the clock is behind that of the publisher, or was set back', 'Set the clock, for example with NTP.'],
  MEMORY_FAILED: [
    'the option `memory` did not return what was saved',
    'See the cause. If its text is damaged, delete it.',
  ],
  INDEX_MISSING: [
    'the dataset has no index for any part of the check',
    'Usernames need an `account` index, passwords alone a `password` index.',
  ],
  NOTHING_ASKED: ['the only field is empty', AT_ENTRY],
  FIELD_TOO_LONG: ['a username or password is longer than 65,535 bytes', AT_ENTRY],
  CREDENTIAL_UNREADABLE: [
    'an adapter cannot determine the credential of a request',
    'Mount the body parser before the adapter, or set the option `fields` to a function.',
  ],
  CHECK_FAILED: ['the check failed unexpectedly', 'Set `onError` to a function, and see its third argument.'],
};

interface FailureOptions {
  readonly cause?: unknown;
  /** Follows the message after a colon; never contains user input. */
  readonly detail?: string;
}

export function lookupFailure(reason: UnknownReason, options?: FailureOptions): LookupError {
  return failureOf(TEXTS, reason, options);
}

export function failureOf<Reason extends LookupErrorCode>(
  texts: Texts<Reason>,
  reason: Reason,
  { cause, detail }: FailureOptions = {},
): LookupError {
  const [message, hint] = texts[reason];
  return new LookupError(reason, detail === undefined ? message : `${message}: ${detail}`, hint, { cause });
}

/**
 * The reason of a failure of the service. Any other error is a defect of this package, and is
 * thrown again.
 */
export function reasonOf(error: unknown): UnknownReason {
  if (error instanceof LookupError && Object.hasOwn(TEXTS, error.code)) return error.code as UnknownReason;
  throw error;
}
