// The document behind /v1/config: everything a client must know before its first lookup.
// PROTOCOL.md §10.
//
// The tables of members below are the one description of the document. The parser is built from
// them; tests compare /openapi.json and the table of PROTOCOL.md §10 with them.

import type { DatasetId, KeyId, LayerId, SnapshotId } from './brands.ts';
import { bucketId, formatPrefix, type IndexName, MAX_PREFIX_BITS } from './bucket-id.ts';
import { entryTag, formatTag } from './entry.ts';
import { ProtocolError } from './errors.ts';
import { HEX16, LAYER_ID, MONTH, NAME, SNAPSHOT_ID } from './ids.ts';
import type { MetadataBytes } from './metadata.ts';
import { NORMALIZATION_VERSION, normalizePassword, normalizeUsername } from './normalize.ts';
import { filterFileBytes } from './password-filter.ts';
import { pairInput } from './private-input.ts';
import {
  array,
  type DocumentKind,
  hex,
  integer,
  type Members,
  object,
  oneOf,
  optional,
  parseDocument,
  parseMembers,
  parseObject,
  refuseMember,
  required,
  text,
} from './signed/members.ts';
import { BLOCK_BYTES, MAX_BLOCKS } from './split-block.ts';
import { type KeyedSuite, SUITE_NAMES, type SuiteName } from './suite.ts';
import { CANARY } from './test-credentials.ts';

export const PROTOCOL_VERSION = 1;

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

/** The values that a correct client computes for the canary. */
export interface KnownAnswer {
  /** The canary's BucketHash in the account index, 8 hex digits. */
  readonly accountHash: string;
  /** The tag of its pair entry, 12 hex digits. */
  readonly tag: string;
}

export interface ServiceConfig {
  readonly protocol: typeof PROTOCOL_VERSION;
  readonly suite: SuiteName;
  /** Under `oprf` only: 64 hex digits. */
  readonly publicKey?: string;
  readonly normalization: number;
  readonly dataset: DatasetId;
  readonly keyId: KeyId;
  readonly snapshot: SnapshotId;
  /** The buckets of the snapshot, and the pads of their metadata, are bound to it. */
  readonly layer: LayerId;
  readonly indexes: { readonly [name in IndexName]?: IndexConfig };
  /** The account index has entries of similarity forms; absent otherwise. */
  readonly similar?: true;
  /** The filter of the password index, at /v1/filter/password; absent if there is none. */
  readonly filter?: FilterConfig;
  readonly sources: readonly SourceConfig[];
  readonly canary: KnownAnswer;
  /** 32 hex digits, config-seal.ts. */
  readonly seal: string;
}

/**
 * Computes the known answer: publishing puts it into the config, a client compares it with the
 * config's.
 */
export function knownAnswer(suite: KeyedSuite): KnownAnswer {
  const username = normalizeUsername(CANARY.username);
  const hash = suite.accountBucketHash(username);
  const tag = entryTag(suite.evaluate(pairInput(username, normalizePassword(CANARY.password))));
  return { accountHash: formatPrefix(bucketId(hash, 32), 32), tag: formatTag(tag) };
}

const CONFIG_KIND: DocumentKind = {
  name: 'config',
  code: 'CONFIG_MALFORMED',
  hint: 'Check that the URL is that of a Credveil server.',
};

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

const parseIndex = object(INDEX_MEMBERS);
const parseSources = array(object(SOURCE_MEMBERS), 0, MAX_NUMBER);

export const CONFIG_INDEXES: Members<ServiceConfig['indexes']> = {
  account: optional(parseIndex),
  password: optional(parseIndex),
};

export const CONFIG_MEMBERS: Members<ServiceConfig> = {
  protocol: required(oneOf([PROTOCOL_VERSION])),
  suite: required(oneOf(SUITE_NAMES)),
  publicKey: optional(hex(64)),
  normalization: required(integer(NORMALIZATION_VERSION, NORMALIZATION_VERSION)),
  dataset: required(text<DatasetId>(HEX16)),
  keyId: required(text<KeyId>(HEX16)),
  snapshot: required(text<SnapshotId>(SNAPSHOT_ID)),
  layer: required(text<LayerId>(LAYER_ID)),
  indexes: required(object(CONFIG_INDEXES)),
  similar: optional(oneOf([true])),
  filter: optional(object(FILTER_MEMBERS)),
  sources: required((value, what) => {
    const sources = parseSources(value, what);
    if (new Set(sources.map(({ number }) => number)).size < sources.length)
      refuseMember(`${what} gives a number twice`);
    return sources;
  }),
  canary: required(object(CANARY_MEMBERS)),
  seal: required(hex(32)),
};

/** The members that a client of another version could not interpret. */
const VERSIONED = ['protocol', 'suite', 'normalization'] as const;

function assertSupported(given: Record<string, unknown>): void {
  for (const member of VERSIONED)
    try {
      CONFIG_MEMBERS[member].parse(given[member], member);
    } catch (cause) {
      throw new ProtocolError(
        'CONFIG_UNSUPPORTED',
        `this client does not support the server's ${member}`,
        'Use client and server of the same major version.',
        { cause },
      );
    }
}

/**
 * Parses the JSON of /v1/config. Ignores unknown members, so that a later server may add some.
 * @throws ProtocolError `CONFIG_MALFORMED`; `CONFIG_UNSUPPORTED` for another version of the
 * protocol
 */
export function parseServiceConfig(json: unknown): ServiceConfig {
  return parseDocument(CONFIG_KIND, () => {
    const given = parseObject(json, 'the document');
    assertSupported(given);
    const { publicKey, ...shared } = given;
    const isOprf = given.suite === 'oprf';
    if (isOprf && publicKey === undefined) refuseMember('publicKey is missing');
    // A public key means nothing under `hmac`, where the seal does not cover it.
    const config = parseMembers(isOprf ? given : shared, 'the document', CONFIG_MEMBERS);
    if (config.similar && !config.indexes.account) refuseMember('similar needs an account index');
    if (config.filter && !config.indexes.password) refuseMember('filter needs a password index');
    return config;
  });
}
