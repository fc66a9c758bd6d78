// The parameters of a dataset: the members of dataset.json that are neither its id nor its sources.
// PROTOCOL.md §12.

import type { KeyId } from '../protocol/brands.ts';
import { INDEX_NAMES, type IndexName, RANGE_NAMES, type RangeName } from '../protocol/bucket-id.ts';
import { isHex64, isKeyId } from '../protocol/ids.ts';
import type { MetadataBytes } from '../protocol/metadata.ts';
import { areUsernameRules, type UsernameRule } from '../protocol/normalize.ts';
import { AUTH_NAMES, type AuthName } from '../protocol/signed/statement.ts';
import { arePrefixParameters, type PrefixParameters } from './prefix-parameters.ts';

/** What `init` decides for every run and snapshot. */
export interface DatasetParameters extends PrefixParameters {
  readonly keyId: KeyId;
  readonly normalization: number;
  /** What authenticates snapshots. */
  readonly auth: AuthName;
  /** Public key of the publisher, 64 hex digits; under `signature` only. */
  readonly publisher?: string;
  readonly indexes: readonly IndexName[];
  /** Indexes of unsalted hashes; absent if there are none. */
  readonly ranges?: readonly RangeName[];
  /** Plaintext passwords also feed `ranges`. */
  readonly hashPlaintext?: true;
  /** Leaked pairs also make entries of similarity forms. */
  readonly similar?: true;
  /** Applied to usernames after their normalization; absent if there are none. */
  readonly usernameRules?: readonly UsernameRule[];
  readonly metadataBytes: MetadataBytes;
  /** The password filter errs for one in this many passwords. 0: no filter; absent: the default. */
  readonly filterOneIn?: number;
}

/** Ids of layers follow from all of these. */
const PARAMETERS: { readonly [name in keyof DatasetParameters]-?: true } = {
  suite: true,
  keyId: true,
  normalization: true,
  auth: true,
  publisher: true,
  indexes: true,
  ranges: true,
  hashPlaintext: true,
  similar: true,
  usernameRules: true,
  metadataBytes: true,
  bucketFloor: true,
  users: true,
  usersPerPrefix: true,
  splitRoles: true,
  filterOneIn: true,
};

export const DEFAULT_FILTER_ONE_IN = 1000;
/** A more precise filter would be larger than the index itself. */
export const MAX_FILTER_ONE_IN = 1_000_000;

/** A member that is none of the parameters. Ids of layers would follow from it. */
export const strangeMember = (json: object): string | undefined =>
  Object.keys(json).find((name) => !Object.hasOwn(PARAMETERS, name));

export function isParameters(json: Record<string, unknown>): json is Record<string, unknown> & DatasetParameters {
  const { suite, keyId, auth, publisher, indexes, ranges = [], hashPlaintext, similar } = json;
  const { usernameRules, metadataBytes, filterOneIn } = json;
  return (
    isKeyId(keyId) &&
    AUTH_NAMES.includes(auth as AuthName) &&
    (auth === 'signature' ? isHex64(publisher) : publisher === undefined && suite === 'hmac') &&
    isSetOf(indexes, INDEX_NAMES) &&
    isSetOf(ranges, RANGE_NAMES) &&
    indexes.length + ranges.length > 0 &&
    (hashPlaintext === undefined || (hashPlaintext === true && ranges.length > 0)) &&
    (similar === undefined || (similar === true && indexes.includes('account'))) &&
    (usernameRules === undefined || (areUsernameRules(usernameRules) && indexes.includes('account'))) &&
    (metadataBytes === 0 || metadataBytes === 1 || metadataBytes === 3) &&
    arePrefixParameters(json) &&
    (filterOneIn === undefined || isFilterOneIn(filterOneIn))
  );
}

/** 0, or 2 to 1,000,000. */
export function isFilterOneIn(value: unknown): boolean {
  return Number.isInteger(value) && (value === 0 || ((value as number) >= 2 && (value as number) <= MAX_FILTER_ONE_IN));
}

/** The password filter errs for one in this many passwords; 0 if the dataset has no filter. */
export function filterRate({ indexes, filterOneIn = DEFAULT_FILTER_ONE_IN }: DatasetParameters): number {
  return indexes.includes('password') ? filterOneIn : 0;
}

function isSetOf(value: unknown, known: readonly string[]): value is string[] {
  return (
    Array.isArray(value) &&
    new Set(value).size === value.length &&
    value.every((name) => known.includes(name as string))
  );
}
