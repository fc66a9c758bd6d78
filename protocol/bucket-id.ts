// Bucket ids and prefixes, their spelling in URLs: PROTOCOL.md §6.

import type { BucketHash, BucketId } from './brands.ts';
import { ProtocolError } from './errors.ts';
import type { SuiteName } from './suite.ts';

/** The indexes of keyed entries. Seals and filters contain the number. */
export const IndexNumber = { account: 1, password: 2 } as const;
export type IndexName = keyof typeof IndexNumber;
export const INDEX_NAMES = Object.keys(IndexNumber) as readonly IndexName[];

/**
 * The indexes of unsalted hashes, split as Have I Been Pwned splits them: by the first five hex
 * digits of a hash.
 */
export const RANGE_NAMES = ['sha1', 'ntlm'] as const;
export type RangeName = (typeof RANGE_NAMES)[number];
/** Ranges in a range index: one for each value of 20 bits. */
export const RANGES = 2 ** 20;

/** The finest split of an index: 1,024 usernames share a prefix at 7 * 10^10. */
export const MAX_PREFIX_BITS = 26;
/**
 * The finest split of the password index under `oprf`: whoever evaluates can compute the prefix of
 * each guess. Not where evaluator and bucket server are split.
 */
export const MAX_EVALUATED_PREFIX_BITS = 12;

/** The maximum `prefixBits` that a publisher chooses for an index. */
export function maxPrefixBits(index: IndexName, suite: SuiteName, splitRoles: boolean): number {
  return index === 'password' && suite === 'oprf' && !splitRoles ? MAX_EVALUATED_PREFIX_BITS : MAX_PREFIX_BITS;
}

/** The leading `prefixBits` of a hash: 0 to 32. */
export function bucketId(hash: BucketHash, prefixBits: number): BucketId {
  // ECMAScript shifts by 32 as by 0.
  return (prefixBits === 0 ? 0 : hash >>> (32 - prefixBits)) as BucketId;
}

/** Number of hex digits in a prefix: one for every four bits or part of them, at least one. */
export function prefixDigits(prefixBits: number): number {
  return Math.max(1, Math.ceil(prefixBits / 4));
}

/** Formats the only spelling of a bucket in a URL: its id in lower-case hex with leading zeros. */
export function formatPrefix(id: BucketId, prefixBits: number): string {
  return id.toString(16).padStart(prefixDigits(prefixBits), '0');
}

/**
 * @throws ProtocolError `PREFIX_MALFORMED` for any spelling but that of `formatPrefix`, or an id
 * out of range
 */
export function parsePrefix(text: string, prefixBits: number): BucketId {
  const digits = prefixDigits(prefixBits);
  if (text.length !== digits || !/^[0-9a-f]*$/.test(text))
    throw new ProtocolError(
      'PREFIX_MALFORMED',
      `a prefix of this dataset has ${digits} lower-case hex digits`,
      'Read prefixBits from the statement and format the prefix as PROTOCOL.md §6 specifies.',
    );
  const id = Number.parseInt(text, 16);
  if (id >= 2 ** prefixBits)
    throw new ProtocolError(
      'PREFIX_MALFORMED',
      `a prefix of this dataset is less than 2^${prefixBits}`,
      'Read prefixBits from the statement and format the prefix as PROTOCOL.md §6 specifies.',
    );
  return id as BucketId;
}

/**
 * Parses five hex digits, in either case, into the number of a range.
 * @throws ProtocolError `PREFIX_MALFORMED`
 */
export function parseRangePrefix(text: string): number {
  if (!/^[0-9a-fA-F]{5}$/.test(text))
    throw new ProtocolError(
      'PREFIX_MALFORMED',
      'the prefix of a range has 5 hex digits',
      'Use the first 5 hex digits of the hash.',
    );
  return Number.parseInt(text, 16);
}

/** Formats the number of a range as five upper-case hex digits, as Have I Been Pwned does. */
export function formatRangePrefix(range: number): string {
  return range.toString(16).toUpperCase().padStart(5, '0');
}
