// Checks through the SDK, as a login handler makes them.

import { createLeakChecker } from '../client-sdk/index.ts';
import { startServer } from '../server/server.ts';
import type { MadeDataset, Pair } from '../test/fixtures/dataset.ts';
import { createRandom } from '../test/fixtures/random.ts';
import type { Figure } from './figure.ts';

const SEED = 3;
const CHECKS = 2000;
const WARM_UP = 200;

export async function measureChecks({ folder, key }: MadeDataset, pairs: readonly Pair[]): Promise<Figure[]> {
  const random = createRandom(SEED);
  const server = await startServer(folder, { port: 0 });
  try {
    const checker = createLeakChecker({ url: server.url, key: key.revealText(), timeoutMs: 5000 });
    const latencies: number[] = [];
    for (let i = 0; i < WARM_UP + CHECKS; i++) {
      const verdict = await checker.check(random.pick(pairs));
      if (verdict.status !== 'pair') throw new Error(`a member was ${verdict.status}`);
      if (i >= WARM_UP) latencies.push(verdict.durationMs);
    }
    latencies.sort((a, b) => a - b);
    return [50, 99].map((percentile) => ({
      name: `SDK check p${percentile}`,
      value: latencies[Math.floor((CHECKS * percentile) / 100)] ?? Number.NaN,
      unit: 'ms',
      note: 'pair, username and password over loopback; server in the same process',
    }));
  } finally {
    await server.close();
  }
}
