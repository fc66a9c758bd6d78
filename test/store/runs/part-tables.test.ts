// Part tables of long sections: what a later merge needs to read and verify one part of a run.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { PartReader, readPartTables, recordsOf } from '../../../store/run/part-reader.ts';
import { KIND_AT, RECORD_BYTES, writeTimes } from '../../../store/run/record.ts';
import { openRun, RunWriter, runPath } from '../../../store/run/run.ts';
import { verifyDataset } from '../../../store/verify.ts';
import type { MadeDataset } from '../../support/dataset.ts';
import { storeError } from '../../support/errors.ts';
import { createRandom, testSeed } from '../../support/random.ts';
import { copyRun } from '../../support/store/copied-run.ts';
import { datasetTest } from '../../support/vitest/fixtures.ts';

const test = datasetTest({ indexes: ['account', 'password'], published: false });
const MAGIC_BYTES = 8;
const TABLE_BYTES = 256 * 40;

/** Writes a run with sections of these lengths, in blocks of random lengths. */
function writeRun({ dataset, key }: MadeDataset, account: number, password: number): Buffer[] {
  const random = createRandom(testSeed('part tables'));
  const sections = [account, password].map((count, section) => {
    const hashes = Uint32Array.from({ length: count }, () => random.next()).sort();
    const records = Buffer.from(random.bytes(count * RECORD_BYTES));
    for (const [i, hash] of hashes.entries()) {
      records.writeUInt32BE(hash, i * RECORD_BYTES);
      // The order of equal hashes.
      records.writeUIntBE(i, i * RECORD_BYTES + 4, 6);
      records[i * RECORD_BYTES + KIND_AT] = section === 0 ? 1 : 3;
      writeTimes(records, i * RECORD_BYTES, 1);
    }
    return records;
  });
  const writer = new RunWriter(dataset, 'long');
  for (const [i, index] of (['account', 'password'] as const).entries()) {
    writer.beginSection(index);
    const records = sections[i] as Buffer;
    for (let at = 0; at < records.length; ) {
      const end = Math.min(records.length, at + RECORD_BYTES * (1 + random.below(5000)));
      writer.append(records.subarray(at, end));
      at = end;
    }
  }
  const { suite, keyId } = key;
  const counts = { lines: account, credentials: account, rejects: {} };
  writer.commit({ suite, keyId, normalization: 1, source: 'long', format: 'combo', files: [], ...counts });
  return sections;
}

/** The parts as their definition says, one record at a time. */
function expectTable(table: Buffer, records: Buffer): void {
  for (let part = 0; part < 256; part++) {
    const own: Buffer[] = [];
    for (let at = 0; at < records.length; at += RECORD_BYTES)
      if (records[at] === part) own.push(records.subarray(at, at + RECORD_BYTES));
    expect(table.readBigUInt64BE(part * 40)).toBe(BigInt(own.length));
    const digest = createHash('sha256').update(Buffer.concat(own)).digest();
    expect(table.subarray(part * 40 + 8, part * 40 + 40).equals(digest), `part ${part}`).toBe(true);
  }
}

test('a section of 65,536 records has a table of its parts, a shorter one has none', async ({ made }) => {
  const [account, password] = writeRun(made, 70_000, 65_535) as [Buffer, Buffer];
  const file = runPath(made.dataset, 'long');
  const tableAt = MAGIC_BYTES + account.length + password.length;
  const bytes = fs.readFileSync(file);
  expectTable(bytes.subarray(tableAt, tableAt + TABLE_BYTES), account);
  expect(bytes[tableAt + TABLE_BYTES]).toBe('{'.charCodeAt(0));
  expect(openRun(file).facts.sections).toMatchObject([{ records: 70_000 }, { records: 65_535 }]);
  expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ runs: 2, records: 135_535 });
});

test('verify refuses a run whose table does not fit its records', async ({ made }) => {
  const [account, password] = writeRun(made, 65_536, 10) as [Buffer, Buffer];
  const file = runPath(made.dataset, 'long');
  copyRun(file, file, {
    records: (bytes) => {
      const at = account.length + password.length + 7;
      bytes[at] = (bytes[at] as number) ^ 1;
    },
  });
  await expect(verifyDataset(made.dataset, made.suite)).rejects.toThrow(storeError('RUN_CORRUPT'));
});

/** All records of a section, read in parts of as many first bytes. */
function readParts(file: string, section: 'account' | 'password', bytes: number): Buffer {
  const run = openRun(file);
  const tables = readPartTables(run, ['account', 'password']);
  const blocks: Buffer[] = [];
  for (let from = 0; from < 256; from += bytes) {
    const reader = new PartReader(recordsOf(run, tables, section), { from, to: from + bytes });
    for (let block = reader.readBlock(); block.length > 0; block = reader.readBlock()) blocks.push(Buffer.from(block));
    reader.close();
  }
  return Buffer.concat(blocks);
}

describe('a part of a section', () => {
  test.for([70_000, 300])('is read alone, with and without a table: %i records', (account, { made }) => {
    const sections = writeRun(made, account, Math.min(account, 65_535));
    const file = runPath(made.dataset, 'long');
    for (const bytes of [1, 16, 256])
      for (const [i, section] of (['account', 'password'] as const).entries())
        expect(readParts(file, section, bytes).equals(sections[i] as Buffer), `${section} by ${bytes}`).toBe(true);
  });

  test.for<readonly [what: string, alter: (bytes: Buffer, tableAt: number) => void]>([
    [
      'an altered record',
      (bytes) => bytes.writeUInt8((bytes[30 * RECORD_BYTES + 15] as number) ^ 1, 30 * RECORD_BYTES + 15),
    ],
    [
      'another digest in its table',
      (bytes, tableAt) => bytes.writeUInt8((bytes[tableAt + 20] as number) ^ 1, tableAt + 20),
    ],
    [
      'a record in the part before, with its digest',
      (bytes, tableAt) => {
        const [first = 0, second = 0] = [0, 1].map((part) => Number(bytes.readBigUInt64BE(tableAt + part * 40)));
        bytes.writeBigUInt64BE(BigInt(first + 1), tableAt);
        bytes.writeBigUInt64BE(BigInt(second - 1), tableAt + 40);
        for (const [part, from, to] of [
          [0, 0, first + 1],
          [1, first + 1, first + second],
        ] as const) {
          const records = bytes.subarray(from * RECORD_BYTES, to * RECORD_BYTES);
          createHash('sha256')
            .update(records)
            .digest()
            .copy(bytes, tableAt + part * 40 + 8);
        }
      },
    ],
    [
      'one record fewer than the section',
      (bytes, tableAt) => bytes.writeBigUInt64BE(bytes.readBigUInt64BE(tableAt) - 1n, tableAt),
    ],
  ])('is refused for %s', ([, alter], { made }) => {
    const [account, password] = writeRun(made, 65_536, 10) as [Buffer, Buffer];
    const file = runPath(made.dataset, 'long');
    copyRun(file, file, { records: (bytes) => alter(bytes, account.length + password.length) });
    expect(() => readParts(file, 'account', 16)).toThrow(storeError('RUN_CORRUPT'));
  });
});
