// A removed source is not answered any more: the snapshots that contain it are withdrawn.

import { test as base, describe, expect } from 'vitest';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { deleteRun } from '../../../store/run/run.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { pause } from '../../support/served-workers.ts';

interface World {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  /** Publishes, and waits until the server answers from the new snapshot. @returns its id */
  publish(): Promise<string>;
  /** The status of an answer from a snapshot. */
  statusOf(snapshot: string, path?: string): Promise<number>;
}

const test = base.extend<{ readonly world: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
  world: async ({}, use) => {
    const made = await makeDataset({ pairs: seededPairs(20) });
    const server = await startServer(made.folder, { port: 0, pollIntervalMs: 5 });
    const current = async (): Promise<string | null> =>
      (await fetch(`${server.url}/v1/account/0`)).headers.get('credveil-snapshot');
    await use({
      made,
      server,
      publish: async () => {
        const { snapshot } = await made.publish();
        while ((await current()) !== snapshot) await pause();
        return snapshot;
      },
      statusOf: async (snapshot, path = '/v1/account/0') =>
        (await fetch(`${server.url}${path}?snapshot=${snapshot}`)).status,
    });
    await server.close({ deadlineMs: 100 });
    made.dispose();
  },
});

describe('a snapshot with a source that was removed', () => {
  test('is closed, and requests for it are answered 410', async ({ world }) => {
    world.made.addSource('second', { pairs: seededPairs(20, 2) });
    const before = await world.publish();
    expect(await world.statusOf(before)).toBe(200);
    deleteRun(world.made.dataset, 'second');
    const after = await world.publish();
    expect(await world.statusOf(after)).toBe(200);
    expect(await world.statusOf(before)).toBe(410);
    expect(await world.statusOf(before, '/v1/filter/password')).toBe(410);
  });

  test('while one to which a source was added stays for clients that know it', async ({ world }) => {
    const before = await world.publish();
    world.made.addSource('second', { pairs: seededPairs(20, 2) });
    await world.publish();
    expect(await world.statusOf(before)).toBe(200);
  });
});
