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
  | 'REPLICA_MISSING'
  | 'REPLICA_UNREADABLE'
  | 'MEMORY_FAILED'
  | 'MODULE_FAILED'
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
 * Why a replica cannot be brought up to date; `pull` can also fail with an `UnknownReason`. No
 * verdict has it: checks go on with the copy of before.
 * @example
 * ```ts
 * import type { ReplicaReason } from '@credveil/client';
 *
 * const IS_EXPECTED: ReplicaReason = 'REPLICA_BUSY';
 * ```
 */
export type ReplicaReason = 'REPLICA_BUSY' | 'REPLICA_UNWRITABLE' | 'REPLICA_MISPLACED';

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
export type LookupErrorCode = UnknownReason | FilterReason | ReplicaReason | MisuseCode;

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

/** Why an answer is missing, a filter, or a newer replica. */
export type Reason = UnknownReason | FilterReason | ReplicaReason;

interface FailureOptions {
  readonly cause?: unknown;
  /** Follows the message after a colon; never contains user input. */
  readonly detail?: string;
}

/** A failure on its way to a verdict, which needs the reason alone: see explain.ts. */
export function lookupFailure(reason: Reason, { cause, detail = '' }: FailureOptions = {}): LookupError {
  return new LookupError(reason, detail, '', { cause });
}

/** Mistakes of the calling program, and reasons of filters and pulls. */
const NOT_OF_A_VERDICT = /^((FILTER|OPTION|KEY|ARGUMENT)_(?!MISMATCH)|REPLICA_(?!MISSING|UNREADABLE))/;

/** Why a question has no answer. An error without a reason is a defect, here or below. */
export function reasonOf(error: unknown): UnknownReason {
  return error instanceof LookupError && !NOT_OF_A_VERDICT.test(error.code)
    ? (error.code as UnknownReason)
    : 'CHECK_FAILED';
}
