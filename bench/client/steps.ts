// The steps of a check and of the server's response, one function at a time.

import type { BucketId, EntryTag } from '../../protocol/brands.ts';
import { encodeBucket, findEntry, openBucket } from '../../protocol/bucket.ts';
import { entryTag, metadataPad } from '../../protocol/entry.ts';
import { normalizePassword, normalizeUsername } from '../../protocol/normalize.ts';
import { EntryKind, pairInput } from '../../protocol/private-input.ts';
import { createMacAuth } from '../../protocol/seal.ts';
import { openDataset } from '../../store/dataset.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import type { MadeDataset } from '../../test/support/dataset.ts';
import { createRandom } from '../../test/support/random.ts';
import type { Figure } from '../harness/figure.ts';
import { measureMicro } from '../harness/micro.ts';

const SEED = 2;
const ENTRIES = 1000;
const USERNAME = 'someone@example.com';
const PASSWORD = 'correct horse battery staple';

export async function measureSteps({ folder, suite }: MadeDataset): Promise<Figure[]> {
  const random = createRandom(SEED);
  const snapshot = await openSnapshot(openDataset(folder));
  try {
    const account = snapshot.facts.indexes.account;
    if (!account) throw new Error('the dataset has no account index');
    const tags = Float64Array.from({ length: ENTRIES }, () => random.below(2 ** 48)).sort();
    const metadata = random.bytes(ENTRIES);
    const place = { layer: snapshot.facts.layer, index: 'account', prefixBits: 8, id: 7 as BucketId } as const;
    const body = encodeBucket({ tags, metadata, metadataBytes: 1 }, place, suite.sealKey);
    const input = pairInput(normalizeUsername(USERNAME), normalizePassword(PASSWORD));
    const pad = metadataPad(snapshot.facts.layer, suite.evaluate(input));
    const buckets = 2 ** account.prefixBits;
    return await measureMicro([
      {
        name: 'derive',
        note: 'a pair: normalize, bucket, tag (hmac suite on noble)',
        run: () => {
          const username = normalizeUsername(USERNAME);
          const output = suite.evaluate(pairInput(username, normalizePassword(PASSWORD)));
          return [suite.accountBucketHash(username), entryTag(output)];
        },
      },
      {
        name: 'encode',
        note: `${ENTRIES} entries with metadata and seal: ${body.length} bytes`,
        run: () => encodeBucket({ tags, metadata, metadataBytes: 1 }, place, suite.sealKey),
      },
      {
        name: 'decode and search',
        note: `${ENTRIES} entries, seal checked on noble`,
        run: () =>
          findEntry(openBucket(body, place, createMacAuth(suite.sealKey)), tags[500] as EntryTag, pad, EntryKind.pair),
      },
      {
        name: 'snapshot get',
        note: `a random bucket from its file, padded to ${account.bodyBytes.at(-1)} bytes`,
        run: () => snapshot.paddedBody('account', random.below(buckets) as BucketId),
      },
    ]);
  } finally {
    snapshot.close();
  }
}
