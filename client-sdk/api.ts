// The requests of a lookup, and the checks that a response must pass. PROTOCOL.md §6-§10.

import { bytesToHex } from '@noble/hashes/utils.js';
import type { BucketHash, DatasetId, LayerId, SnapshotId } from '../protocol/brands.ts';
import { type Bucket, openBucket } from '../protocol/bucket.ts';
import { bucketId, formatPrefix, type IndexName } from '../protocol/bucket-id.ts';
import { equalBytes } from '../protocol/bytes.ts';
import { assertConfigSeal } from '../protocol/config-seal.ts';
import { ProtocolError } from '../protocol/errors.ts';
import {
  type IndexConfig,
  type KnownAnswer,
  parseServiceConfig,
  type ServiceConfig,
} from '../protocol/service-config.ts';
import { createBucketAuth, NODE_BYTES, upperSiblings } from '../protocol/signed/merkle.ts';
import type { Suite } from '../protocol/suite.ts';
import { type LookupError, lookupFailure, reasonOf } from './errors.ts';
import type { RequestEvent } from './events.ts';
import type { CheckerSettings, Endpoint } from './options.ts';
import { fetchBounded } from './transport/bounded-fetch.ts';
import { createBucketCache } from './transport/bucket-cache.ts';
import type { Deadline } from './transport/deadline.ts';
import { createSingleFlight } from './transport/single-flight.ts';

/** Per-request parameters. */
export interface ServiceRequest {
  readonly path: string;
  /** Default: the endpoint of the settings. */
  readonly to?: Endpoint | undefined;
  readonly accept: string;
  /** The body of a POST; without it, the request is a GET. */
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly maxBytes: number;
  readonly deadline: Deadline;
  /** The failure that status and headers mean, before the body is read. */
  refuse(status: number, headers: Headers): LookupError | undefined;
}

export interface Service {
  /** Sends a request below the base URL. @throws LookupError */
  send(request: ServiceRequest): Promise<Uint8Array>;
  /** Dataset and newest snapshot number so far. Undefined before the first config. */
  known(): KnownSnapshot | undefined;
  /**
   * Fetches /v1/config. It must match the key and the pinned dataset, and must not be older than a
   * config seen before.
   * @throws LookupError
   */
  fetchConfig(deadline: Deadline): Promise<ServiceConfig>;
  /**
   * Returns a bucket with a verified seal: a cached one, one in flight for another check, or a new
   * one.
   * @throws LookupError, `SNAPSHOT_CHANGED` if the service no longer serves that snapshot
   */
  fetchBucket(config: ServiceConfig, index: IndexName, hash: BucketHash, deadline: Deadline): Promise<Bucket>;
  /**
   * Verifies length and seal of a body from any response.
   * @throws LookupError `BODY_MALFORMED`, `BODY_FORGED`
   */
  openBody(body: Uint8Array, config: ServiceConfig, index: IndexName, hash: BucketHash): Bucket;
}

export interface KnownSnapshot {
  readonly dataset: DatasetId;
  readonly sequence: number;
  readonly snapshot: SnapshotId;
  readonly layer: LayerId;
}

const utf8 = new TextEncoder();
// Shared by all calls: without the option `stream` it keeps no state between them.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

type Send = Service['send'];

/** Sends requests and emits an event for each. */
function createSend({ maxBodyBytes, events, fetch: fetchOnce, ...place }: CheckerSettings): Send {
  const reported = async (path: string, request: () => Promise<Uint8Array>): Promise<Uint8Array> => {
    if (!events.request.isHeard()) return request();
    const startedAt = performance.now();
    const report = (failed?: Pick<RequestEvent, 'reason'>): void =>
      events.request.emit({ route: routeOf(path), durationMs: performance.now() - startedAt, ...failed });
    try {
      const answer = await request();
      report();
      return answer;
    } catch (error) {
      report({ reason: reasonOf(error) });
      throw error;
    }
  };

  return ({ path, to = place, accept, body, maxBytes, deadline, refuse }) =>
    reported(path, () =>
      fetchBounded(fetchOnce, {
        url: new URL(path, to.base),
        headers: {
          ...to.headers,
          accept,
          'accept-encoding': 'identity',
          ...(body && { 'content-type': OCTETS }),
        },
        body,
        maxBytes: Math.min(maxBodyBytes, maxBytes),
        deadline,
        refuse,
      }),
    );
}

