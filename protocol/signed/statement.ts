// The statement: what a publisher says about a snapshot, once. PROTOCOL.md §10.
//
// The tables of members below are the one description of the document. The parser is built from
// them; tests compare /openapi.json and the tables of PROTOCOL.md §10 with them.

import { sha256 } from '@noble/hashes/sha2.js';
import type { DatasetId, KeyId, LayerId, SnapshotId } from '../brands.ts';
import { MAX_PREFIX_BITS } from '../bucket-id.ts';
import { encodeUtf8, toHex } from '../bytes.ts';
import { ProtocolError } from '../errors.ts';
import { formatSnapshotId, HEX16, LAYER_ID, MAX_SEQUENCE } from '../ids.ts';
import type { MetadataBytes } from '../metadata.ts';
import { areUsernameRules, NORMALIZATION_VERSION, type UsernameRule } from '../normalize.ts';
import { filterFileBytes } from '../password-filter.ts';
import { MAX_BLOCKS } from '../split-block.ts';
import { SUITE_NAMES, type SuiteName } from '../suite.ts';
import type { KnownAnswer } from '../test-credentials.ts';
import { STATEMENT_KIND } from './envelope.ts';
import {
  array,
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
  time,
} from './members.ts';
import { parseStrictJson } from './strict-json.ts';

/** Version of PROTOCOL.md: statements and heads name it. */
export const PROTOCOL_VERSION = 2;

export const AUTH_NAMES = ['mac', 'signature'] as const;
/** `mac`: holders of the key make and check it. `signature`: the publisher signs, anyone checks. */
export type AuthName = (typeof AUTH_NAMES)[number];

export interface LayerIndex {
  readonly prefixBits: number;
  readonly entries: number;
  /** Distinct usernames; in the account index only. */
  readonly usernames?: number;
  readonly metadataBytes: MetadataBytes;
  /** The lengths that bodies of this index are padded to, ascending. */
  readonly bodyBytes: readonly number[];
  /** Root of the Merkle tree over the buckets, 64 hex digits; under `signature` only. */
  readonly root?: string;
}

/** The filter of the password index. */
export interface LayerFilter {
  /** Length of its file, which follows from `blocks`. */
  readonly bytes: number;
  readonly blocks: number;
  readonly sha256: string;
}

/** The buckets that were made from one set of runs. */
export interface Layer {
  readonly id: LayerId;
  readonly indexes: { readonly account?: LayerIndex; readonly password?: LayerIndex };
  /** The account index has entries of similarity forms; absent otherwise. */
  readonly similar?: true;
  readonly filter?: LayerFilter;
}

/** All answer for one prefix together, and are made with the same parameters. */
export type Layers = readonly [Layer, ...Layer[]];

/** A document that the statement vouches for by its digest. */
export interface DigestOf {
  readonly sha256: string;
  readonly bytes: number;
}

/** A key that may sign heads of this statement. */
export interface DelegatedKey {
  /** 64 hex digits. */
  readonly key: string;
  /** No head by this key is valid longer. */
  readonly notAfter: string;
}

export interface Statement {
  readonly protocol: typeof PROTOCOL_VERSION;
  readonly dataset: DatasetId;
  /** Number of the snapshot: higher than that of every earlier one. */
  readonly sequence: number;
  /** Snapshots of a lower number are withdrawn. */
  readonly minSequence: number;
  readonly suite: SuiteName;
  readonly normalization: number;
  /** Applied to usernames after their normalization, in this order; absent if there are none. */
  readonly usernameRules?: readonly UsernameRule[];
  readonly keyId: KeyId;
  /** Under `oprf` only: 64 hex digits. */
  readonly publicKey?: string;
  readonly auth: AuthName;
  readonly publishedAt: string;
  /** The first one, and what was added to it since. */
  readonly layers: Layers;
  readonly sources: DigestOf;
  readonly canary: KnownAnswer;
  /** Under `signature` only. */
  readonly headKeys?: readonly DelegatedKey[];
}

