// The layers that a publish keeps are those of the statement that its publisher made before: who
// may write the folder of a dataset, and holds no key, gets nothing else vouched for.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { FILTER_HEADER_BYTES } from '../../../protocol/password-filter.ts';
import { SEAL_BYTES } from '../../../protocol/seal.ts';
import { snapshotsFolder } from '../../../store/dataset.ts';
import { openRuns } from '../../../store/run/run.ts';
import { openCurrent, pruneSnapshots, writeCurrent } from '../../../store/snapshot/current.ts';
import { layersOf, type SnapshotFacts } from '../../../store/snapshot/layout/snapshot-facts.ts';
import { verifyDataset } from '../../../store/verify.ts';
import { type MadeDataset, type MakeDatasetOptions, makeDataset, seededPairs } from '../../support/dataset.ts';

const opened: MadeDataset[] = [];
afterEach(() => {
  for (const made of opened.splice(0)) made.dispose();
});

const BASE = '000001';
const fileOf = ({ dataset }: MadeDataset, name: string): string => path.join(snapshotsFolder(dataset), name);
const currentOf = ({ folder }: MadeDataset): string => fs.readFileSync(path.join(folder, 'CURRENT'), 'utf8');
const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** A dataset whose next publish of added sources keeps a layer. */
async function open(more: Partial<MakeDatasetOptions> = {}): Promise<MadeDataset> {
  const made = await makeDataset({ pairs: seededPairs(300), ...more });
  opened.push(made);
  made.addSource('second', { pairs: seededPairs(3, 2) });
  return made;
}

/** What anybody can do who may write the folder: CURRENT vouches for facts by a digest alone. */
function restate(made: MadeDataset, change: (facts: Facts) => void, name = BASE): void {
  const facts = JSON.parse(fs.readFileSync(fileOf(made, `${name}.json`), 'utf8'));
  change(facts);
  fs.writeFileSync(fileOf(made, `${name}.json`), JSON.stringify(facts));
  writeCurrent(made.dataset, name);
}

interface Facts {
  readonly indexes: { readonly account: { readonly entries: number; readonly usernames: number } };
  readonly filter: object;
  readonly sources: object[];
  readonly layers?: object[];
}

/** A filter that rules out every password, with the facts that name it. */
function emptyFilter(made: MadeDataset): void {
  const [file, parts] = [fileOf(made, `${BASE}.filter`), fileOf(made, `${BASE}.parts`)];
  const bytes = fs.readFileSync(file);
  bytes.fill(0, FILTER_HEADER_BYTES, bytes.length - SEAL_BYTES);
  fs.writeFileSync(file, bytes);
  const digests = fs.readFileSync(parts);
  digest(bytes).copy(digests, digests.length - digest(bytes).length);
  fs.writeFileSync(parts, digests);
  const [sha256, ofParts] = [digest(bytes).toString('hex'), digest(digests).toString('hex')];
  restate(made, (facts) => Object.assign(facts, { filter: { ...facts.filter, sha256 }, parts: ofParts }));
}

async function expectRefused(made: MadeDataset, code: string): Promise<void> {
  const before = currentOf(made);
  await expect(made.publish({ delta: true })).rejects.toMatchObject({ code });
  expect(currentOf(made)).toBe(before);
}

describe.each([false, true])('a kept layer, signed: %s', (signed) => {
  test('whose filter was emptied is not vouched for', async () => {
    const made = await open({ signed });
    emptyFilter(made);
    await expect(verifyDataset(made.dataset, made.suite)).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' });
    await expectRefused(made, 'DELTA_REFUSED');
    expect((await made.publish()).layers, 'a publish of all makes it anew').toBeUndefined();
    expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true });
  });

  test.each([
    ['entries', ({ entries }: Facts['indexes']['account']) => ({ entries: entries - 1 })],
    ['usernames', ({ usernames }: Facts['indexes']['account']) => ({ usernames: usernames - 1 })],
    ['root', () => ({ root: '0'.repeat(64) })],
  ])('is not vouched for with other %s than it has', async (_name, change) => {
    const made = await open({ signed });
    restate(made, ({ indexes: { account } }) => Object.assign(account, change(account)));
    await expectRefused(made, 'DELTA_REFUSED');
  });

  test('has a statement of its own key', async () => {
    const made = await open({ signed });
    const other = await open({ signed, keySeed: 2 });
    fs.copyFileSync(fileOf(other, `${BASE}.statement`), fileOf(made, `${BASE}.statement`));
    await expectRefused(made, 'STATEMENT_CORRUPT');
  });
});

test('a source that the facts list, and no layer has, is published as a whole', async () => {
  const made = await open();
  await made.publish({ delta: true });
  made.addSource('third', { pairs: seededPairs(3, 3) });
  const third = openRuns(made.dataset).find(({ facts }) => facts.source === 'third');
  const listed = { number: 3, name: 'third', credentials: 3, records: 9, sha256: third?.sha256 };
  restate(made, ({ sources }) => sources.push(listed), '000002');
  await expectRefused(made, 'DELTA_REFUSED');
  const { layers, sources } = await made.publish();
  expect([layers, sources.map(({ name }) => name)]).toEqual([undefined, ['first', 'second', 'third']]);
  expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true });
});

test('a layer under the name of a later snapshot is not written over', async () => {
  const made = await open();
  await made.publish({ delta: true });
  for (const name of fs.readdirSync(snapshotsFolder(made.dataset)))
    if (/^000001\.(account|password|parts|filter)$/.test(name))
      fs.copyFileSync(fileOf(made, name), fileOf(made, name.replace(BASE, '000003')));
  restate(made, ({ layers = [] }) => Object.assign(layers[0] ?? {}, { name: '000003' }), '000002');
  made.addSource('third', { pairs: seededPairs(3, 3) });
  await expectRefused(made, 'DELTA_REFUSED');
  await made.publish();
  expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true });
});

test('a folder beside the snapshots stays, and no publish fails for it', async () => {
  const made = await open();
  fs.mkdirSync(fileOf(made, 'others'));
  expect((await made.publish()).sources).toHaveLength(2);
  expect(fs.existsSync(fileOf(made, 'others'))).toBe(true);
});

test.each([
  ['missing', (file: string) => fs.rmSync(file)],
  ['cut', (file: string) => fs.truncateSync(file, fs.statSync(file).size - 1)],
])('a kept layer with a file that is %s does not become current again', async (_name, damage) => {
  for (const layout of ['slots', 'sqlite'] as const) {
    const made = await open();
    await made.publish({ layout });
    made.addSource('third', { pairs: seededPairs(3, 3) });
    damage(fileOf(made, layout === 'slots' ? '000002.account' : '000002.sqlite'));
    await expectRefused(made, 'SNAPSHOT_CORRUPT');
  }
});

test('nothing is deleted while the facts of the current snapshot cannot be read', async () => {
  const made = await open();
  await made.publish({ delta: true });
  const files = fs.readdirSync(snapshotsFolder(made.dataset));
  const facts = openCurrent(made.dataset)?.facts as SnapshotFacts;
  expect(layersOf(facts).map(({ name }) => name)).toEqual([BASE, '000002']);
  fs.renameSync(fileOf(made, '000002.json'), fileOf(made, '000002.aside'));
  fs.mkdirSync(fileOf(made, '000002.json'));
  expect(() => pruneSnapshots(made.dataset, '000002', 1)).toThrow();
  fs.rmdirSync(fileOf(made, '000002.json'));
  fs.renameSync(fileOf(made, '000002.aside'), fileOf(made, '000002.json'));
  expect(fs.readdirSync(snapshotsFolder(made.dataset))).toEqual(files);
});
