// What a publish of added sources writes, keeps, merges and refuses.

import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { HeadKey, SigningSeed } from '../../../protocol/brands.ts';
import { normalizeUsername } from '../../../protocol/normalize.ts';
import { snapshotsFolder } from '../../../store/dataset.ts';
import { setExpiry } from '../../../store/retention/expiry.ts';
import { writeNameList } from '../../../store/retention/name-file.ts';
import { NameList } from '../../../store/retention/name-list.ts';
import { nameEntry } from '../../../store/run/removal.ts';
import { SigningKey } from '../../../store/signing-key.ts';
import { assertNothingLost } from '../../../store/snapshot/compaction.ts';
import { openCurrent, pruneSnapshots } from '../../../store/snapshot/current.ts';
import { type LayerFacts, layersOf, type SnapshotFacts } from '../../../store/snapshot/layout/snapshot-facts.ts';
import { publish } from '../../../store/snapshot/publish.ts';
import { readStatement } from '../../../store/snapshot/statement-files.ts';
import { verifyDataset } from '../../../store/verify.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';

const opened: MadeDataset[] = [];
const open = async (more = {}): Promise<MadeDataset> => {
  const made = await makeDataset({ pairs: seededPairs(300), ...more });
  opened.push(made);
  return made;
};
afterEach(() => {
  for (const made of opened.splice(0)) made.dispose();
});

const delta = (made: MadeDataset): Promise<SnapshotFacts> => made.publish({ delta: true });
const namesOf = (facts: SnapshotFacts): string[] => layersOf(facts).map(({ name }) => name);
const filesOf = ({ dataset }: MadeDataset): string[] => fs.readdirSync(snapshotsFolder(dataset)).sort();
const add = (made: MadeDataset, number: number, count = 3): void =>
  made.addSource(`added-${number}`, { pairs: seededPairs(count, 100 + number) });

test('the layers before stay as they are, and the first has the prefixes of all', async () => {
  const made = await open();
  const before = new Map(
    filesOf(made).map((name) => [name, fs.readFileSync(path.join(snapshotsFolder(made.dataset), name))]),
  );
  const base = openCurrent(made.dataset)?.facts as SnapshotFacts;
  add(made, 1);
  const facts = await delta(made);
  expect(namesOf(facts)).toEqual(['000001', '000002']);
  const [first, second] = facts.layers as [LayerFacts, LayerFacts];
  expect(first.layer).toBe(base.layer);
  expect(second.indexes.account?.prefixBits).toBe(base.indexes.account?.prefixBits);
  expect([first.numbers, second.numbers]).toEqual([[1], [2]]);
  expect(second.indexes.account?.entries, 'without the canary').toBe(6);
  for (const [name, bytes] of before)
    expect(fs.readFileSync(path.join(snapshotsFolder(made.dataset), name)).equals(bytes), name).toBe(true);
  expect(openCurrent(made.dataset)?.facts, 'what was stored').toEqual(facts);
  const { statement } = readStatement(made.dataset, '000002');
  expect(statement.layers.map(({ id }) => id)).toEqual([first.layer, second.layer]);
  expect(statement.minSequence, 'nothing is withdrawn').toBe(1);
});

test('a delta without anything added renews, and the first one is a whole snapshot', async () => {
  const made = await open({ published: false });
  expect((await delta(made)).layers).toBeUndefined();
  add(made, 1);
  const facts = await delta(made);
  expect((await delta(made)).snapshot).toBe(facts.snapshot);
  expect(filesOf(made).some((name) => name.startsWith('000003'))).toBe(false);
});

test('a delta that only delegates to a head key has a snapshot that can be opened', async () => {
  const made = await open({ signed: true });
  const delegate = [new SigningKey('head', new Uint8Array(32).fill(7) as SigningSeed).publicKey as HeadKey];
  const publisher = made.publisher as SigningKey;
  for (const layers of [1, 2]) {
    if (layers === 2) {
      add(made, 1);
      await delta(made);
    }
    const { facts, changed } = await publish(made.dataset, made.suite, { publisher, delta: true, delegate });
    expect([layersOf(facts).length, changed]).toEqual([layers, true]);
    expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true, snapshot: facts.snapshot });
  }
});

