// A removed source is not answered any more: the snapshots that contain it are withdrawn.

import fs from 'node:fs';
import { test as base, describe, expect } from 'vitest';
import type { ServerEvent } from '../../../runtime/events.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { openDataset } from '../../../store/dataset.ts';
import { deleteRun } from '../../../store/run/run.ts';
import { publish } from '../../../store/snapshot/publish.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { pause } from '../../support/served-workers.ts';

interface World {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  readonly events: readonly ServerEvent[];
  /** Publishes, and waits until the server answers from the new snapshot. @returns its id */
  publish(): Promise<string>;
  /** The status of an answer from a snapshot. */
  statusOf(snapshot: string, path?: string): Promise<number>;
}

const test = base.extend<{ readonly world: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
  world: async ({}, use) => {
    const made = await makeDataset({ pairs: seededPairs(20) });
    const events: ServerEvent[] = [];
    const onEvent = (event: ServerEvent): void => void events.push(event);
    const server = await startServer(made.folder, { port: 0, pollIntervalMs: 5, onEvent });
    const current = async (): Promise<string | null> =>
      (await fetch(`${server.url}/v1/account/0`)).headers.get('credveil-snapshot');
    await use({
      made,
      server,
      events,
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

/** Publishes a copy of a dataset's folder. */
const publishAt = async (folder: string, { suite }: MadeDataset) => (await publish(openDataset(folder), suite)).facts;

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

  test.for([
    ['its file is cut', (file: string) => fs.truncateSync(`${file}.account`, 100)],
    ['its facts are missing', (file: string) => fs.rmSync(`${file}.json`)],
    ['its filter is altered', (file: string) => fs.writeFileSync(`${file}.filter`, 'x')],
  ] as const)('is not answered either if the next one cannot be opened: %s', async ([, spoil], { world }) => {
    const { made, server, events } = world;
    made.addSource('second', { pairs: seededPairs(20, 2) });
    const before = await world.publish();
    const current = fs.readFileSync(`${made.folder}/CURRENT`);
    deleteRun(made.dataset, 'second');
    // The server may see CURRENT at any moment, so the broken snapshot is made beside it.
    const beside = `${made.folder}.beside`;
    fs.cpSync(made.folder, beside, { recursive: true });
    const { snapshot } = await publishAt(beside, made);
    const name = snapshot.slice(0, 6);
    spoil(`${beside}/snapshots/${name}`);
    fs.cpSync(`${beside}/snapshots`, `${made.folder}/snapshots`, { recursive: true });
    const broken = fs.readFileSync(`${beside}/CURRENT`);
    fs.rmSync(beside, { recursive: true });
    expect(await world.statusOf(before)).toBe(200);
    fs.writeFileSync(`${made.folder}/CURRENT`, broken);
    while ((await fetch(`${server.url}/readyz`)).ok) await pause();
    for (const route of ['head', `statement/${before}`, 'account/0', 'password/0', 'filter/password', 'status'])
      for (const query of ['', `?snapshot=${before}`]) {
        const answer = await fetch(`${server.url}/v1/${route}${query}`);
        if (answer.status !== 404) expect([route, answer.status]).toEqual([route, 503]);
      }
    const problem = await fetch(`${server.url}/v1/account/0?snapshot=${before}`);
    expect(await problem.json()).toMatchObject({ code: 'SNAPSHOT_WITHDRAWN', hint: expect.any(String) });
    expect(problem.headers.get('cache-control')).toBe('no-store');
    const health = await fetch(`${server.url}/healthz`);
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok', withdrawn: [made.dataset.id] }]);
    expect(events.filter(({ event }) => event === 'snapshot-withdrawn')).toMatchObject([{ snapshot: before }]);
    const gauge = (await server.metrics()).flat().find(({ name }) => name === 'credveil_snapshot_withdrawn');
    expect(gauge?.values.map(({ value }) => value)).toEqual([1]);
    // Whoever puts the old one back, as from a backup, means it.
    fs.writeFileSync(`${made.folder}/CURRENT`, current);
    while (!(await fetch(`${server.url}/readyz`)).ok) await pause();
    expect(await world.statusOf(before)).toBe(200);
  });

  test('while one to which a source was added stays for clients that know it', async ({ world }) => {
    const before = await world.publish();
    world.made.addSource('second', { pairs: seededPairs(20, 2) });
    await world.publish();
    expect(await world.statusOf(before)).toBe(200);
  });
});
