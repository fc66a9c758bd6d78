// Fixtures of tests of the pages and their figures: two datasets behind one server.

import { test as base } from 'vitest';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs, seededPasswords } from '../dataset.ts';
import { perFile } from '../per-file.ts';

type Get = (target: string, headers?: Record<string, string>, method?: string) => Promise<Response>;

interface Fixtures {
  /** The first has both indexes and two sources. */
  readonly datasets: [MadeDataset, MadeDataset];
  readonly server: CredveilServer;
  readonly get: Get;
}

async function makeDatasets(): Promise<[MadeDataset, MadeDataset]> {
  const first = await makeDataset({ pairs: seededPairs(300), passwords: seededPasswords(40) });
  const second = await makeDataset({ pairs: seededPairs(100), keySeed: 2 });
  first.addSource('second-2021', { pairs: seededPairs(50, 3) });
  await first.publish();
  return [first, second];
}

export const test = base.extend<Fixtures>({
  datasets: perFile(makeDatasets, (datasets) => {
    for (const made of datasets) made.dispose();
  }),
  server: [
    async ({ datasets }, use) => {
      const [first, second] = datasets;
      const server = await startServer(first.folder, {
        port: 0,
        allowedOrigins: ['*'],
        additional: [{ folder: second.folder }],
      });
      await use(server);
      await server.close({ deadlineMs: 100 });
    },
    { scope: 'file' },
  ],
  get: async ({ server }, use) => {
    await use((target, headers = {}, method = 'GET') => fetch(`${server.url}${target}`, { headers, method }));
  },
});
