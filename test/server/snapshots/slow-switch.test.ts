// A removed source is not answered for long, though a process is slow to open the next snapshot, or
// the others are.

import { afterEach, test as base, describe, expect, vi } from 'vitest';
import type { ServerEvent } from '../../../runtime/events.ts';
import { ServedSnapshots, type SnapshotPeers } from '../../../server/snapshots/snapshots.ts';
import { deleteRun } from '../../../store/run/run.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { pause } from '../../support/served-workers.ts';

/** Holds the opening of snapshots back while it is pending. */
const gate = vi.hoisted(() => ({ open: Promise.resolve() as Promise<void> }));
vi.mock('../../../server/snapshots/served-snapshot.ts', async (load) => {
  const real = await load<typeof import('../../../server/snapshots/served-snapshot.ts')>();
  return {
    ...real,
    openServed: async (...args: Parameters<typeof real.openServed>) => {
      await gate.open;
      return real.openServed(...args);
    },
  };
});
afterEach(() => {
  gate.open = Promise.resolve();
});

interface World {
  readonly made: MadeDataset;
  readonly events: readonly ServerEvent[];
  /** Serves the dataset beside processes that never open the next snapshot. */
  readonly served: ServedSnapshots;
  /** The snapshots that this process reported to them. */
  readonly reported: readonly string[];
  /** The snapshot that is served at first. It contains the source `second`. */
  readonly before: string;
}

const test = base.extend<{ readonly world: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
  world: async ({}, use) => {
    const made = await makeDataset({ pairs: seededPairs(20) });
    made.addSource('second', { pairs: seededPairs(20, 2) });
    const { snapshot: before } = await made.publish();
    const events: ServerEvent[] = [];
    const reported: string[] = [];
    const peers: SnapshotPeers = {
      opened: (_dataset, snapshot) => {
        reported.push(snapshot);
        return new Promise(() => {});
      },
      refused: () => {},
    };
    const served = await ServedSnapshots.open(made.dataset, {
      maxHeldBytes: 0,
      pollIntervalMs: 2,
      withdrawMs: 10,
      peers,
      onEvent: (event) => void events.push(event),
    });
    await use({ made, events, served, reported, before });
    await served.close();
    made.dispose();
  },
});

describe('a snapshot with a removed source', () => {
  test('is replaced though other processes have not opened the next one', async ({ world }) => {
    const { made, served, reported, before } = world;
    deleteRun(made.dataset, 'second');
    const { snapshot } = await made.publish();
    while (served.current.id !== snapshot) await pause();
    expect(served.find(before)).toBeUndefined();
    expect(served.isWithdrawn).toBe(false);
    expect(reported).toContain(snapshot);
  });

  test('is not answered while the next one is being opened, until that is open', async ({ world }) => {
    const { made, served, events, before } = world;
    let open = (): void => {};
    gate.open = new Promise((resolve) => {
      open = resolve;
    });
    deleteRun(made.dataset, 'second');
    const { snapshot } = await made.publish();
    while (!served.isWithdrawn) await pause();
    expect(served.current.id).toBe(before);
    expect(events.filter(({ event }) => event === 'snapshot-withdrawn')).toMatchObject([
      { snapshot: before, hint: expect.stringContaining('503') },
    ]);
    open();
    while (served.isWithdrawn) await pause();
    expect(served.current.id).toBe(snapshot);
    expect(served.find(before)).toBeUndefined();
  });

  test('while one to which a source was added is answered until all have opened the next', async ({ world }) => {
    const { made, served, reported, before } = world;
    made.addSource('third', { pairs: seededPairs(20, 3) });
    const { snapshot } = await made.publish();
    while (!reported.includes(snapshot)) await pause();
    for (let polls = 0; polls < 50; polls++) await pause();
    expect([served.current.id, served.isWithdrawn]).toEqual([before, false]);
    // Those that ask for it are answered already.
    expect(served.find(snapshot)?.id).toBe(snapshot);
  });
});
