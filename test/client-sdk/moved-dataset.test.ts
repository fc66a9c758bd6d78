// A checker moved to another dataset under the same key.

import { expect, test } from 'vitest';
import { createLeakChecker } from '../../client-sdk/index.ts';
import { startServer } from '../../server/server.ts';
import { makeDataset } from '../support/dataset.ts';
import { keyPinOf } from '../support/pins.ts';

test('a checker that has seen one dataset rejects another under the same key', async () => {
  const leaked = { username: 'ana@example.test', password: 'leaked in the first' };
  const first = await makeDataset({ pairs: [leaked] });
  const second = await makeDataset({ pairs: [{ username: 'ben@example.test', password: 'x' }] });
  expect(second.key.keyId).toBe(first.key.keyId);
  const servers = [await startServer(first.folder, { port: 0 }), await startServer(second.folder, { port: 0 })];
  try {
    let served = 0;
    const moved: typeof fetch = (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      return fetch(new URL(url.pathname + url.search, servers[served]?.url), init);
    };
    const checker = createLeakChecker({
      url: 'http://leaks.test/',
      ...keyPinOf(first),
      timeoutMs: 10_000,
      headMaxAgeMs: 0,
      bucketCacheBytes: 0,
      fetch: moved,
    });
    expect(await checker.check(leaked)).toMatchObject({ status: 'pair' });
    served = 1;
    const verdicts = [await checker.check(leaked), await checker.check(leaked), await checker.check(leaked)];
    for (const { status } of verdicts) expect(status).toBe('unknown');
    expect(verdicts.at(-1)).toMatchObject({ reason: 'DATASET_MISMATCH' });
    served = 0;
    expect(await checker.check(leaked)).toMatchObject({ status: 'pair' });
  } finally {
    for (const server of servers) await server.close();
    first.dispose();
    second.dispose();
  }
});
