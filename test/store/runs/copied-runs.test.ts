// Runs that were copied from another machine: with a right checksum, but with content that
// contradicts other runs or PROTOCOL.md §11.

import { describe, expect } from 'vitest';
import type { LayerId } from '../../../protocol/brands.ts';
import { KIND_AT, RECORD_BYTES, SEED_AT, writeTimes } from '../../../store/run/record.ts';
import { openRuns, runPath } from '../../../store/run/run.ts';
import type { RunFacts } from '../../../store/run/run-facts.ts';
import { createNodePads } from '../../../store/snapshot/parts/pads.ts';
import { publish } from '../../../store/snapshot/publish.ts';
import { verifyDataset } from '../../../store/verify.ts';
import { credveil } from '../../support/credveil.ts';
import { type MadeDataset, seededPairs } from '../../support/dataset.ts';
import { storeError } from '../../support/errors.ts';
import { copyRun, type RunChange } from '../../support/store/copied-run.ts';
import { datasetTest } from '../../support/vitest/fixtures.ts';

const test = datasetTest({ pairs: seededPairs(40), published: false });

/** Adds a changed copy of the first run. */
function addCopy(made: MadeDataset, change: RunChange, name = 'copy'): void {
  copyRun(runPath(made.dataset, 'first'), runPath(made.dataset, name), change);
}

/** Changes every record, or only the one at this place. */
const eachRecord =
  (change: (records: Buffer, at: number) => void, only?: number): NonNullable<RunChange['records']> =>
  (records) => {
    for (let place = 0; place < records.length / RECORD_BYTES; place++)
      if (only === undefined || only === place) change(records, place * RECORD_BYTES);
  };

const flip = (records: Buffer, at: number): void => {
  records[at] = (records[at] as number) ^ 1;
};

/** Names the file or, where two runs contradict each other, both of them. */
const corrupt = (...names: readonly string[]): Error =>
  expect.objectContaining({
    code: 'RUN_CORRUPT',
    message: expect.stringMatching(new RegExp(names.map((name) => `(?=.*\\b${name}\\b)`).join(''), 's')),
    hint: expect.stringMatching(/credveil remove|ingest/),
  }) as Error;

describe('a run that contradicts another', () => {
  test.for<readonly [title: string, change: (records: Buffer, at: number) => void]>([
    ['the first byte of its seeds', (records, at) => flip(records, at + SEED_AT)],
    ['the last byte of its seeds', (records, at) => flip(records, at + SEED_AT + 7)],
    [
      'its kinds',
      (records, at) => {
        const kind = records[at + KIND_AT] as number;
        records[at + KIND_AT] = kind === 3 ? 3 : 3 - kind;
      },
    ],
  ])('a copy with other bytes in %s is refused by publish and verify', async ([, change], { made }) => {
    await made.publish();
    addCopy(made, { records: eachRecord(change) });
    await expect(publish(made.dataset, made.suite)).rejects.toThrow(corrupt('copy', 'first'));
    await expect(verifyDataset(made.dataset, made.suite)).rejects.toThrow(corrupt('copy', 'first'));
    await expect(verifyDataset(made.dataset), 'without the key').rejects.toThrow(corrupt('copy', 'first'));
  });

  test('one record of a later run suffices', async ({ made }) => {
    addCopy(made, {}, 'honest');
    addCopy(made, { records: eachRecord((records, at) => flip(records, at + SEED_AT), 57) });
    await expect(publish(made.dataset, made.suite)).rejects.toThrow(storeError('RUN_CORRUPT'));
  });

  test.for(['first-copy', 'zz-copy'])('groups of runs notice %s', async (name, { made }) => {
    // Groups of 16: one copy is in the group of the first run, the other is not.
    for (let i = 0; i < 20; i++) made.addSource(`other-${i}`, { pairs: seededPairs(3, 10 + i) });
    addCopy(made, { records: eachRecord((records, at) => flip(records, at + SEED_AT), 3) }, name);
    const memoryBytes = 1;
    await expect(publish(made.dataset, made.suite, { memoryBytes })).rejects.toThrow(corrupt(name, 'first'));
  });

  test('records of the test credentials that contradict the key are refused', async ({ made }) => {
    made.addSource('canary', { pairs: [{ username: 'canary@credveil.invalid', password: 'credveil-canary' }] });
    const canary = runPath(made.dataset, 'canary');
    copyRun(canary, canary, { records: eachRecord((records, at) => flip(records, at + SEED_AT)) });
    await expect(publish(made.dataset, made.suite)).rejects.toThrow(corrupt('canary'));
    await expect(verifyDataset(made.dataset, made.suite)).rejects.toThrow(corrupt('canary'));
  });
});

