// What no seal and no statement vouches for is verified against the runs: ranges, and each block of
// a filter.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FILTER_HEADER_BYTES } from '../../protocol/password-filter.ts';
import { SEAL_BYTES } from '../../protocol/seal.ts';
import { openDataset, snapshotsFolder } from '../../store/dataset.ts';
import { writeCurrent } from '../../store/snapshot/current.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { verifyDataset } from '../../store/verify.ts';
import { createRandom, testSeed } from '../support/random.ts';
import { makeRangeDataset, type RangeDataset } from '../support/range-dataset.ts';
import { stateAnew } from '../support/store/state-anew.ts';

const BASE = '000002';
const CURRENT = '000003';

let made: RangeDataset;
let folder: string;
beforeAll(async () => {
  made = await makeLayers();
});
beforeEach(() => {
  folder = path.join(path.dirname(made.folder), 'altered');
  fs.cpSync(made.folder, folder, { recursive: true });
});
afterEach(() => fs.rmSync(folder, { recursive: true }));
afterAll(() => made.dispose());

const passwords = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name} ${i}`);

/** A dataset of two layers in SQLite, both with ranges and filters. */
async function makeLayers(): Promise<RangeDataset> {
  const made = await makeRangeDataset({ passwords: passwords('first', 900) });
  await made.add('second', { passwords: passwords('second', 100) });
  const suite = made.key.createSuite();
  await publish(openDataset(made.folder), suite, { layout: 'sqlite' });
  await made.add('third', { passwords: passwords('third', 60) });
  await publish(openDataset(made.folder), suite, { layout: 'sqlite', delta: true });
  return made;
}

const verified = () => verifyDataset(openDataset(folder), made.key.createSuite());

interface LayerFacts {
  readonly name: string;
  readonly sqlite: object;
  readonly filter: object;
  readonly ranges: { readonly sha1: object };
}

function restate(layer: string, change: (layer: LayerFacts, facts: { readonly sources: object[] }) => void): void {
  const dataset = openDataset(folder);
  const file = path.join(snapshotsFolder(dataset), `${CURRENT}.json`);
  const facts = JSON.parse(fs.readFileSync(file, 'utf8'));
  change(
    facts.layers.find(({ name }: LayerFacts) => name === layer),
    facts,
  );
  fs.writeFileSync(file, JSON.stringify(facts));
  writeCurrent(dataset, CURRENT);
}

/** What anybody can do who may write the folder: alter a file, and the facts that name it. */
function alter(layer: string, kind: 'sqlite' | 'filter', change: (file: string) => void): void {
  const file = path.join(snapshotsFolder(openDataset(folder)), `${layer}.${kind}`);
  change(file);
  const bytes = fs.readFileSync(file);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  restate(layer, (facts) => Object.assign(facts[kind], { bytes: bytes.length, sha256 }));
}

const inDatabase = (sql: string) => (file: string) => {
  const database = new Database(file);
  database.exec(sql);
  database.close();
};

/**
 * Makes the keys of a table's first page small, so that every lookup goes to the last of the pages
 * below it.
 */
function hideFromLookups(file: string): void {
  const database = new Database(file, { readonly: true });
  const root = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'sha1'").pluck().get() as number;
  const pageBytes = database.pragma('page_size', { simple: true }) as number;
  database.close();
  const bytes = fs.readFileSync(file);
  const page = bytes.subarray((root - 1) * pageBytes, root * pageBytes);
  // The file format of SQLite, §1.6: a cell of a page of keys is a number of 4 bytes and a varint.
  expect(page[0], 'a page of keys').toBe(5);
  for (let cell = 0; cell < page.readUInt16BE(3); cell++) {
    let at = page.readUInt16BE(12 + 2 * cell) + 4;
    while ((page[at] as number) >= 0x80) page[at++] = 0x80;
    page[at] = 0;
  }
  fs.writeFileSync(file, bytes);
}

describe.each([
  ['first', BASE],
  ['last', CURRENT],
])('in the %s layer', (_place, layer) => {
  test.each([
    ['that is missing', 'DELETE FROM sha1 WHERE id = (SELECT max(id) FROM sha1)'],
    ['with no hash', 'DELETE FROM sha1'],
    ['with the hashes of another', 'UPDATE ntlm SET body = (SELECT body FROM ntlm ORDER BY id LIMIT 1)'],
    ['that is further', "INSERT INTO ntlm VALUES ((SELECT max(id) + 1 FROM ntlm), x'00')"],
  ])('a range %s is found', async (_name, sql) => {
    alter(layer, 'sqlite', inDatabase(sql));
    await expect(verified()).rejects.toMatchObject({
      code: 'SNAPSHOT_CORRUPT',
      message: expect.stringMatching(`${layer}: a range of (sha1|ntlm) is not what its runs make`),
    });
  });

  test('a range that a scan finds, and no lookup, is found', async () => {
    alter(layer, 'sqlite', hideFromLookups);
    await expect(verified()).rejects.toThrow(`${layer}: its tables are damaged`);
  });

  test('a view in the place of a table is refused', async () => {
    alter(
      layer,
      'sqlite',
      inDatabase('ALTER TABLE sha1 RENAME TO own; CREATE VIEW sha1 AS SELECT id, body FROM own WHERE id > 9'),
    );
    await expect(verified()).rejects.toThrow(`${layer}: its tables are not those of a snapshot`);
  });

  test.each<[string, (facts: LayerFacts) => void]>([
    ['one kind of ranges', ({ ranges }) => Reflect.deleteProperty(ranges, 'sha1')],
    ['ranges', (facts) => Reflect.deleteProperty(facts, 'ranges')],
  ])('facts without %s open nothing', async (_what, change) => {
    restate(layer, change);
    await expect(verified()).rejects.toThrow(`${layer}: its ranges are not those of the dataset`);
    const dataset = openDataset(folder);
    await expect(openSnapshot(dataset)).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' });
    expect(await publish(dataset, made.key.createSuite()), 'and are written anew').toMatchObject({ changed: true });
    expect(await verified()).toMatchObject({ matched: true });
  });

  test('facts of sources that the statement does not name open nothing', async () => {
    restate(layer, (_layer, facts) => Object.assign(facts, { sources: facts.sources.slice(1) }));
    await expect(verified()).rejects.toThrow('its statement belongs to another snapshot');
  });

  test.each(['maxTextBytes', 'contentBytes', 'minEntries'])('%s of ranges that is wrong is found', async (figure) => {
    restate(layer, ({ ranges }) => Object.assign(ranges.sha1, { [figure]: 0 }));
    await expect(verified()).rejects.toThrow(`${layer}: ${figure} of sha1 is wrong in its facts`);
  });

  test('a bit of the filter that is missing, or further, is found', async () => {
    const random = createRandom(testSeed('filter bits'));
    expect(await verified()).toMatchObject({ matched: true });
    alter(layer, 'filter', (file) => {
      const bytes = fs.readFileSync(file);
      const at = FILTER_HEADER_BYTES + random.below(bytes.length - FILTER_HEADER_BYTES - SEAL_BYTES);
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      fs.writeFileSync(file, bytes);
    });
    await expect(verified()).rejects.toThrow('its statement belongs to another snapshot');
    stateAnew(openDataset(folder), made.key.createSuite());
    await expect(verified()).rejects.toThrow(`${layer}: its filter is not what its runs make`);
  });
});

test('layers in facts of one layer are refused', async () => {
  const made = await makeRangeDataset({ passwords: passwords('first', 20) });
  try {
    const dataset = openDataset(made.folder);
    const file = path.join(snapshotsFolder(dataset), '000001.json');
    const facts = JSON.parse(fs.readFileSync(file, 'utf8'));
    const { ranges: _, ...others } = facts;
    fs.writeFileSync(file, JSON.stringify({ ...facts, layers: [{ ...others, name: '000001', numbers: [1] }] }));
    writeCurrent(dataset, '000001');
    await expect(openSnapshot(dataset)).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' });
    await expect(verifyDataset(dataset, made.key.createSuite())).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' });
  } finally {
    made.dispose();
  }
});
