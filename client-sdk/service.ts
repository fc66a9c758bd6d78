// The two requests of a keyed lookup, and what an answer must satisfy before it is believed. PROTOCOL.md §6-§10.

import type { BucketHash, SnapshotId } from '../protocol/brands.ts';
import { type Bucket, openBucket } from '../protocol/bucket.ts';
import { bucketId, formatPrefix, type IndexName } from '../protocol/bucket-id.ts';
import { assertConfigSeal } from '../protocol/config-seal.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { equalBytes } from '../protocol/seal.ts';
import {
  type IndexConfig,
  type KnownAnswer,
  knownAnswer,
  parseServiceConfig,
  type ServiceConfig,
} from '../protocol/service-config.ts';
import type { KeyedSuite } from '../protocol/suite.ts';
import { fetchBounded } from './bounded-fetch.ts';
import type { Deadline } from './deadline.ts';
import { type LookupError, lookupFailure } from './errors.ts';
import type { CheckerSettings } from './options.ts';

export interface Service {
  /**
   * Fetches /v1/config and checks that it fits the key and the pinned dataset.
   * @throws LookupError for whatever stands in the way
   */
  fetchConfig(deadline: Deadline): Promise<ServiceConfig>;
  /**
   * Fetches a bucket and checks its seal.
   * @throws LookupError `SNAPSHOT_CHANGED` where the service no longer serves that snapshot, and others
   */
  fetchBucket(
    snapshot: SnapshotId,
    index: IndexName,
    config: IndexConfig,
    hash: BucketHash,
    deadline: Deadline,
  ): Promise<Bucket>;
}

const utf8 = new TextEncoder();
// Shared by calls: without the option `stream` it keeps nothing between them.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

export function createService(settings: CheckerSettings, suite: KeyedSuite): Service {
  const { base, dataset, maxBodyBytes } = settings;
  const expected = knownAnswer(suite);

  const get = (
    path: string,
    accept: string,
    maxBytes: number,
    deadline: Deadline,
    refuse: (status: number, headers: Headers) => LookupError | undefined,
  ): Promise<Uint8Array> =>
    fetchBounded(settings.fetch, {
      url: new URL(path, base),
      headers: { ...settings.headers, accept, 'accept-encoding': 'identity' },
      maxBytes,
      deadline,
      refuse,
    });

  const assertSealed = (config: ServiceConfig): void => {
    try {
      assertConfigSeal(config, suite.sealKey);
    } catch (cause) {
      throw lookupFailure('CONFIG_FORGED', { cause });
    }
  };

  return {
    async fetchConfig(deadline) {
      const body = await get('v1/config', 'application/json', maxBodyBytes, deadline, refuseStatus);
      const config = decodeConfig(body);
      if (dataset !== undefined && config.dataset !== dataset) throw lookupFailure('DATASET_MISMATCH');
      if (config.keyId !== suite.keyId || !equalAnswers(config.canary, expected)) throw lookupFailure('KEY_MISMATCH');
      assertSealed(config);
      return config;
    },

    async fetchBucket(snapshot, index, { prefixBits, bodyBytes }, hash, deadline) {
      const id = bucketId(hash, prefixBits);
      const body = await get(
        `v1/${index}/${formatPrefix(id, prefixBits)}?snapshot=${snapshot}`,
        'application/octet-stream',
        Math.min(maxBodyBytes, bodyBytes.at(-1) ?? 0),
        deadline,
        (status, headers) => refuseSnapshot(snapshot, status, headers) ?? refuseStatus(status) ?? refuseCoding(headers),
      );
      if (!bodyBytes.includes(body.length)) throw lookupFailure('BODY_MALFORMED', { detail: 'a length not announced' });
      try {
        return openBucket(body, { snapshot, index, prefixBits, id }, suite.sealKey);
      } catch (cause) {
        if (!(cause instanceof ProtocolError)) throw cause;
        throw lookupFailure(cause.code === 'BUCKET_FORGED' ? 'BODY_FORGED' : 'BODY_MALFORMED', { cause });
      }
    },
  };
}

function refuseStatus(status: number): LookupError | undefined {
  return status === 200 ? undefined : lookupFailure('HTTP_STATUS', { detail: `status ${status}` });
}

/** 410 Gone says that the snapshot is no longer served; the header guards against caches that ignore the query. */
function refuseSnapshot(asked: SnapshotId, status: number, headers: Headers): LookupError | undefined {
  const served = headers.get('credveil-snapshot');
  return status === 410 || (served !== null && served !== asked) ? lookupFailure('SNAPSHOT_CHANGED') : undefined;
}

/** A compressed body has a size of its own, which tells on the wire what padding is there to hide. */
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

function equalAnswers(a: KnownAnswer, b: KnownAnswer): boolean {
  return equalBytes(utf8.encode(a.accountHash + a.tag), utf8.encode(b.accountHash + b.tag));
}