test('four layers that were added become one, whose files replace theirs', async () => {
  const made = await open();
  for (let number = 1; number <= 3; number++) {
    add(made, number);
    await delta(made);
  }
  expect(namesOf(openCurrent(made.dataset)?.facts as SnapshotFacts)).toEqual(['000001', '000002', '000003', '000004']);
  add(made, 4);
  const facts = await delta(made);
  expect(namesOf(facts)).toEqual(['000001', '000005']);
  expect(layersOf(facts)[1]?.numbers).toEqual([2, 3, 4, 5]);
  expect(
    filesOf(made).map((name) => name.slice(0, 6)),
    'two snapshots and their layers',
  ).toContain('000003');
  pruneSnapshots(made.dataset, '000005', 1);
  expect([...new Set(filesOf(made).map((name) => name.slice(0, 6)))]).toEqual(['000001', '000005']);
  expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true });
});

test('all layers become one when what was added has more than a tenth of the records', async () => {
  const made = await open();
  add(made, 1, 10);
  expect((await delta(made)).layers?.length).toBe(2);
  add(made, 2, 25);
  const facts = await delta(made);
  expect(facts.layers).toBeUndefined();
  const { statement } = readStatement(made.dataset, '000003');
  expect(statement.minSequence).toBe(1);
});

test.each([
  ['slots', 1, {}],
  ['sqlite', 1, { layout: 'sqlite' }],
  ['slots, of more runs than may be open', 20, { memoryBytes: 1 }],
  ['sqlite, of more runs than may be open', 20, { memoryBytes: 1, layout: 'sqlite' }],
] as const)('a delta with one long bucket becomes a whole snapshot: %s', async (_name, sources, options) => {
  const made = await open({ pairs: seededPairs(1200) });
  const pairs = Array.from({ length: 100 }, (_, i) => ({ username: 'one@example.test', password: `${i}` }));
  const share = pairs.length / sources;
  for (let i = 0; i < sources; i++) made.addSource(`long-${i}`, { pairs: pairs.slice(i * share, (i + 1) * share) });
  expect((await made.publish({ delta: true, ...options })).layers).toBeUndefined();
  expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true });
});

test('a delta is refused when anything else changed, and nothing is published', async () => {
  const made = await open();
  add(made, 1);
  await delta(made);
  const current = fs.readFileSync(path.join(made.folder, 'CURRENT'), 'utf8');
  const run = path.join(made.folder, 'runs/added-1.run');
  const kept = fs.readFileSync(run);
  const refused = async (message: RegExp): Promise<void> => {
    await expect(delta(made)).rejects.toMatchObject({
      code: 'DELTA_REFUSED',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('credveil publish'),
    });
    expect(fs.readFileSync(path.join(made.folder, 'CURRENT'), 'utf8')).toBe(current);
  };
  fs.rmSync(run);
  await refused(/source added-1 was removed/);
  made.addSource('added-1', { pairs: seededPairs(4, 7) });
  await refused(/source added-1 was replaced/);
  fs.writeFileSync(run, kept);
  add(made, 2);
  expect((await delta(made)).layers?.length).toBe(3);
});

test('other parameters than those of the layers are refused', async () => {
  const made = await open();
  add(made, 1);
  await delta(made);
  add(made, 2);
  Object.assign(made.dataset.parameters, { bucketFloor: 9 });
  await expect(delta(made)).rejects.toMatchObject({ code: 'DELTA_REFUSED' });
});

test('a delta is refused when a source has expired', async () => {
  const made = await open();
  add(made, 1);
  await delta(made);
  add(made, 2);
  const current = fs.readFileSync(path.join(made.folder, 'CURRENT'), 'utf8');
  const after = (days: number) =>
    publish(made.dataset, made.suite, { delta: true, now: Date.now() + days * 86_400_000 });
  setExpiry(made.dataset, 'added-1', new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10));
  await expect(after(3)).rejects.toMatchObject({
    code: 'DELTA_REFUSED',
    message: expect.stringContaining('source added-1 was removed, or expired,'),
  });
  expect(fs.readFileSync(path.join(made.folder, 'CURRENT'), 'utf8')).toBe(current);
  expect((await after(0)).facts.layers?.length, 'before its day').toBe(3);
});

