// Bucket ids and their spelling in URLs: PROTOCOL.md §6.

import type { BucketHash, BucketId } from './brands.ts';
import { ProtocolError } from './errors.ts';

/** What a dataset can be asked about. The number stands in seals and run files. */
export const IndexNumber = { account: 1, password: 2 } as const;
export type IndexName = keyof typeof IndexNumber;
export const INDEX_NAMES = Object.keys(IndexNumber) as readonly IndexName[];

/** Indexes of unsalted hashes, cut as Have I Been Pwned cuts them: by the hash's first five hex digits. */
export const RANGE_NAMES = ['sha1', 'ntlm'] as const;
export type RangeName = (typeof RANGE_NAMES)[number];
/** Ranges of an index: 20 bits. */
export const RANGES = 2 ** 20;

/** What MIGP uses for billions. A server cannot ask for more: few entries would be left to hide among. */
export const MAX_PREFIX_BITS = 20;

/** The leading `prefixBits` of a hash. */
export function bucketId(hash: BucketHash, prefixBits: number): BucketId {
  // A shift by 32 is a shift by 0 in ECMAScript.
  return (prefixBits === 0 ? 0 : hash >>> (32 - prefixBits)) as BucketId;
}

/** Hex digits of a prefix: one for each four bits, at least one. */
export function prefixDigits(prefixBits: number): number {
  return Math.max(1, Math.ceil(prefixBits / 4));
}

/** The one spelling of a bucket in a URL: lower-case hex of the id with leading zeros. */
export function formatPrefix(id: BucketId, prefixBits: number): string {
  return id.toString(16).padStart(prefixDigits(prefixBits), '0');
}

/** @throws ProtocolError `PREFIX_MALFORMED` for any other spelling or an id out of range */
export function parsePrefix(text: string, prefixBits: number): BucketId {
  const digits = prefixDigits(prefixBits);
  if (text.length !== digits || !/^[0-9a-f]*$/.test(text))
    throw new ProtocolError(
      'PREFIX_MALFORMED',
      `a prefix of this dataset has ${digits} lower-case hex digits`,
      'Read prefixBits from /v1/config and format the prefix as PROTOCOL.md §6 says.',
    );
  const id = Number.parseInt(text, 16);
  if (id >= 2 ** prefixBits)
    throw new ProtocolError(
      'PREFIX_MALFORMED',
      `a prefix of this dataset is below 2^${prefixBits}`,
      'Read prefixBits from /v1/config and format the prefix as PROTOCOL.md §6 says.',
    );
  return id as BucketId;
}

/**
 * The number of a range from its five hex digits in any case.
 * @throws ProtocolError `PREFIX_MALFORMED`
 */
export function parseRangePrefix(text: string): number {
  if (!/^[0-9a-fA-F]{5}$/.test(text))
    throw new ProtocolError(
      'PREFIX_MALFORMED',
      'the prefix of a range has 5 hex digits',
      'Take the first 5 of the hash.',
    );
  return Number.parseInt(text, 16);
}

/** Five upper-case hex digits, as Have I Been Pwned names its ranges. */
export function formatRangePrefix(range: number): string {
  return range.toString(16).toUpperCase().padStart(5, '0');
}
