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

type Texts<Reason extends string> = { readonly [reason in Reason]: readonly [message: string, hint: string] };

const FILTER_TEXTS: Texts<FilterReason> = {
  FILTER_MISSING: [
    'the service has no password filter',
    'Publish with this version of credveil, unless `init --filter-one-in 0` was intended.',
  ],
  FILTER_TOO_LARGE: [
    'the password filter is longer than allowed',
    'Raise passwordFilter.maxBytes if the process has the memory.',
  ],
  FILTER_MALFORMED: [
    'the password filter is truncated, altered or not a filter',
    "Copy the whole file from the dataset's snapshots; look for a proxy that alters response bodies.",
  ],
  FILTER_FORGED: [
    'the password filter is not the one that the publisher made',
    'It was altered after publishing: treat it as an attack until explained.',
  ],
  FILTER_OTHER: [
    'the password filter belongs to another snapshot than the current one',
    'Export the filter of the current snapshot; a newer one is used once the service serves its snapshot.',
  ],
  FILTER_UNREADABLE: ['the source of the password filter failed', 'See the cause.'],
};

const TEXTS: Texts<UnknownReason> = {
  TIMEOUT: [
    'the service did not answer within the deadline',
    'Raise timeoutMs, or check the service and the network path to it.',
  ],
  ABORTED: [
    "the caller's signal was aborted",
    'The service is not at fault; check again if you still need the answer.',
  ],
  NETWORK: [
    'the service cannot be reached',
    'Check the URL, the network, and that the server is running. Redirects are not followed.',
  ],
  CIRCUIT_OPEN: [
    'the service failed several times in a row, so no request was sent',
    'See the reasons of the previous checks. The checker retries on its own.',
  ],
  HTTP_STATUS: ['the service refused to answer', 'Check the base URL; see the log of the server, and of any proxy.'],
  CLIENT_REFUSED: [
    'the service does not accept this client',
    'Set the option clientKey to the key that `credveil client add` printed. A revoked key stays invalid.',
  ],
  QUOTA_EXCEEDED: [
    'the quota of this client is used up',
    'Ask the operator of the service for a higher quota, or check fewer logins.',
  ],
  BODY_TOO_LARGE: ['a response is longer than allowed', 'Raise maxBodyBytes, or publish with smaller buckets.'],
  BODY_MALFORMED: [
    'a response is truncated, compressed or otherwise not what the service announced',
    'Look for a proxy that alters response bodies.',
  ],
  BODY_FORGED: [
    'a bucket or list is not the one that the publisher made for this snapshot and prefix',
    'It was altered or swapped after publishing: treat it as an attack until explained.',
  ],
  HEAD_MALFORMED: ['/v1/head is not a Credveil head', 'Check that the URL is the base URL of a Credveil server.'],
  HEAD_FORGED: [
    'no key that this client believes made the head',
    'Compare what is pinned with all that `credveil key pin` prints. If it is the same, treat this as an attack until explained.',
  ],
  STATEMENT_MALFORMED: [
    'the statement of the snapshot is not a Credveil statement',
    'Look for a proxy that alters response bodies.',
  ],
  STATEMENT_FORGED: [
    'the pinned key did not make the statement of the snapshot',
    'Compare what is pinned with all that `credveil key pin` prints. If it is the same, treat this as an attack until explained.',
  ],
  PROTOCOL_UNSUPPORTED: [
    'the service uses a protocol version that this client does not support',
    'Use the same major version of client and server.',
  ],
  KEY_MISMATCH: [
    'the key does not belong to the dataset, or the service evaluates with another key',
    'Pass all that `credveil key pin` prints. If it is the same, trust no answer of this service.',
  ],
  DATASET_MISMATCH: [
    'the service serves a different dataset from the pinned one',
    'Check the URL, also /d/<dataset id> and bucketsUrl, and the pinned line.',
  ],
  PREFIX_TOO_LONG: [
    'a request to this dataset would reveal more bits than allowed',
    'Publish with fewer prefix bits, or raise maxPrefixBits or lower minUsernames if that is intended.',
  ],
  SNAPSHOT_CHANGED: [
    'the snapshot changed twice during one check',
    'Check again; if it happens repeatedly, the servers behind the URL serve different snapshots.',
  ],
  SNAPSHOT_OLDER: [
    'the service returned an older snapshot than before',
    'Look for a stale cache or server. After an intended rollback, publish again.',
  ],
  SNAPSHOT_STALE: [
    'nobody has confirmed for too long that this is the current snapshot',
    'Run `credveil publish --renew`, best on a timer; look for a stale cache, and at the clock of this machine.',
  ],
  CLOCK_WRONG: [
    'the clock of this machine is behind that of the publisher, or was set back',
    'Set the clock, for example with NTP.',
  ],
  MEMORY_FAILED: [
    'the option `memory` did not give back what the checker has seen',
    'See the cause. If its text is damaged, delete it.',
  ],
  INDEX_MISSING: [
    'the dataset has no index for any part of the check',
    'Check usernames only with an `account` index, and passwords alone only with a `password` index.',
  ],
  NOTHING_ASKED: [
    'the only field is empty, so there is nothing to check',
    'Reject empty fields where they enter your program.',
  ],
  FIELD_TOO_LONG: [
    'a username or password is longer than 65,535 bytes',
    'Reject fields of this length where they enter your program.',
  ],
  CREDENTIAL_UNREADABLE: [
    'an adapter cannot determine the credential of a request',
    'Mount the body parser before the adapter, or set the option `fields` to a function.',
  ],
  CHECK_FAILED: ['the check failed unexpectedly', 'Set `onError` to a function, and see its third argument.'],
};

/** @param detail follows the message after a colon; never contains user input */
export function lookupFailure(
  reason: UnknownReason | FilterReason,
  options: { cause?: unknown; detail?: string } = {},
): LookupError {
  const [message, hint] = { ...TEXTS, ...FILTER_TEXTS }[reason];
  const { cause, detail } = options;
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
