// Fuzzes the store's decoders with ten thousand damaged files: each returns a value or a
// CredveilError. The protocol has its own fuzz test.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { INDEX_NAMES } from '../../protocol/bucket-id.ts';
import { openDataset } from '../../store/dataset.ts';
import { openRun, runPath } from '../../store/run/run.ts';
import { RunReader } from '../../store/run/run-reader.ts';
import { openCurrent, readCurrent } from '../../store/snapshot/current.ts';
import { seededPairs } from '../support/dataset.ts';
import { mutateBytes, mutateJson, valueOrRefusal } from '../support/mutate.ts';
import { createRandom, testSeed } from '../support/random.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';

const test = datasetTest({ pairs: seededPairs(30) }, 'file');

function readWhole(file: string): Buffer {
  const run = openRun(file);
  const reader = new RunReader(run);
  const blocks: Uint8Array[] = [];
  try {
    for (const index of INDEX_NAMES) {
      reader.beginSection(index);
      for (let block = reader.readBlock(); block.length > 0; block = reader.readBlock()) blocks.push(block.slice());
    }
    reader.finish();
  } finally {
    reader.close();
  }
  return Buffer.concat(blocks);
}

describe('fuzzing files', () => {
  test('5,000 damaged runs decode to the original records or an error', ({ made }) => {
    const random = createRandom(testSeed('runs'));
    const file = runPath(made.dataset, 'first');
    const valid = fs.readFileSync(file);
    const records = readWhole(file);
    expect(records.length).toBeGreaterThan(1000);
    const { factsBytes, head } = { factsBytes: valid.readUInt32BE(valid.length - 36), head: 8 + records.length };
    const facts = JSON.parse(valid.toString('utf8', head, head + factsBytes)) as unknown;
    const damaged = path.join(made.folder, 'damaged.run');
    let read = 0;
    for (let i = 0; i < 5000; i++) {
      if (i % 2 === 0) fs.writeFileSync(damaged, mutateBytes(random, valid));
      else {
        // Footers that parse, in a frame that fits them.
        const footer = Buffer.from(JSON.stringify(mutateJson(random, facts)) ?? '');
        const length = Buffer.alloc(4);
        length.writeUInt32BE(footer.length);
        fs.writeFileSync(damaged, Buffer.concat([valid.subarray(0, head), footer, length, valid.subarray(-32)]));
      }
      const found = valueOrRefusal(() => readWhole(damaged));
      if (!found) continue;
      read++;
      if (!fs.readFileSync(damaged).equals(valid) || !found.equals(records)) expect.fail('a damaged run was read');
    }
    fs.rmSync(damaged);
    expect(read).toBeLessThan(500);
  });

  test('3,000 damaged dataset.json files give valid parameters or an error', ({ made }) => {
    const random = createRandom(testSeed('dataset.json'));
    const file = path.join(made.folder, 'dataset.json');
    const valid = fs.readFileSync(file);
    let opened = 0;
    for (let i = 0; i < 3000; i++) {
      if (i % 2 === 0) fs.writeFileSync(file, mutateBytes(random, valid));
      else fs.writeFileSync(file, JSON.stringify(mutateJson(random, JSON.parse(valid.toString()))));
      const dataset = valueOrRefusal(() => openDataset(made.folder));
      if (!dataset) continue;
      opened++;
      const { keyId, bucketFloor, indexes } = dataset.parameters;
      expect(keyId).toMatch(/^[0-9a-f]{16}$/);
      expect(bucketFloor).toBeGreaterThanOrEqual(1);
      expect(INDEX_NAMES).toEqual(expect.arrayContaining([...indexes]));
    }
    fs.writeFileSync(file, valid);
    expect(opened).toBeGreaterThan(50);
    expect(openDataset(made.folder)).toEqual(made.dataset);
  });

  test('2,000 damaged CURRENT and facts files give the original facts or an error', ({ made }) => {
    const random = createRandom(testSeed('CURRENT'));
    const whole = openCurrent(made.dataset);
    const files = [path.join(made.folder, 'CURRENT'), path.join(made.folder, 'snapshots', '000001.json')];
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const file = random.pick(files);
      const valid = fs.readFileSync(file);
      fs.writeFileSync(file, mutateBytes(random, valid));
      expect(typeof readCurrent(made.dataset)).toBe('string');
      const current = valueOrRefusal(() => openCurrent(made.dataset));
      if (current) expect(current).toEqual(whole);
      else refused++;
      fs.writeFileSync(file, valid);
    }
    expect(refused).toBeGreaterThan(1000);
    expect(openCurrent(made.dataset)).toEqual(whole);
  });
});
