// SDK checks on a replica: no server answers them.

import fs from 'node:fs';
import path from 'node:path';
import { addClient } from '../../access/client-file.ts';
import { createLeakChecker } from '../../client-sdk/index.ts';
import { createReplica } from '../../client-sdk/replica/replica.ts';
import { startServer } from '../../server/server.ts';
import type { MadeDataset, Pair } from '../../test/support/dataset.ts';
import { keyPinOf } from '../../test/support/pins.ts';
import { createRandom } from '../../test/support/random.ts';
import type { Figure } from '../harness/figure.ts';

const SEED = 3;
const CHECKS = 20_000;
const WARM_UP = 2_000;

/** @param keyed a dataset of the `hmac` suite, whose checks over loopback are measured too */
export async function measureReplica(keyed: MadeDataset, pairs: readonly Pair[]): Promise<Figure[]> {
  const home = path.dirname(keyed.folder);
  const cache = path.join(home, 'replica');
  const clientsFile = path.join(home, 'replica.clients.json');
  const clientKey = addClient(clientsFile, 'copy', {}, { replica: true }).keyText as string;
  const server = await startServer(keyed.folder, { port: 0, clientsFile, quotaFile: path.join(home, 'replica.quota') });
  const open = (bucketCacheBytes: number) => {
    const replica = createReplica({ cache, refreshMs: 0 });
    const options = { url: server.url, clientKey, ...keyPinOf(keyed), bucketCacheBytes, replica };
    return { replica, leaks: createLeakChecker(options) };
  };
  const startedAt = performance.now();
  const { bytes } = await open(0).replica.pull();
  const seconds = (performance.now() - startedAt) / 1_000;
  await server.close();
  const pull: Figure = {
    name: 'pull of a replica',
    value: bytes / 2 ** 20 / seconds,
    unit: 'MiB/s',
    note: `${(bytes / 2 ** 20).toFixed(1)} MiB over loopback, verified`,
  };
  const figures = [pull];
  for (const [held, bucketCacheBytes] of [
    ['read from its files', 0],
    ['buckets held', 2 ** 28],
  ] as const) {
    const { replica, leaks } = open(bucketCacheBytes);
    const random = createRandom(SEED);
    const latencies: number[] = [];
    for (let i = 0; i < WARM_UP + CHECKS; i++) {
      const verdict = await leaks.check(random.pick(pairs));
      if (verdict.status !== 'pair') throw new Error(`a leaked pair got the verdict ${verdict.status}`);
      if (i >= WARM_UP) latencies.push(verdict.durationMs);
    }
    replica.close();
    latencies.sort((a, b) => a - b);
    for (const percentile of [50, 99])
      figures.push({
        name: `SDK check on a replica (hmac, ${held}) p${percentile}`,
        value: latencies[Math.floor((CHECKS * percentile) / 100)] ?? Number.NaN,
        unit: 'ms',
        note: 'pair, username and password; goal: p50 under 0.05 ms',
      });
  }
  fs.rmSync(cache, { recursive: true });
  return figures;
}