export const MAX_LAYERS = 8;
const MAX_HEAD_KEYS = 8;
const MAX_BODY_SIZES = 64;
const parseCount = integer(0, Number.MAX_SAFE_INTEGER);
const parseSizes = array(integer(1, 2 ** 31), 1, MAX_BODY_SIZES);

export const LAYER_INDEX_MEMBERS: Members<LayerIndex> = {
  prefixBits: required(integer(0, MAX_PREFIX_BITS)),
  entries: required(parseCount),
  usernames: optional(parseCount),
  metadataBytes: required(oneOf<MetadataBytes>([0, 1, 3])),
  bodyBytes: required((value, what) => {
    const sizes = parseSizes(value, what);
    if (sizes.some((bytes, i) => i > 0 && bytes <= (sizes[i - 1] as number))) refuseMember(`${what} does not ascend`);
    return sizes;
  }),
  root: optional(hex(64)),
};

export const LAYER_FILTER_MEMBERS: Members<LayerFilter> = {
  bytes: required(parseCount),
  blocks: required(integer(1, MAX_BLOCKS)),
  sha256: required(hex(64)),
};

const parseIndex = object(LAYER_INDEX_MEMBERS);

export const LAYER_INDEXES: Members<Layer['indexes']> = {
  account: optional(parseIndex),
  password: optional(parseIndex),
};

export const LAYER_MEMBERS: Members<Layer> = {
  id: required(text<LayerId>(LAYER_ID)),
  indexes: required(object(LAYER_INDEXES)),
  similar: optional(oneOf([true])),
  filter: optional(object(LAYER_FILTER_MEMBERS)),
};

export const CANARY_MEMBERS: Members<KnownAnswer> = {
  accountHash: required(hex(8)),
  tag: required(hex(12)),
};

export const DIGEST_MEMBERS: Members<DigestOf> = {
  sha256: required(hex(64)),
  bytes: required(integer(2, 2 ** 24)),
};

export const HEAD_KEY_MEMBERS: Members<DelegatedKey> = {
  key: required(hex(64)),
  notAfter: required(time),
};

const parseSequence = integer(1, MAX_SEQUENCE);
/** Without members that are not part of the contract. */
export const parseLayers = array(object(LAYER_MEMBERS), 1, MAX_LAYERS);

export const STATEMENT_MEMBERS: Members<Statement> = {
  protocol: required(oneOf([PROTOCOL_VERSION])),
  dataset: required(text<DatasetId>(HEX16)),
  sequence: required(parseSequence),
  minSequence: required(parseSequence),
  suite: required(oneOf(SUITE_NAMES)),
  normalization: required(integer(NORMALIZATION_VERSION, NORMALIZATION_VERSION)),
  usernameRules: optional((value) => value as readonly UsernameRule[]),
  keyId: required(text<KeyId>(HEX16)),
  publicKey: optional(hex(64)),
  auth: required(oneOf(AUTH_NAMES)),
  publishedAt: required(time),
  layers: required((value, what) => parseLayers(value, what) as unknown as Layers),
  sources: required(object(DIGEST_MEMBERS)),
  canary: required(object(CANARY_MEMBERS)),
  headKeys: optional(array(object(HEAD_KEY_MEMBERS), 0, MAX_HEAD_KEYS)),
};

/** The members that a client of another version could not interpret. */
const isSupported = (given: Record<string, unknown>): boolean =>
  given.protocol === PROTOCOL_VERSION &&
  given.normalization === NORMALIZATION_VERSION &&
  SUITE_NAMES.includes(given.suite as SuiteName) &&
  AUTH_NAMES.includes(given.auth as AuthName) &&
  (given.usernameRules === undefined || areUsernameRules(given.usernameRules)) &&
  (!Array.isArray(given.layers) || (given.layers.length >= 1 && given.layers.length <= MAX_LAYERS));

