// What bounds the prefixes of a dataset, among the parameters of dataset.json. PROTOCOL.md §12.

import type { SuiteName } from '../protocol/suite.ts';

export interface PrefixParameters {
  readonly suite: SuiteName;
  /** Minimum average usernames, or passwords, per bucket, unless the whole index has fewer. */
  readonly bucketFloor: number;
  /** Number of the operator's own users, one of whom a query is about. Absent: not known. */
  readonly users?: number;
  /** How many of them share a prefix at least. Present with `users` only. */
  readonly usersPerPrefix?: number;
  /** Under `oprf`: another server than the evaluator answers for buckets. */
  readonly splitRoles?: true;
}

export const DEFAULT_BUCKET_FLOOR = 1024;
export const DEFAULT_USERS_PER_PREFIX = 16;
/** Everyone. */
export const MAX_USERS = 10 ** 10;

const isFrom1To = (high: number, value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= high;

/** 1 to 10^10. */
export const isUsers = (value: unknown): boolean => isFrom1To(MAX_USERS, value);

/** Whether the members have a right form. `suite` is checked elsewhere. */
export function arePrefixParameters(json: Record<string, unknown>): boolean {
  const { suite, bucketFloor, users, usersPerPrefix, splitRoles } = json;
  return (
    isFrom1To(Number.MAX_SAFE_INTEGER, bucketFloor) &&
    (users === undefined ? usersPerPrefix === undefined : isUsers(users) && isUsers(usersPerPrefix)) &&
    (splitRoles === undefined || (splitRoles === true && suite === 'oprf'))
  );
}

/** The maximum prefix bits with `usersPerPrefix` users on an average prefix. */
export function userPrefixBits({ users, usersPerPrefix = DEFAULT_USERS_PER_PREFIX }: PrefixParameters): number {
  return users === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Math.floor(Math.log2(users / usersPerPrefix)));
}
