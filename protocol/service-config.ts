// The document behind /v1/config: what a client must know before it asks. PROTOCOL.md §10.

import type { BucketHash, DatasetId, EntryTag, KeyId, SnapshotId } from './brands.ts';
import { bucketId, formatPrefix, INDEX_NAMES, type IndexName, MAX_PREFIX_BITS } from './bucket-id.ts';
import { entryTag, formatTag } from './entry.ts';
import { ProtocolError } from './errors.ts';
import type { MetadataBytes } from './metadata.ts';
import { NORMALIZATION_VERSION, normalizePassword, normalizeUsername } from './normalize.ts';
import { filterFileBytes } from './password-filter.ts';
import { pairInput } from './private-input.ts';
import { BLOCK_BYTES, MAX_BLOCKS } from './split-block.ts';
import { type KeyedSuite, SUITE_NAMES, type SuiteName } from './suite.ts';
import { CANARY } from './test-credentials.ts';

export const PROTOCOL_VERSION = 1;

export interface IndexConfig {
  readonly prefixBits: number;
  readonly metadataBytes: MetadataBytes;
  /** Every body of this index has one of these lengths, ascending. */
  readonly bodyBytes: readonly number[];
}

export interface FilterConfig {
  /** Length of the file. */
  readonly bytes: number;
}

export interface SourceConfig {
  /** What metadata calls this source: 1.. */
  readonly number: number;
  readonly name: string;
  /** Month of the breach, YYYY-MM, where it is known. */
  readonly date?: string;
}

/** What a correct client computes for the canary. */
export interface KnownAnswer {
  /** The canary's BucketHash in the account index, 8 hex digits. */
  readonly accountHash: string;
  /** The tag of its pair entry, 12 hex digits. */
  readonly tag: string;
}

export interface ServiceConfig {
  readonly protocol: typeof PROTOCOL_VERSION;
  readonly suite: SuiteName;
  readonly normalization: number;
  readonly dataset: DatasetId;
  readonly keyId: KeyId;
  /** Under `oprf` alone: 64 hex digits. */
  readonly publicKey?: string;
  readonly snapshot: SnapshotId;
  readonly indexes: { readonly [name in IndexName]?: IndexConfig };
  /** The account index has entries of similarity forms; missing where it has none. */
  readonly similar?: true;
  /** There is a filter of the password index: /v1/filter/password. Missing where there is none. */
  readonly filter?: FilterConfig;
  readonly sources: readonly SourceConfig[];
  readonly canary: KnownAnswer;
  /** 32 hex digits, config-seal.ts. */
  readonly seal: string;
}

/** Computes the known answer: at publish for the config, in a client to compare with it. */
export function knownAnswer(suite: KeyedSuite): KnownAnswer {
  const username = normalizeUsername(CANARY.username);
  const hash: BucketHash = suite.accountBucketHash(username);
  const tag: EntryTag = entryTag(suite.evaluate(pairInput(username, normalizePassword(CANARY.password))));
  return { accountHash: formatPrefix(bucketId(hash, 32), 32), tag: formatTag(tag) };
}

const MAX_SOURCES = 0xffff;

function fail(what: string): never {
  throw new ProtocolError('CONFIG_MALFORMED', `config: ${what}`, 'Check that the URL is that of a Credveil server.');
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(`${what} is not an object`);
  return value as Record<string, unknown>;
}

function asInteger(value: unknown, low: number, high: number, what: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high)
    fail(`${what} is out of range`);
  return value as number;
}

function asMatch(value: unknown, pattern: RegExp, what: string): string {
  if (typeof value !== 'string' || !pattern.test(value)) fail(`${what} is malformed`);
  return value as string;
}

function parseIndex(value: unknown, name: string): IndexConfig {
  const index = asObject(value, `index ${name}`);
  const bodyBytes = index.bodyBytes;
  if (!Array.isArray(bodyBytes) || bodyBytes.length === 0 || bodyBytes.length > 64)
    fail(`bodyBytes of ${name} is malformed`);
  let last = 0;
  for (const bytes of bodyBytes as unknown[]) last = asInteger(bytes, last + 1, 2 ** 31, `bodyBytes of ${name}`);
  const metadataBytes = asInteger(index.metadataBytes, 0, 3, `metadataBytes of ${name}`);
  if (metadataBytes === 2) fail(`metadataBytes of ${name} is out of range`);
  return {
    prefixBits: asInteger(index.prefixBits, 0, MAX_PREFIX_BITS, `prefixBits of ${name}`),
    metadataBytes: metadataBytes as MetadataBytes,
    bodyBytes: bodyBytes as number[],
  };
}

