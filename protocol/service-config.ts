// The document behind /v1/config: everything a client must know before its first lookup.
// PROTOCOL.md §10.
//
// The tables of members below are the one description of the document. The parser is built from
// them; tests compare /openapi.json and the table of PROTOCOL.md §10 with them.

import type { DatasetId, KeyId, LayerId, SnapshotId } from './brands.ts';
import type { IndexName } from './bucket-id.ts';
import { ProtocolError } from './errors.ts';
import { HEX16, LAYER_ID, SNAPSHOT_ID } from './ids.ts';
import { NORMALIZATION_VERSION } from './normalize.ts';
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
import {
  CANARY_MEMBERS,
  FILTER_MEMBERS,
  type FilterConfig,
  INDEX_MEMBERS,
  type IndexConfig,
  SOURCE_MEMBERS,
  type SourceConfig,
} from './signed/parts.ts';
import { SUITE_NAMES, type SuiteName } from './suite.ts';
import type { KnownAnswer } from './test-credentials.ts';

export const PROTOCOL_VERSION = 1;

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

const CONFIG_KIND: DocumentKind = {
  name: 'config',
  code: 'CONFIG_MALFORMED',
  hint: 'Check that the URL is that of a Credveil server.',
};

const MAX_SOURCES = 0xffff;

const parseIndex = object(INDEX_MEMBERS);
const parseSources = array(object(SOURCE_MEMBERS), 0, MAX_SOURCES);

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
