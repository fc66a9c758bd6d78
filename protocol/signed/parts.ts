// Parts that several documents share: an index, a filter, a source, the canary's known answer.
// PROTOCOL.md §10.

import { MAX_PREFIX_BITS } from '../bucket-id.ts';
import { MONTH, NAME } from '../ids.ts';
import type { MetadataBytes } from '../metadata.ts';
import { filterFileBytes } from '../password-filter.ts';
import { BLOCK_BYTES, MAX_BLOCKS } from '../split-block.ts';
import type { KnownAnswer } from '../test-credentials.ts';
import { array, hex, integer, type Members, oneOf, optional, refuseMember, required, text } from './members.ts';

export interface IndexConfig {
  readonly prefixBits: number;
  readonly metadataBytes: MetadataBytes;
  /** The lengths that bodies of this index are padded to, ascending. */
  readonly bodyBytes: readonly number[];
  /** Root of the Merkle tree over the buckets, 64 hex digits; in signed datasets only. */
  readonly root?: string;
}

export interface FilterConfig {
  /** Length of the filter's file. */
  readonly bytes: number;
}

/**
 * A source of leaked entries, as the config and verdicts list it.
 * @example
 * ```ts
 * import type { SourceConfig } from '@credveil/client';
 *
 * const label = ({ name, date = 'undated' }: SourceConfig): string => `${name} (${date})`;
 * const { source } = await leaks.check({ username, password });
 * const reason = source && label(source);
 * ```
 */
export interface SourceConfig {
  /** Number of the source in metadata, from 1. */
  readonly number: number;
  readonly name: string;
  /** Month of the breach, YYYY-MM, if known. */
  readonly date?: string;
}

const MAX_NUMBER = 0xffff;
const MAX_BODY_SIZES = 64;
const parseSizes = array(integer(1, 2 ** 31), 1, MAX_BODY_SIZES);

export const INDEX_MEMBERS: Members<IndexConfig> = {
  prefixBits: required(integer(0, MAX_PREFIX_BITS)),
  metadataBytes: required(oneOf<MetadataBytes>([0, 1, 3])),
  bodyBytes: required((value, what) => {
    const sizes = parseSizes(value, what);
    if (sizes.some((bytes, i) => i > 0 && bytes <= (sizes[i - 1] as number))) refuseMember(`${what} does not ascend`);
    return sizes;
  }),
  root: optional(hex(64)),
};

const parseFilterBytes = integer(filterFileBytes(1), filterFileBytes(MAX_BLOCKS));

export const FILTER_MEMBERS: Members<FilterConfig> = {
  bytes: required((value, what) => {
    const bytes = parseFilterBytes(value, what);
    if ((bytes - filterFileBytes(0)) % BLOCK_BYTES !== 0) refuseMember(`${what} is not a whole number of blocks`);
    return bytes;
  }),
};

export const SOURCE_MEMBERS: Members<SourceConfig> = {
  number: required(integer(1, MAX_NUMBER)),
  name: required(text(NAME)),
  date: optional(text(MONTH)),
};

export const CANARY_MEMBERS: Members<KnownAnswer> = {
  accountHash: required(hex(8)),
  tag: required(hex(12)),
};
