// watch open leaves out what a dataset leaves out: expired sources, and suppressed names.

import { Readable } from 'node:stream';
import { expect } from 'vitest';
import { streamInput } from '../../../ingest/input/stream-input.ts';
import { openWatchTags, type WatchRequest } from '../../../match/watch/watch.ts';
import { createWatchKey } from '../../../match/watch/watch-key.ts';
import { normalizeUsername } from '../../../protocol/normalize.ts';
import { setExpiry } from '../../../store/retention/expiry.ts';
import { writeNameList } from '../../../store/retention/name-file.ts';
import { NameList } from '../../../store/retention/name-list.ts';
import { nameEntry } from '../../../store/run/removal.ts';
import { type MadeDataset, type Pair, seededPairs } from '../../support/dataset.ts';
import { datasetTest } from '../../support/vitest/fixtures.ts';
import { createTagger } from '../../support/watch.ts';

const pairs = seededPairs(20);
const [ANN, BEN] = pairs as [Pair, Pair];
const test = datasetTest({ pairs, date: '2020-01', published: false });
const key = createWatchKey();

function createRun(made: MadeDataset) {
  const tag = createTagger(key, made, made.suite);
  const rows = [ANN, BEN].map(({ username, password }, i) => {
    const account = `${i}`;
    return `${account},${tag({ account, usernames: [username], password })}\n`;
  });
  return async (more: Partial<WatchRequest> = {}): Promise<string[]> => {
    const tags = streamInput(Readable.from([Buffer.from(`account,tag\n${rows.join('')}`)]));
    let found: string[] = [];
    await openWatchTags(
      { key, dataset: made.dataset, state: `${made.folder}.watch`, tags, ...more },
      async (result) => {
        found = result.rows.map(({ account, source }) => `${account} ${source}`);
      },
    );
    return found;
  };
}

test('expired sources are not compared, and what they had is forgotten', async ({ made }) => {
  const run = createRun(made);
  made.addSource('second', { pairs: [ANN], date: '2024-03' });
  expect(await run()).toEqual(['0 second', '1 first']);
  setExpiry(made.dataset, 'second', '2020-01-01');
  expect(await run()).toEqual(['0 first', '1 first']);
  setExpiry(made.dataset, 'first', '2020-01-01');
  await expect(run()).rejects.toMatchObject({ code: 'AGAINST_EMPTY' });
});

test('suppressed names are not found, before and after they were added', async ({ made }) => {
  const run = createRun(made);
  expect(await run()).toEqual(['0 first', '1 first']);
  const names = new NameList();
  const username = normalizeUsername(ANN.username);
  names.suppress(username, nameEntry(made.suite, username), '2026-01-01');
  writeNameList(made.dataset, made.key, names);
  await expect(run()).rejects.toMatchObject({ code: 'NAMES_REQUIRED' });
  expect(await run({ names })).toEqual(['1 first']);
  names.release(username);
  writeNameList(made.dataset, made.key, names);
  expect(await run({ names })).toEqual(['0 first', '1 first']);
});