/** The part of the canary's known answer that the suite can compute without the service. */
type ExpectedAnswer = Pick<KnownAnswer, 'accountHash'> & Partial<KnownAnswer>;

/** Decides whether to accept a config, and remembers its snapshot. */
interface ConfigGate {
  known(): KnownSnapshot | undefined;
  /** @throws LookupError `DATASET_MISMATCH`, `KEY_MISMATCH`, `CONFIG_FORGED`, `SNAPSHOT_OLDER` */
  admit(config: ServiceConfig): void;
}

function createConfigGate(dataset: DatasetId | undefined, suite: Suite, expected: ExpectedAnswer): ConfigGate {
  const publicKey = suite.publicKey && bytesToHex(suite.publicKey);
  let known: KnownSnapshot | undefined;

  const assertKey = ({ suite: name, keyId, publicKey: given, canary }: ServiceConfig): void => {
    if (name !== suite.name || keyId !== suite.keyId || given !== publicKey) throw lookupFailure('KEY_MISMATCH');
    const { accountHash, tag = canary.tag } = expected;
    if (!equalTexts(canary.accountHash + canary.tag, accountHash + tag)) throw lookupFailure('KEY_MISMATCH');
  };

  const assertSealed = (config: ServiceConfig): void => {
    try {
      assertConfigSeal(config, suite.sealKey);
    } catch (cause) {
      throw lookupFailure('CONFIG_FORGED', { cause });
    }
  };

  /**
   * The seals of an old snapshot never expire: only its number reveals a replay. A snapshot of
   * another dataset under the same key could be older still, so a checker stays with the first
   * dataset that it sees.
   */
  const assertNotOlder = ({ dataset: id, snapshot, layer }: ServiceConfig): void => {
    const sequence = Number.parseInt(snapshot, 10);
    if (known && known.dataset !== id) throw lookupFailure('DATASET_MISMATCH');
    if (known && sequence < known.sequence) throw lookupFailure('SNAPSHOT_OLDER');
    known = { dataset: id, sequence, snapshot, layer };
  };

  return {
    known: () => known,
    admit(config) {
      if (dataset !== undefined && config.dataset !== dataset) throw lookupFailure('DATASET_MISMATCH');
      assertKey(config);
      assertSealed(config);
      assertNotOlder(config);
    },
  };
}

function createOpenBody({ sealKey }: Suite): Service['openBody'] {
  return (body, { layer, indexes }, index, hash) => {
    const config = indexConfig(indexes, index);
    const { prefixBits, bodyBytes, metadataBytes } = config;
    const auth = createBucketAuth(config, sealKey);
    if (!bodyBytes.includes(body.length - auth.upperBytes))
      throw lookupFailure('BODY_MALFORMED', { detail: 'an unannounced length' });
    try {
      const bucket = openBucket(body, { layer, index, prefixBits, id: bucketId(hash, prefixBits) }, auth);
      if (bucket.metadataBytes !== metadataBytes)
        throw lookupFailure('BODY_MALFORMED', { detail: 'unannounced metadata' });
      return bucket;
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause;
      throw lookupFailure(cause.code === 'BUCKET_FORGED' ? 'BODY_FORGED' : 'BODY_MALFORMED', { cause });
    }
  };
}

