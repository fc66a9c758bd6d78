// The service of a checker: the published snapshot, its buckets, and the checks that an answer must
// pass. PROTOCOL.md §6-§10.

import type { BucketHash } from '../protocol/brands.ts';
import { type Bucket, openBucket } from '../protocol/bucket.ts';
import { bucketId, formatPrefix, type IndexName } from '../protocol/bucket-id.ts';
import { ProtocolError } from '../protocol/errors.ts';
import type { Statement } from '../protocol/signed/statement.ts';
import { lookupFailure } from './errors.ts';
import type { CheckerSettings } from './options.ts';
import type { Authority } from './publication/authority.ts';
import { createHistory, type History } from './publication/history.ts';
import { createSnapshotReader } from './publication/reader.ts';
import { indexOf, maxAnswerBytes, type Snapshot } from './publication/snapshot.ts';
import { attachReplica } from './replica/attachable.ts';
import { createBucketCache } from './transport/bucket-cache.ts';
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
  fetchBucket(snapshot: Snapshot, index: IndexName, hash: BucketHash, deadline: Deadline): Promise<Bucket>;
  /**
   * Verifies length and tail of a bucket from any response.
   * @throws LookupError `BODY_MALFORMED`, `BODY_FORGED`
   */
  openBody(body: Uint8Array, snapshot: Snapshot, index: IndexName, hash: BucketHash): Bucket;
}

/** @param assertKey rejects a statement of another key. It throws LookupError `KEY_MISMATCH` */
export function createService(
  settings: CheckerSettings,
  authority: Authority,
  assertKey: (statement: Statement) => void,
): Service {
  const buckets = createBucketCache(settings.bucketCacheBytes);
  const flights = createSingleFlight<Bucket>(settings.timeoutMs);
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
    fetchSnapshot: reader.fetch,

    async fetchBucket(snapshot, index, hash, deadline) {
      const { snapshot: id } = snapshot;
      const { prefixBits } = indexOf(snapshot, index);
      const path = `v1/${index}/${formatPrefix(bucketId(hash, prefixBits), prefixBits)}?snapshot=${id}`;
      const open = (body: Uint8Array): Bucket => {
        const bucket = openBody(body, snapshot, index, hash);
        buckets.put(id, path, bucket);
        return bucket;
      };
      const fetchOnce = async (shared: Deadline): Promise<Bucket> => {
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
  const { prefixBits, bodyBytes, metadataBytes, auth } = indexOf(snapshot, index);
  if (!bodyBytes.includes(body.length - auth.upperBytes))
    throw lookupFailure('BODY_MALFORMED', { detail: 'an unannounced length' });
  try {
    const place = { layer: snapshot.layer, index, prefixBits, id: bucketId(hash, prefixBits) };
    const bucket = openBucket(body, place, auth);
    // A bucket without forms would answer that the password resembles none.
    const hasForms = index === 'account' && snapshot.askedForms !== undefined;
    if (bucket.metadataBytes !== metadataBytes || (bucket.forms !== undefined) !== hasForms)
      throw lookupFailure('BODY_MALFORMED', { detail: 'an unannounced format' });
    return bucket;
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw lookupFailure(cause.code === 'BUCKET_FORGED' ? 'BODY_FORGED' : 'BODY_MALFORMED', { cause });
  }
};