test('a delta is refused when another name is suppressed, or none any more', async () => {
  const made = await open();
  const [first, second] = seededPairs(300).map(({ username }) => normalizeUsername(username));
  const listOf = (...usernames: (typeof first)[]): NameList => {
    const names = new NameList();
    for (const username of usernames)
      if (username) names.suppress(username, nameEntry(made.suite, username), '2026-11-29');
    writeNameList(made.dataset, made.key, names);
    return names;
  };
  const publishWith = async (names: NameList, isDelta = true) =>
    (await publish(made.dataset, made.suite, { names, delta: isDelta })).facts;
  await publishWith(listOf(first), false);
  add(made, 1);
  expect((await publishWith(listOf(first))).layers?.length, 'the same name').toBe(2);
  add(made, 2);
  const current = fs.readFileSync(path.join(made.folder, 'CURRENT'), 'utf8');
  for (const names of [listOf(first, second), listOf(second), listOf()])
    await expect(publishWith(names)).rejects.toMatchObject({
      code: 'DELTA_REFUSED',
      message: expect.stringContaining('suppressed names changed'),
    });
  expect(fs.readFileSync(path.join(made.folder, 'CURRENT'), 'utf8')).toBe(current);
  expect((await publishWith(listOf(first, second), false)).layers).toBeUndefined();
});

test('what is merged is found under longer prefixes and shorter ones, and missed there', async () => {
  const made = await open({ similar: true });
  const floorOf = async (bucketFloor: number): Promise<LayerFacts> => {
    Object.assign(made.dataset.parameters, { bucketFloor });
    return layersOf(await made.publish({ keep: 9 }))[0] as LayerFacts;
  };
  const [long, short] = [await floorOf(2), await floorOf(150)];
  fs.rmSync(path.join(made.folder, 'runs/first.run'));
  made.addSource('other', { pairs: [...seededPairs(299), ...seededPairs(1, 5)] });
  const lacking = [await floorOf(2), await floorOf(150)];
  expect([long, short].map(({ indexes }) => indexes.account?.prefixBits)).toEqual([7, 1]);
  const turn = async (): Promise<void> => {};
  for (const before of [long, short]) {
    for (const after of [long, short]) await assertNothingLost(made.dataset, [before], after, turn);
    for (const after of lacking)
      await expect(assertNothingLost(made.dataset, [long, before], after, turn)).rejects.toMatchObject({
        code: 'SNAPSHOT_CORRUPT',
      });
  }
});

test('a merged layer that lost an entry does not become current', async () => {
  const made = await open();
  add(made, 1);
  const [, added] = layersOf(await delta(made)) as [LayerFacts, LayerFacts];
  const [base] = layersOf(openCurrent(made.dataset)?.facts as SnapshotFacts) as [LayerFacts];
  const turn = async (): Promise<void> => {};
  await expect(assertNothingLost(made.dataset, [added], base, turn)).rejects.toMatchObject({
    code: 'SNAPSHOT_CORRUPT',
  });
  await assertNothingLost(made.dataset, [added], added, turn);
});

test('what was published in layers is not read by a program from before', async () => {
  const made = await open();
  add(made, 1);
  const { snapshot } = await delta(made);
  const stored = JSON.parse(fs.readFileSync(path.join(snapshotsFolder(made.dataset), '000002.json'), 'utf8'));
  expect(stored).toMatchObject({ format: 4, snapshot });
  for (const member of ['layer', 'indexes', 'filter']) expect(stored[member]).toBeUndefined();
});

test.each([
  ['one layer alone', (layers: object[]) => layers.slice(0, 1)],
  ['nine layers', (layers: object[]) => Array(9).fill(layers[0])],
  ['a layer without a name', ([first, second]: object[]) => [first, { ...second, name: '../000001' }]],
  ['a layer without sources', ([first, second]: object[]) => [first, { ...second, numbers: undefined }]],
  ['a layer of layers', ([first, second]: object[]) => [first, { ...second, format: 4 }]],
  ['figures that its files cannot have', ([first, second]: object[]) => [first, { ...second, files: {} }]],
])('facts with %s are refused', async (_name, change) => {
  const made = await open();
  add(made, 1);
  await delta(made);
  const file = path.join(snapshotsFolder(made.dataset), '000002.json');
  const facts = JSON.parse(fs.readFileSync(file, 'utf8'));
  const { writeCurrent } = await import('../../../store/snapshot/current.ts');
  fs.writeFileSync(file, JSON.stringify({ ...facts, layers: change(facts.layers) }));
  writeCurrent(made.dataset, '000002');
  expect(() => openCurrent(made.dataset)).toThrow(expect.objectContaining({ code: 'SNAPSHOT_CORRUPT' }));
});