function parseFilter(value: unknown, indexes: ServiceConfig['indexes']): FilterConfig {
  if (!indexes.password) fail('filter is of an index that is not there');
  const bytes = asInteger(asObject(value, 'filter').bytes, filterFileBytes(1), filterFileBytes(MAX_BLOCKS), 'filter');
  if ((bytes - filterFileBytes(0)) % BLOCK_BYTES !== 0) fail('filter is malformed');
  return { bytes };
}

function parseSource(value: unknown): SourceConfig {
  const source = asObject(value, 'a source');
  const parsed = {
    number: asInteger(source.number, 1, MAX_SOURCES, 'a source number'),
    name: asMatch(source.name, /^[a-z0-9][a-z0-9._-]{0,63}$/, 'a source name'),
  };
  return source.date === undefined
    ? parsed
    : { ...parsed, date: asMatch(source.date, /^\d{4}-\d{2}$/, 'a source date') };
}

/**
 * Takes the parsed JSON of /v1/config. Unknown members are left alone, so that a later server may add some.
 * @throws ProtocolError `CONFIG_MALFORMED`, or `CONFIG_UNSUPPORTED` where it speaks of a protocol this code does not
 */
export function parseServiceConfig(json: unknown): ServiceConfig {
  const config = asObject(json, 'the document');
  const suite = config.suite as SuiteName;
  const known = {
    protocol: config.protocol === PROTOCOL_VERSION,
    suite: SUITE_NAMES.includes(suite),
    normalization: config.normalization === NORMALIZATION_VERSION,
  };
  for (const [member, isKnown] of Object.entries(known))
    if (!isKnown)
      throw new ProtocolError(
        'CONFIG_UNSUPPORTED',
        `the server's ${member} is not the one this client knows`,
        'Use client and server of the same major version.',
      );
  const indexes: { [name in IndexName]?: IndexConfig } = {};
  const given = asObject(config.indexes, 'indexes');
  for (const name of INDEX_NAMES) if (given[name] !== undefined) indexes[name] = parseIndex(given[name], name);
  const { similar } = config;
  if (similar !== undefined && !(similar === true && indexes.account)) fail('similar is malformed');
  const sources = config.sources;
  if (!Array.isArray(sources) || sources.length > MAX_SOURCES) fail('sources is malformed');
  const canary = asObject(config.canary, 'canary');
  const hex16 = /^[0-9a-f]{16}$/;
  return {
    protocol: PROTOCOL_VERSION,
    suite,
    ...(suite === 'oprf' ? { publicKey: asMatch(config.publicKey, /^[0-9a-f]{64}$/, 'publicKey') } : {}),
    normalization: NORMALIZATION_VERSION,
    dataset: asMatch(config.dataset, hex16, 'dataset') as DatasetId,
    keyId: asMatch(config.keyId, hex16, 'keyId') as KeyId,
    snapshot: parseSnapshotId(config.snapshot),
    indexes,
    ...(similar === true ? { similar } : {}),
    ...(config.filter === undefined ? {} : { filter: parseFilter(config.filter, indexes) }),
    sources: (sources as unknown[]).map(parseSource),
    canary: {
      accountHash: asMatch(canary.accountHash, /^[0-9a-f]{8}$/, 'canary'),
      tag: asMatch(canary.tag, /^[0-9a-f]{12}$/, 'canary'),
    },
    seal: asMatch(config.seal, /^[0-9a-f]{32}$/, 'seal'),
  };
}

/** @throws ProtocolError `CONFIG_MALFORMED` */
export function parseSnapshotId(value: unknown): SnapshotId {
  return asMatch(value, /^\d{6,12}-[0-9a-f]{16}$/, 'snapshot') as SnapshotId;
}
