// Sources that expire: left out of what is published from their day on, and never in silence.

import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { isDay } from '../../../store/day.ts';
import { readExpiries, setExpiry } from '../../../store/retention/expiry.ts';
import { openRuns } from '../../../store/run/run.ts';
import { publish } from '../../../store/snapshot/publish.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { copyRun } from '../../support/store/copied-run.ts';

let made: MadeDataset;
afterEach(() => made.dispose());

const at = (day: string): number => Date.parse(`${day}T12:00:00Z`);
const publishAt = async (day: string) => {
  const { facts, expired, withdrawn, changed } = await publish(made.dataset, made.suite, { now: at(day) });
  return { sources: facts.sources.map(({ name }) => name), expired, withdrawn, changed };
};
/** Gives a run the day, as an ingest with --expires does. */
function dateRun(from: string, to: string, expires: unknown): void {
  const file = (name: string): string => path.join(made.folder, 'runs', `${name}.run`);
  const copy = path.join(made.folder, `${to}.run`);
  copyRun(file(from), copy, { facts: (facts) => ({ ...facts, source: to, expires }) });
  fs.renameSync(copy, file(to));
}

async function make(): Promise<void> {
  made = await makeDataset({ pairs: seededPairs(20), published: false });
  made.addSource('second', { pairs: seededPairs(20, 2) });
}

test('a source is left out from the beginning of its day on, and its snapshot withdrawn', async () => {
  await make();
  dateRun('second', 'second', '2026-06-10');
  expect(await publishAt('2026-06-09')).toEqual({
    sources: ['first', 'second'],
    expired: [],
    withdrawn: false,
    changed: true,
  });
  const expired = [{ source: 'second', expires: '2026-06-10' }];
  expect(await publishAt('2026-06-10')).toEqual({ sources: ['first'], expired, withdrawn: true, changed: true });
  // Told again, though nothing changed.
  expect(await publishAt('2026-06-11')).toEqual({ sources: ['first'], expired, withdrawn: false, changed: false });
  expect(openRuns(made.dataset)).toHaveLength(2);
});

test('a copy of a run expires as its origin does', async () => {
  await make();
  dateRun('second', 'copied', '2026-06-10');
  expect((await publishAt('2026-06-11')).sources).toEqual(['first', 'second']);
});

test('the day of the dataset counts before that of the run', async () => {
  await make();
  dateRun('second', 'second', '2026-06-10');
  setExpiry(made.dataset, 'second', 'never');
  setExpiry(made.dataset, 'first', '2026-06-01');
  expect((await publishAt('2026-06-11')).sources).toEqual(['second']);
  setExpiry(made.dataset, 'second', undefined);
  setExpiry(made.dataset, 'first', undefined);
  expect((await publishAt('2026-06-11')).sources).toEqual(['first']);
  expect(fs.statSync(path.join(made.folder, 'retention', 'expiry.json')).mode & 0o777).toBe(0o600);
});

test('who changes the list of days does what who deletes the run does, and is named', async () => {
  const outcomes = [];
  for (const change of ['day', 'deletion']) {
    await make();
    await publishAt('2026-06-09');
    fs.mkdirSync(path.join(made.folder, 'retention'));
    if (change === 'day')
      fs.writeFileSync(
        path.join(made.folder, 'retention', 'expiry.json'),
        '{"format":1,"sources":{"second":"2026-06-01"}}',
      );
    else fs.rmSync(path.join(made.folder, 'runs', 'second.run'));
    outcomes.push(await publishAt('2026-06-09'));
    if (change === 'day') made.dispose();
  }
  const left = { sources: ['first'], withdrawn: true, changed: true };
  expect(outcomes).toEqual([
    { ...left, expired: [{ source: 'second', expires: '2026-06-01' }] },
    { ...left, expired: [] },
  ]);
});

test('a clock that was set back brings no expired source back', async () => {
  await make();
  dateRun('second', 'second', '2026-06-10');
  await publishAt('2026-06-15');
  await expect(publishAt('2026-06-09')).rejects.toMatchObject({ code: 'CLOCK_BEHIND' });
  // Behind, but not before any day that matters.
  expect((await publishAt('2026-06-12')).sources).toEqual(['first']);
  setExpiry(made.dataset, 'second', '2026-06-30');
  expect((await publishAt('2026-06-09')).sources).toEqual(['first', 'second']);
});

test.each([
  ['a day of no calendar', '{"format":1,"sources":{"a":"2026-02-30"}}'],
  ['another format', '{"format":2,"sources":{}}'],
  ['a list', '{"format":1,"sources":[]}'],
  ['a name of no source', '{"format":1,"sources":{"A b":"never"}}'],
  ['no JSON', '{'],
])('a list of days with %s is refused', async (_, text) => {
  await make();
  fs.mkdirSync(path.join(made.folder, 'retention'));
  fs.writeFileSync(path.join(made.folder, 'retention', 'expiry.json'), text);
  expect(() => readExpiries(made.dataset)).toThrow(expect.objectContaining({ code: 'EXPIRY_CORRUPT' }));
  await expect(publishAt('2026-06-01')).rejects.toMatchObject({ code: 'EXPIRY_CORRUPT' });
});

test('a run with a day of no calendar is refused', async () => {
  await make();
  dateRun('second', 'second', '2026-13-01');
  expect(() => openRuns(made.dataset)).toThrow(expect.objectContaining({ code: 'RUN_CORRUPT' }));
  expect(['2024-02-29', '2026-02-29', '2026-1-1', 20260101].map(isDay)).toEqual([true, false, false, false]);
});