export function createService(settings: CheckerSettings, suite: Suite, expected: ExpectedAnswer): Service {
  const buckets = createBucketCache(settings.bucketCacheBytes);
  const flights = createSingleFlight<Bucket>(settings.timeoutMs);
  const send = createSend(settings);
  const configs = createConfigGate(settings.dataset, suite, expected);
  const openBody = createOpenBody(suite);

  return {
    send,
    openBody,
    known: configs.known,

    async fetchConfig(deadline) {
      const maxBytes = settings.maxBodyBytes;
      const accept = 'application/json';
      const config = decodeConfig(await send({ path: 'v1/config', accept, maxBytes, deadline, refuse: refuseStatus }));
      configs.admit(config);
      return config;
    },

    async fetchBucket(config, index, hash, deadline) {
      const { snapshot, indexes } = config;
      const { prefixBits } = indexConfig(indexes, index);
      const path = `v1/${index}/${formatPrefix(bucketId(hash, prefixBits), prefixBits)}?snapshot=${snapshot}`;
      const fetchOnce = async (shared: Deadline): Promise<Bucket> => {
        const maxBytes = maxAnswerBytes(config, index);
        const body = await send({ path, accept: OCTETS, maxBytes, deadline: shared, refuse: refuseOctets(snapshot) });
        const bucket = openBody(body, config, index, hash);
        buckets.put(snapshot, path, bucket);
        return bucket;
      };
      return buckets.get(snapshot, path) ?? flights.share(path, deadline, fetchOnce);
    },
  };
}

/** The first segment of a path below /v1/. The next one may be a prefix. */
function routeOf(path: string): string {
  return /^v1\/([a-z]+)/.exec(path)?.[1] ?? 'other';
}

export const OCTETS = 'application/octet-stream';

function indexConfig(indexes: ServiceConfig['indexes'], index: IndexName): IndexConfig {
  const config = indexes[index];
  if (!config) throw lookupFailure('INDEX_MISSING');
  return config;
}

/** The longest answer for a bucket. */
export function maxAnswerBytes({ indexes }: ServiceConfig, index: IndexName): number {
  const { prefixBits, bodyBytes, root } = indexConfig(indexes, index);
  return (bodyBytes.at(-1) ?? 0) + (root === undefined ? 0 : upperSiblings(prefixBits) * NODE_BYTES);
}

/** For binary responses that belong to a snapshot. */
export function refuseOctets(asked: SnapshotId): ServiceRequest['refuse'] {
  return (status, headers) => refuseSnapshot(asked, status, headers) ?? refuseStatus(status) ?? refuseCoding(headers);
}

export function refuseStatus(status: number): LookupError | undefined {
  if (status === 200) return undefined;
  if (status === 401) return lookupFailure('CLIENT_REFUSED');
  return status === 429
    ? lookupFailure('QUOTA_EXCEEDED')
    : lookupFailure('HTTP_STATUS', { detail: `status ${status}` });
}

/**
 * 410 Gone: the service no longer serves the snapshot. The header detects caches that ignore the
 * query.
 */
function refuseSnapshot(asked: SnapshotId, status: number, headers: Headers): LookupError | undefined {
  const served = headers.get('credveil-snapshot');
  return status === 410 || (served !== null && served !== asked) ? lookupFailure('SNAPSHOT_CHANGED') : undefined;
}

/** The length of a compressed body would reveal what padding hides. */
function refuseCoding(headers: Headers): LookupError | undefined {
  const coding = headers.get('content-encoding') ?? 'identity';
  return coding === 'identity' ? undefined : lookupFailure('BODY_MALFORMED', { detail: 'it is compressed' });
}

function decodeConfig(body: Uint8Array): ServiceConfig {
  try {
    return parseServiceConfig(JSON.parse(strictUtf8.decode(body)));
  } catch (cause) {
    const unsupported = cause instanceof ProtocolError && cause.code === 'CONFIG_UNSUPPORTED';
    throw lookupFailure(unsupported ? 'CONFIG_UNSUPPORTED' : 'CONFIG_MALFORMED', { cause });
  }
}

function equalTexts(a: string, b: string): boolean {
  return equalBytes(utf8.encode(a), utf8.encode(b));
}
