// Lookups of leaked and clean pairs in a published corpus, with a client's steps: bucket, seal,
// tag, kind.

import type { BucketId } from '../../protocol/brands.ts';
import { type Bucket, findEntry, openBucket } from '../../protocol/bucket.ts';
import { bucketId } from '../../protocol/bucket-id.ts';
import { entryTag, metadataPad } from '../../protocol/entry.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { EntryKind, pairInput } from '../../protocol/private-input.ts';
import { createBucketAuth } from '../../protocol/signed/merkle.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import type { Dataset } from '../../store/dataset.ts';
import { nodeHmacSha256 } from '../../store/snapshot/layout/node-hmac.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { type IngestCase, type SeededPair, seededPair, strangerPair } from './ingest-cases.ts';

/** Looks up `lookups` of the `pairs` leaked pairs, and as many clean pairs with known usernames. */
export async function countFound(
  dataset: Dataset,
  suite: KeyedSuite,
  kind: IngestCase,
  pairs: number,
  lookups: number,
): Promise<{ readonly membersFound: number; readonly strangersFound: number }> {
  const snapshot = await openSnapshot(dataset);
  try {
    const { layer, indexes } = snapshot.facts;
    const { prefixBits = 0 } = indexes.account ?? {};
    const auth = createBucketAuth({ prefixBits, ...indexes.account }, suite.sealKey, nodeHmacSha256);
    const open = (id: BucketId): Bucket => {
      const body = snapshot.paddedBody('account', id);
      if (!body) throw new Error('the dataset has no account index');
      return openBucket(body, { layer, index: 'account', prefixBits, id }, auth);
    };
    const isFound = ({ username, password }: SeededPair): boolean => {
      const name = normalizeUsername(username);
      const output = suite.evaluate(pairInput(name, normalizePassword(password)));
      const bucket = open(bucketId(suite.accountBucketHash(name), prefixBits));
      return (
        findEntry(bucket, entryTag(output), metadataPad(snapshot.facts.layer, output), EntryKind.pair) !== undefined
      );
    };
    let membersFound = 0;
    let strangersFound = 0;
    for (let i = 0; i < lookups; i++) {
      // Spreads the lookups over the whole corpus.
      const place = Math.floor((i * pairs) / lookups);
      if (isFound(seededPair(kind, place, pairs))) membersFound++;
      if (isFound(strangerPair(kind, place, pairs))) strangersFound++;
    }
    return { membersFound, strangersFound };
  } finally {
    snapshot.close();
  }
}
