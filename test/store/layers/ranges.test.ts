// The ranges of several layers, one after another as an export reads them.

import { expect, test } from 'vitest';
import { RANGES } from '../../../protocol/bucket-id.ts';
import { openDataset } from '../../../store/dataset.ts';
import { joinRanges } from '../../../store/snapshot/ranges/join-ranges.ts';
import { openSnapshot, rangeFiles, rangeText } from '../../../store/snapshot/snapshot.ts';
import { makeRangeDataset, sha1Of } from '../../support/range-dataset.ts';

const named = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name} ${i}`);

test('an export of layers has each range once, in order, as requests get it', async () => {
  const made = await makeRangeDataset({ passwords: named('first', 300) }, ['sha1']);
  try {
    await made.add('second', { passwords: [...named('first', 8), ...named('second', 5)] });
    await made.publish(true);
    await made.add('third', { passwords: [...named('first', 3), ...named('third', 3)] });
    await made.publish(true);
    const snapshot = await openSnapshot(openDataset(made.folder));
    try {
      expect(snapshot.layers.length).toBe(3);
      const files = [...rangeFiles(snapshot, 'sha1')];
      const passwords = [...named('first', 300), ...named('second', 5), ...named('third', 3)];
      const prefixes = new Set(passwords.map((password) => sha1Of(password).slice(0, 5)));
      expect(files.map(({ name }) => name)).toEqual([...prefixes].sort());
      for (const { name, content } of files)
        expect(content.equals(rangeText(snapshot, 'sha1', Number.parseInt(name, 16)) as Buffer), name).toBe(true);
      const counts = Array.from(snapshot.rangeCounts('sha1')).reduce((sum, count) => sum + count, 0);
      expect(counts).toBe(passwords.length);
    } finally {
      snapshot.close();
    }
  } finally {
    made.dispose();
  }
});

test('whoever ends early closes what was being read of each layer', () => {
  const closed: number[] = [];
  const layer = function* (number: number) {
    try {
      for (let range = number; range < RANGES; range += 2) yield { range, body: Buffer.alloc(0) };
    } finally {
      closed.push(number);
    }
  };
  for (const { range } of joinRanges('sha1', [layer(0), layer(1)])) if (range === 3) break;
  expect(closed).toEqual([0, 1]);
});