function assertSupported(given: Record<string, unknown>): void {
  if (isSupported(given)) return;
  throw new ProtocolError(
    'STATEMENT_UNSUPPORTED',
    'statement: an unsupported version, suite, rule or auth',
    'Use client and server of the same major version.',
  );
}

function assertConsistent(statement: Statement): void {
  const { sequence, minSequence, suite, usernameRules, publicKey, auth, headKeys, layers } = statement;
  const isSigned = auth === 'signature';
  if (minSequence > sequence) refuseMember('minSequence is above sequence');
  if ((publicKey !== undefined) !== (suite === 'oprf')) refuseMember('publicKey belongs to the suite oprf');
  if (suite === 'oprf' && !isSigned) refuseMember('the suite oprf needs signatures');
  if ((headKeys !== undefined) !== isSigned) refuseMember('headKeys belong to signatures');
  for (const layer of layers) assertLayer(layer, isSigned);
  if (usernameRules && !layers[0].indexes.account) refuseMember('usernameRules need an account index');
  if (new Set(layers.map(({ id }) => id)).size < layers.length) refuseMember('a layer is there twice');
  const [first, ...added] = layers;
  for (const layer of added) assertAdded(layer, first);
}

function assertLayer({ indexes, similar, filter }: Layer, isSigned: boolean): void {
  const { account, password } = indexes;
  for (const index of [account, password])
    if (index && (index.root !== undefined) !== isSigned) refuseMember('root belongs to signatures');
  if (account && account.usernames === undefined) refuseMember('usernames of account is missing');
  if (password?.usernames !== undefined) refuseMember('usernames belongs to account');
  if (similar && !account) refuseMember('similar needs an account index');
  if (filter && !password) refuseMember('filter needs a password index');
  if (filter && filter.bytes !== filterFileBytes(filter.blocks))
    refuseMember('bytes of filter is not that of its blocks');
}

/** An answer is cut into bodies from its end: those of all layers but the first have one length. */
function assertAdded(layer: Layer, first: Layer): void {
  const isAlike = (['account', 'password'] as const).every((name) => {
    const [index, of] = [layer.indexes[name], first.indexes[name]];
    const lengths = index?.bodyBytes.length ?? 1;
    return index?.prefixBits === of?.prefixBits && index?.metadataBytes === of?.metadataBytes && lengths === 1;
  });
  if (!isAlike || layer.similar !== first.similar || !layer.filter !== !first.filter)
    refuseMember('a layer is not like the first one');
}

/**
 * Parses a payload that has been verified. Ignores unknown members, so that a later publisher may
 * add some.
 * @throws ProtocolError `STATEMENT_MALFORMED`; `STATEMENT_UNSUPPORTED` for another version
 */
export function parseStatement(payload: Uint8Array): Statement {
  return parseDocument(STATEMENT_KIND, () => {
    const given = parseObject(parseStrictJson(payload, 'the statement'), 'the statement');
    assertSupported(given);
    const statement = parseMembers(given, 'the statement', STATEMENT_MEMBERS);
    assertConsistent(statement);
    return statement;
  });
}

/** The payload: JSON without white space, its members in the order of the tables. */
export function encodeStatement(statement: Statement): Uint8Array {
  // The strict parser orders the members, and drops those that are not part of the contract.
  return encodeUtf8(JSON.stringify(parseStatement(encodeUtf8(JSON.stringify(statement)))));
}

/** SHA-256 of a payload in hex, by which a head names its statement. */
export function payloadDigest(payload: Uint8Array): string {
  return toHex(sha256(payload));
}

/** The snapshot of a statement. */
export function snapshotIdOf({ sequence }: Pick<Statement, 'sequence'>, payload: Uint8Array): SnapshotId {
  return formatSnapshotId(sequence, payloadDigest(payload));
}
