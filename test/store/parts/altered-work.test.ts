// What a publish wrote and reads again is verified as it is read: who may write the folder of a
// dataset, and holds no key, gets nothing else signed while a publish runs.

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { NUMBER_BYTES } from '../../../store/run/merge.ts';
import { RECORD_BYTES, TAG_AT } from '../../../store/run/record.ts';
import type { PublishOptions } from '../../../store/snapshot/publication.ts';
import { publish } from '../../../store/snapshot/publish.ts';
import type { MadeDataset } from '../../support/dataset.ts';
import { seededPairs } from '../../support/dataset.ts';
import { storeError } from '../../support/errors.ts';
import { datasetTest } from '../../support/vitest/fixtures.ts';

const test = datasetTest({ pairs: seededPairs(3_000) });

/** Alters a file in `work` between two steps of a publish, once it is whole. */
async function publishAltered(
  made: MadeDataset,
  name: string,
  alter: (file: string) => void,
  options: PublishOptions = {},
): Promise<void> {
  const file = path.join(made.folder, 'work', name);
  let isAltered = false;
  let isWhole = name.includes('groups');
  const onProgress: PublishOptions['onProgress'] = ({ stage, records, totalRecords }) => {
    if (stage === 'write' && isWhole && !isAltered) {
      isAltered = true;
      alter(file);
    }
    // The last call but one: the file's last block may follow.
    isWhole ||= stage === 'write' && records === totalRecords;
  };
  const before = fs.readFileSync(path.join(made.folder, 'CURRENT'), 'utf8');
  await expect(publish(made.dataset, made.suite, { ...options, onProgress })).rejects.toThrow(
    storeError('WORK_ALTERED'),
  );
  expect(isAltered).toBe(true);
  expect(fs.readFileSync(path.join(made.folder, 'CURRENT'), 'utf8')).toBe(before);
  expect(fs.readdirSync(path.join(made.folder, 'work'))).toEqual([]);
}

const emptied = (file: string): void => fs.writeFileSync(file, Buffer.alloc(fs.statSync(file).size));
const cut = (file: string): void => fs.truncateSync(file, fs.statSync(file).size - 1);

describe.each([false, true])('a publish, delta: %s,', (delta) => {
  test.for<readonly [file: string, what: string, alter: (file: string) => void]>([
    ['blocks', 'emptied', emptied],
    ['blocks', 'cut', cut],
    ['bodies', 'emptied', emptied],
    ['bodies', 'cut', cut],
  ])('does not take %s that were %s', async ([ending, , alter], { made }) => {
    made.addSource('second', { pairs: seededPairs(3, 2) });
    await publishAltered(made, `publish/password-000.${ending}`, alter, { delta });
  });

  test('does not take altered groups of runs', async ({ made }) => {
    for (let i = 0; i < 20; i++) made.addSource(`added-${i}`, { pairs: seededPairs(5, 40 + i) });
    // The tag of each record, in the order that they have.
    const alter = (file: string): void => {
      const bytes = fs.readFileSync(file);
      for (let at = TAG_AT + 5; at < bytes.length; at += RECORD_BYTES + NUMBER_BYTES)
        bytes[at] = (bytes[at] as number) ^ 1;
      fs.writeFileSync(file, bytes);
    };
    await publishAltered(made, 'publish.groups/group-0.password', alter, { delta, memoryBytes: 1 });
  });
});
