// Facts with right checksums and numbers that no snapshot has: only a publisher can write them.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { type MadeDataset, seededPairs } from '../support/dataset.ts';
import { storeError } from '../support/errors.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';

const test = datasetTest({ pairs: seededPairs(100), ranges: ['sha1'], bucketFloor: 8 });

// biome-ignore lint/suspicious/noExplicitAny: the test writes what no type allows.
type Facts = any;

/** Changes the facts of the current snapshot and all checksums with them. */
function alter({ folder }: MadeDataset, change: (facts: Facts) => void): void {
  const file = path.join(folder, 'snapshots/000001.json');
  const facts = JSON.parse(fs.readFileSync(file, 'utf8')) as Facts;
  change(facts);
  const text = JSON.stringify(facts);
  fs.writeFileSync(file, text);
  fs.writeFileSync(path.join(folder, 'CURRENT'), `000001 ${createHash('sha256').update(text).digest('hex')}\n`);
}

const HOSTILE: readonly [string, (facts: Facts) => void][] = [
  ['entries of a bucket', ({ indexes }) => (indexes.account.maxEntries = 3e8)],
  ['entries beyond the file', ({ indexes }) => (indexes.account.maxEntries = 1_000_000)],
  ['a length of bodies', ({ indexes }) => (indexes.account.bodyBytes = [2 ** 31])],
  ['lengths of bodies', ({ indexes }) => (indexes.password.bodyBytes = [...indexes.password.bodyBytes, 2 ** 30])],
  ['text in a histogram', ({ indexes }) => (indexes.account.histogram = [{ from: '<b>', to: 1, buckets: 1 }])],
  [
    'a histogram of many bins',
    ({ indexes }) => (indexes.account.histogram = Array(17).fill(indexes.account.histogram[0])),
  ],
  ['an object for a histogram', ({ indexes }) => (indexes.account.histogram = { map: 1 })],
  ['a negative number', ({ indexes }) => (indexes.account.minEntries = -1)],
  ['text for a number', ({ indexes }) => (indexes.account.entries = '100')],
  ['no number', ({ indexes }) => delete indexes.account.sizeBits],
  ['text for an identifier of a source', ({ sources }) => (sources[0].credentials = '<script>')],
  ['the longest range', ({ ranges }) => (ranges.sha1.maxTextBytes = 2 ** 40)],
  ['entries of a range', ({ ranges }) => (ranges.sha1.maxEntries = 3e8)],
  ['the length of a file', ({ files }) => (files.account = '4096')],
  ['another length of slots', ({ files }) => (files.account += 16)],
  ['a file that no index needs', ({ files }) => (files.ntlm = 8_388_612)],
  ['a file too few', ({ files }) => delete files.password],
  ['no digest of parts', (facts) => delete facts.parts],
  ['another layout', (facts) => (facts.format = 2)],
  ['two layouts', (facts) => (facts.sqlite = { bytes: 4096, sha256: '0'.repeat(64) })],
];

describe('the facts of a snapshot', () => {
  test.for(HOSTILE)('%s is refused', async ([, change], { made }) => {
    alter(made, change);
    await expect(openSnapshot(made.dataset)).rejects.toThrow(storeError('SNAPSHOT_CORRUPT'));
  });

  test('facts that change nothing are opened', async ({ made }) => {
    alter(made, () => undefined);
    (await openSnapshot(made.dataset)).close();
  });
});
