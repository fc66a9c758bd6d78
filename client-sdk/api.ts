// The service of a checker: the published snapshot, its buckets, and the checks that an answer must
// pass. PROTOCOL.md §6-§10.

import type { BucketHash } from '../protocol/brands.ts';
import { openBucket } from '../protocol/bucket.ts';
import { bucketId, formatPrefix, type IndexName } from '../protocol/bucket-id.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Statement } from '../protocol/signed/statement.ts';
import { lookupFailure } from './errors.ts';
import type { CheckerSettings } from './options.ts';
import type { Authority } from './publication/authority.ts';
import { createHistory, type History } from './publication/history.ts';
import { createSnapshotReader } from './publication/reader.ts';
import { indexOf, type LayeredIndex, maxAnswerBytes, type Snapshot } from './publication/snapshot.ts';
import { attachReplica } from './replica/attachable.ts';
import { createBucketCache, type LayerBucket, type LayeredBucket } from './transport/bucket-cache.ts';
import type { Deadline } from './transport/deadline.ts';
import { createSend, OCTETS, refuseOctets, type Send } from './transport/requests.ts';
import { createSingleFlight } from './transport/single-flight.ts';

export interface Service {
  /** Sends a request below the base URL. @throws LookupError */
  readonly send: Send;
  readonly history: Pick<History, 'isCaught' | 'catch'>;
  /** Fetches what is published now, and verifies it. @throws LookupError */
  fetchSnapshot(deadline: Deadline): Promise<Snapshot>;
  /**
   * Returns a verified bucket: a cached one, one in flight for another check, or a new one.
   * @throws LookupError, `SNAPSHOT_CHANGED` if the service no longer serves that snapshot
   */
  fetchBucket(snapshot: Snapshot, index: IndexName, hash: BucketHash, deadline: Deadline): Promise<LayeredBucket>;
  /** Whether checks can be asked at all: a replica has all indexes. @throws LookupError */
  assertHeld(snapshot: Snapshot): void;
  /**
   * Verifies lengths and tails of a bucket from any response, in all layers.
   * @throws LookupError `BODY_MALFORMED`, `BODY_FORGED`
   */
  openBody(body: Uint8Array, snapshot: Snapshot, index: IndexName, hash: BucketHash): LayeredBucket;
}

/** @param assertKey rejects a statement of another key. It throws LookupError `KEY_MISMATCH` */
export function createService(
  settings: CheckerSettings,
  authority: Authority,
  assertKey: (statement: Statement) => void,
): Service {
  const buckets = createBucketCache(settings.bucketCacheBytes);
  const flights = createSingleFlight<LayeredBucket>(settings.timeoutMs);
  const network = createSend(settings);
  const { replica: option } = settings;
  const replica = option && attachReplica(option, { settings, network, authority, assertKey });
  const send = replica?.send ?? network;
  const history = createHistory(settings.memory, authority);
  const reader = createSnapshotReader({ settings, send, authority, history, assertKey });

  return {
    send,
    history,
    openBody,
    fetchSnapshot: (deadline) => reader.fetch(deadline).catch(replica?.refuse),
    assertHeld: (snapshot) => replica?.assertHeld(snapshot),

    async fetchBucket(snapshot, index, hash, deadline) {
      const { snapshot: id } = snapshot;
      const [{ prefixBits }] = indexOf(snapshot, index);
      const path = `v1/${index}/${formatPrefix(bucketId(hash, prefixBits), prefixBits)}?snapshot=${id}`;
      const open = (body: Uint8Array): LayeredBucket => {
        const bucket = openBody(body, snapshot, index, hash);
        buckets.put(id, path, bucket);
        return bucket;
      };
      const fetchOnce = async (shared: Deadline): Promise<LayeredBucket> => {
        const maxBytes = maxAnswerBytes(indexOf(snapshot, index));
        return open(await send({ path, accept: OCTETS, maxBytes, deadline: shared, refuse: refuseOctets(id) }));
      };
      const known = buckets.get(id, path);
      if (known) return known;
      if (replica) return open(replica.read(snapshot, index, bucketId(hash, prefixBits)));
      return flights.share(path, deadline, fetchOnce);
    },
  };
}

export const openBody: Service['openBody'] = (body, snapshot, index, hash) => {
  let end = body.length;
  // From the last one: all but the first have one length.
  const opened = indexOf(snapshot, index)
    .toReversed()
    .map((layered, i, { length }) => {
      const start = i === length - 1 ? 0 : Math.max(0, end - maxAnswerBytes([layered]));
      const bucket = openLayer(body.subarray(start, end), layered, snapshot, index, hash);
      end = start;
      return bucket;
    });
  return opened.toReversed();
};

/**
 * Verifies length and tail of a body in one layer.
 * @throws LookupError `BODY_MALFORMED`, `BODY_FORGED`
 */
export function openLayer(
  body: Uint8Array,
  { prefixBits, bodyBytes, metadataBytes, auth, layer }: LayeredIndex,
  { askedForms }: Pick<Snapshot, 'askedForms'>,
  index: IndexName,
  hash: BucketHash,
): LayerBucket {
  if (!bodyBytes.includes(body.length - auth.upperBytes))
    throw lookupFailure('BODY_MALFORMED', { detail: 'an unannounced length' });
  try {
    const bucket = openBucket(body, { layer, index, prefixBits, id: bucketId(hash, prefixBits) }, auth);
    // A bucket without forms would answer that the password resembles none.
    const hasForms = index === 'account' && askedForms !== undefined;
    if (bucket.metadataBytes !== metadataBytes || (bucket.forms !== undefined) !== hasForms)
      throw lookupFailure('BODY_MALFORMED', { detail: 'an unannounced format' });
    return { ...bucket, layer };
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw lookupFailure(cause.code === 'BUCKET_FORGED' ? 'BODY_FORGED' : 'BODY_MALFORMED', { cause });
  }
}
