// Publishing more runs than can be open at once: groups of them give what all of them give.

import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { INDEX_NAMES } from '../../protocol/bucket-id.ts';
import { workFolder } from '../../store/dataset.ts';
import { Merge } from '../../store/run/merge.ts';
import { RECORD_LAYOUT, TIMES_AT } from '../../store/run/record.ts';
import { openRuns } from '../../store/run/run.ts';
import { MAX_OPEN_RUNS, prepareRunStreams } from '../../store/run/run-streams.ts';
import { verifyDataset } from '../../store/verify.ts';
import { type MadeDataset, seededPairs } from '../support/dataset.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';

const test = datasetTest({ pairs: seededPairs(30), published: false });

/** Sources overlap: each pair is in up to three of them. */
function addSources(made: MadeDataset, count: number): void {
  const pairs = seededPairs(count + 10, 5);
  for (let i = 0; i < count; i++)
    made.addSource(`source-${String(i).padStart(4, '0')}`, { pairs: pairs.slice(i, i + 3) });
}

const hexOf = ({ bytes, at }: Merge): string => Buffer.from(bytes).toString('hex', at, at + TIMES_AT);

/** Every merged record in words. */
async function recordsWith(made: MadeDataset, maxOpen: number): Promise<string[]> {
  const folder = path.join(workFolder(made.dataset), 'publish');
  const runs = openRuns(made.dataset);
  const turn = async (): Promise<void> => {};
  const begin = await prepareRunStreams(runs, { folder, sections: INDEX_NAMES, turn, maxOpen });
  const found: string[] = [];
  // Two passes, as publishing makes them.
  for (const pass of [1, 2]) {
    const streams = begin();
    for (const index of INDEX_NAMES) {
      const merge = new Merge(streams.begin(index), RECORD_LAYOUT);
      while (merge.next()) found.push([pass, index, hexOf(merge), merge.times, merge.source].join(' '));
    }
    streams.finish();
    streams.close();
  }
  fs.rmSync(folder, { recursive: true, force: true });
  return found;
}

test('groups of runs merge to the same records, times and source numbers as all runs at once', async ({ made }) => {
  addSources(made, 40);
  const all = await recordsWith(made, 1000);
  expect(all.length).toBeGreaterThan(200);
  expect(new Set(all.map((record) => record.split(' ').at(-1))).size).toBeGreaterThan(30);
  for (const maxOpen of [1, 7, 40]) expect(await recordsWith(made, maxOpen)).toEqual(all);
});

test('an altered run is detected while runs are grouped', async ({ made }) => {
  addSources(made, 10);
  const [, , run] = openRuns(made.dataset);
  const bytes = fs.readFileSync(run?.file ?? '');
  bytes[8 + TIMES_AT] = (bytes[8 + TIMES_AT] as number) ^ 1;
  fs.writeFileSync(run?.file ?? '', bytes);
  await expect(recordsWith(made, 4)).rejects.toMatchObject({ code: 'RUN_CORRUPT' });
});

test('a dataset of many sources is published and verified', async ({ made }) => {
  const sources = 2 * MAX_OPEN_RUNS + 7;
  addSources(made, sources);
  const facts = await made.publish();
  expect(facts.sources).toHaveLength(sources + 1);
  expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ runs: sources + 1 });
  expect(fs.readdirSync(workFolder(made.dataset))).toEqual([]);
});