describe('a run against PROTOCOL.md §11', () => {
  test.for<readonly [title: string, change: (records: Buffer, at: number) => void]>([
    ['kind 0', (records, at) => records.writeUInt8(0, at + KIND_AT)],
    ['kind 5', (records, at) => records.writeUInt8(5, at + KIND_AT)],
    ['kind 200', (records, at) => records.writeUInt8(200, at + KIND_AT)],
    ['kind 3 in the account index', (records, at) => records.writeUInt8(3, at + KIND_AT)],
    ['kind 4 without similarity forms', (records, at) => records.writeUInt8(4, at + KIND_AT)],
    ['times 0', (records, at) => writeTimes(records, at, 0)],
  ])('a run with %s in one record is refused by publish and verify', async ([, change], { made }) => {
    await made.publish();
    addCopy(made, { records: eachRecord(change, 5) });
    await expect(publish(made.dataset, made.suite)).rejects.toThrow(corrupt('copy'));
    await expect(verifyDataset(made.dataset, made.suite)).rejects.toThrow(corrupt('copy'));
  });

  test('a run with another number of usernames than its facts say is refused', async ({ made }) => {
    addCopy(made, {
      facts: (facts: RunFacts) => ({
        ...facts,
        sections: facts.sections.map((section) =>
          section.usernames === undefined ? section : { ...section, usernames: section.usernames + 1 },
        ),
      }),
    });
    await expect(publish(made.dataset, made.suite)).rejects.toThrow(corrupt('copy'));
    await expect(verifyDataset(made.dataset, made.suite)).rejects.toThrow(corrupt('copy'));
  });

  test('verify notices records out of order', async ({ made }) => {
    addCopy(made, {
      records: (records) => {
        const first = Buffer.from(records.subarray(0, RECORD_BYTES));
        records.copyWithin(0, RECORD_BYTES, 2 * RECORD_BYTES);
        first.copy(records, RECORD_BYTES);
      },
    });
    await expect(verifyDataset(made.dataset, made.suite)).rejects.toThrow(corrupt('copy'));
  });

  test.for<readonly [title: string, change: object]>([
    ['month 13', { date: '2024-13' }],
    ['month 00', { date: '2024-00' }],
    ['month 99', { date: '2024-99' }],
    ['more lines than it explains', { lines: 41 }],
    ['fewer lines than credentials', { lines: 1 }],
    ['more records than its credentials make', { lines: 2, credentials: 2 }],
    ['a reason that is no name', { lines: 41, rejects: { 'bad\u001b[31m': 1 } }],
    ['a format that is no name', { format: 'combo\u0007' }],
    ['a file without a checksum', { files: [{ name: 'a.txt', bytes: 1, sha256: 'x' }] }],
    ['an index twice', { indexes: ['account', 'account', 'password'] }],
    ['a list for its rejects', { rejects: [] }],
  ])('a run whose facts have %s is refused', ([, change], { made }) => {
    addCopy(made, { facts: (facts: RunFacts) => ({ ...facts, ...change }) });
    expect(() => openRuns(made.dataset)).toThrow(corrupt('copy'));
  });

  test('a copy without a change is accepted and counts twice', async ({ made }) => {
    addCopy(made, {});
    const { facts } = await publish(made.dataset, made.suite);
    expect(facts.sources).toHaveLength(2);
    expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ runs: 2 });
  });
});

describe('verify', () => {
  test('the command verifies runs where there is no key, and says what it left out', async ({ made }) => {
    await made.publish();
    const args = ['verify', made.folder, '--without-key'];
    const whole = await credveil(args);
    expect(whole).toMatchObject({ code: 0, stdout: expect.stringContaining('seals not verified without a key') });
    addCopy(made, { records: eachRecord((records, at) => flip(records, at + SEED_AT), 5) });
    const contradicted = await credveil(args);
    expect(contradicted.stderr).toMatch(/^error RUN_CORRUPT: .*first.*copy|^error RUN_CORRUPT: .*copy.*first/m);
    expect(contradicted.code).toBe(1);
  });

  test('reports whether the snapshot was made from these runs', async ({ made }) => {
    await made.publish();
    expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true, keyed: true });
    made.addSource('second', { pairs: seededPairs(20, 2) });
    expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: false });
    expect(await verifyDataset(made.dataset)).toMatchObject({ matched: null, keyed: false });
  });

  test('a snapshot with other entries than its runs make is refused, though seals and figures fit', async ({
    made,
  }) => {
    const otherLayer = '00112233445566778899aabbccddeeff' as LayerId;
    await publish(made.dataset, made.suite, { createPads: () => createNodePads(otherLayer) });
    await expect(verifyDataset(made.dataset, made.suite)).rejects.toThrow(storeError('SNAPSHOT_CORRUPT'));
  });
});
