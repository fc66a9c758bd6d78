// Bucket GETs over HTTP, compared with a raw node:http server that sends a constant body of the
// same size.

import type { BucketId } from '../../protocol/brands.ts';
import { formatPrefix } from '../../protocol/bucket-id.ts';
import { openDataset } from '../../store/dataset.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import type { MadeDataset } from '../../test/support/dataset.ts';
import type { Figure } from '../harness/figure.ts';
import { measureLoad } from './http-load.ts';

export async function measureBucketGets({ folder }: MadeDataset): Promise<Figure[]> {
  const snapshot = await openSnapshot(openDataset(folder));
  const account = snapshot.facts.indexes.account;
  snapshot.close();
  if (account?.bodyBytes.length !== 1) throw new Error('the benchmark expects buckets of a single size');
  const { prefixBits, bodyBytes } = account;
  const paths = Array.from(
    { length: 2 ** prefixBits },
    (_, id) => `/v1/account/${formatPrefix(id as BucketId, prefixBits)}`,
  );
  const [bucket, raw] = await measureLoad([
    { server: { folder }, paths },
    { server: { bodyBytes: Number(bodyBytes[0]) }, paths: ['/'] },
  ]);
  if (!bucket || !raw) throw new Error('nothing was measured');
  const size = `bodies of ${bodyBytes[0]} bytes`;
  return [
    { name: 'HTTP bucket GET', value: bucket.requestsPerSecond, unit: 'requests/s', note: size },
    {
      name: 'raw node:http GET',
      value: raw.requestsPerSecond,
      unit: 'requests/s',
      note: 'a constant body of the same size',
    },
    {
      name: 'bucket GET to raw',
      value: bucket.requestsPerSecond / raw.requestsPerSecond,
      unit: 'ratio',
      note: 'goal: at least 0.65',
    },
    { name: 'HTTP bucket GET', value: bucket.cpuMicroseconds, unit: 'µs of server CPU' },
    { name: 'raw node:http GET', value: raw.cpuMicroseconds, unit: 'µs of server CPU' },
    {
      name: 'raw to bucket GET',
      value: raw.cpuMicroseconds / bucket.cpuMicroseconds,
      unit: 'ratio of CPU',
      note: 'valid even if the load generator is the bottleneck',
    },
  ];
}
