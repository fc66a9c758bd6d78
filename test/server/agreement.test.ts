// Agreement between workers: when a new snapshot becomes current.

import { expect, test } from 'vitest';
import type { DatasetId, SnapshotId } from '../../protocol/brands.ts';
import { SnapshotAgreement } from '../../server/snapshots/agreement.ts';

const DATASET = 'd1' as DatasetId;
const OTHER = 'd2' as DatasetId;
const [ONE, TWO, THREE] = ['000001-a', '000002-b', '000003-c'] as unknown as [SnapshotId, SnapshotId, SnapshotId];

/** The state of a promise. */
async function stateOf(promise: Promise<boolean>): Promise<boolean | 'waiting'> {
  return Promise.race([promise, new Promise<'waiting'>((resolve) => setImmediate(() => resolve('waiting')))]);
}

function workersOf(...names: string[]): SnapshotAgreement<string> {
  const agreement = new SnapshotAgreement<string>();
  for (const name of names) agreement.join(name);
  return agreement;
}

test('the agreement is reached once all workers have opened the snapshot', async () => {
  const agreement = workersOf('a', 'b', 'c');
  const a = agreement.opened('a', DATASET, TWO);
  const b = agreement.opened('b', DATASET, TWO);
  expect([await stateOf(a), await stateOf(b)]).toEqual(['waiting', 'waiting']);
  const c = agreement.opened('c', DATASET, TWO);
  expect(await Promise.all([a, b, c])).toEqual([true, true, true]);
});

test('the agreement waits for a worker without a snapshot and for one with an older snapshot', async () => {
  const agreement = workersOf('a');
  expect(await agreement.opened('a', DATASET, ONE)).toBe(true);
  agreement.join('new');
  const a = agreement.opened('a', DATASET, TWO);
  expect(await stateOf(a)).toBe('waiting');
  // This worker read CURRENT before the change. The other polls again and keeps waiting.
  void agreement.opened('new', DATASET, ONE);
  expect(await stateOf(a)).toBe(false);
  const again = agreement.opened('a', DATASET, TWO);
  expect(await stateOf(again)).toBe('waiting');
  expect(await agreement.opened('new', DATASET, TWO)).toBe(true);
  expect(await again).toBe(true);
});

test('the agreement on a snapshot ends once another worker has a newer one', async () => {
  const agreement = workersOf('a', 'b');
  const a = agreement.opened('a', DATASET, TWO);
  const b = agreement.opened('b', DATASET, THREE);
  expect(await stateOf(a)).toBe(false);
  expect(await stateOf(b)).toBe('waiting');
  expect(await agreement.opened('a', DATASET, THREE)).toBe(true);
  expect(await b).toBe(true);
});

test('the agreement does not wait for a worker that refused the snapshot or has exited', async () => {
  const agreement = workersOf('a', 'b', 'c');
  const a = agreement.opened('a', DATASET, TWO);
  agreement.refused('b', DATASET);
  expect(await stateOf(a)).toBe('waiting');
  const c = agreement.opened('c', DATASET, ONE);
  expect(await stateOf(a)).toBe(false);
  const again = agreement.opened('a', DATASET, TWO);
  agreement.leave('c');
  expect(await stateOf(c)).toBe(false);
  expect(await stateOf(again)).toBe(true);
});

test('each dataset has its own agreement', async () => {
  const agreement = workersOf('a', 'b');
  const a = agreement.opened('a', DATASET, TWO);
  void agreement.opened('b', OTHER, TWO);
  void agreement.opened('a', OTHER, ONE);
  expect(await stateOf(a)).toBe('waiting');
  void agreement.opened('b', DATASET, TWO);
  expect(await stateOf(a)).toBe(true);
});
