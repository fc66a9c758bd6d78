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
import { verifyDataset } from '../../store/verify.ts';
import { createRandom, testSeed } from '../support/random.ts';
import { makeRangeDataset, type RangeDataset } from '../support/range-dataset.ts';

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
  const made = await makeRangeDataset({ passwords: passwords('first', 300) });
  await made.add('second', { passwords: passwords('second', 40) });
  const suite = made.key.createSuite();
  await publish(openDataset(made.folder), suite, { layout: 'sqlite' });
  await made.add('third', { passwords: passwords('third', 5) });
  await publish(openDataset(made.folder), suite, { layout: 'sqlite', delta: true });
  return made;
}

const verified = () => verifyDataset(openDataset(folder), made.key.createSuite());

interface LayerFacts {
  readonly name: string;
  readonly ranges: { readonly sha1: object };
}

/** What anybody can do who may write the folder: alter a file, and the facts that name it. */
function alter(layer: string, kind: 'sqlite' | 'filter', change: (file: string) => void): void {
  const dataset = openDataset(folder);
  const at = (name: string): string => path.join(snapshotsFolder(dataset), name);
  const file = at(`${layer}.${kind}`);
  change(file);
  const bytes = fs.readFileSync(file);
  const facts = JSON.parse(fs.readFileSync(at(`${CURRENT}.json`), 'utf8'));
  const ofLayer = facts.layers.find(({ name }: LayerFacts) => name === layer);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  Object.assign(ofLayer[kind], { bytes: bytes.length, sha256 });
  fs.writeFileSync(at(`${CURRENT}.json`), JSON.stringify(facts));
  writeCurrent(dataset, CURRENT);
}

const inDatabase = (sql: string) => (file: string) => {
  const database = new Database(file);
  database.exec(sql);
  database.close();
};

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

  test('a bit of the filter that is missing, or further, is found', async () => {
    const random = createRandom(testSeed('filter bits'));
    expect(await verified()).toMatchObject({ matched: true });
    alter(layer, 'filter', (file) => {
      const bytes = fs.readFileSync(file);
      const at = FILTER_HEADER_BYTES + random.below(bytes.length - FILTER_HEADER_BYTES - SEAL_BYTES);
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      fs.writeFileSync(file, bytes);
    });
    await expect(verified()).rejects.toThrow(`${layer}: its filter is not what its runs make`);
  });
});
