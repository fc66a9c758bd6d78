// Lists, shows, removes and exports sources, and combines runs made on other machines with one key.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { SnapshotStats } from '../../cli/stats/figures.ts';
import { openDataset } from '../../store/dataset.ts';
import { openKeyFile } from '../../store/key-file.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { credveil, credveilJson } from '../support/credveil.ts';
import { comboText, seededPairs } from '../support/dataset.ts';
import { tagsByBucket } from '../support/entries.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const combo = (count: number, seed: number): string => comboText(seededPairs(count, seed));

async function init(folder: string, ...options: string[]): Promise<string> {
  await credveilJson(['init', folder, '--suite', 'hmac', '--bucket-floor', '8', ...options]);
  return folder;
}

const copyRun = (from: string, to: string, source: string): void =>
  fs.copyFileSync(path.join(from, 'runs', `${source}.run`), path.join(to, 'runs', `${source}.run`));

test('a month in the name of a source or its file is its date', async ({ place }) => {
  const folder = await init(place.at('d'));
  const ingest = async (file: string, source: string, ...options: string[]) => {
    const args = ['ingest', folder, place.at(file), '--source', source, '--format', 'combo', '--no-publish'];
    return (await credveil([...args, ...options])).stderr;
  };
  place.write('leak-2024-05.txt', combo(5, 1));
  place.write('leak.txt', combo(5, 2));
  place.write('other-2023-01.txt', combo(5, 3));
  expect(await ingest('leak-2024-05.txt', 'a')).toContain('date 2024-05, from the name; --date states another');
  await ingest('leak.txt', 'b-2022-12');
  expect(await ingest('other-2023-01.txt', 'c', '--date', '2021-02')).not.toContain('from the name');
  const sources = (await credveilJson(['sources', folder])) as { name: string; date: string }[];
  expect(sources.map(({ name, date }) => `${name} ${date}`)).toEqual(['c 2021-02', 'b-2022-12 2022-12', 'a 2024-05']);
});

/** Every tag of every bucket, by index. */
async function entriesOf(folder: string, keyFile: string): Promise<unknown> {
  const suite = openKeyFile(keyFile).createSuite();
  const snapshot = await openSnapshot(openDataset(folder));
  try {
    const { indexes, sources } = snapshot.facts;
    const tags = {
      account: tagsByBucket(snapshot, suite, 'account'),
      password: tagsByBucket(snapshot, suite, 'password'),
    };
    return { indexes, sources, tags };
  } finally {
    snapshot.close();
  }
}

test('ingest --delta publishes a further layer', async ({ place }) => {
  const folder = await init(place.at('d'));
  // The first one is a whole snapshot.
  const ingest = (source: string, pairs: string): Promise<unknown> =>
    credveilJson(['ingest', folder, place.write(`${source}.txt`, pairs), '--source', source, '--delta']);
  expect(await ingest('base', combo(60, 1))).toMatchObject({ published: { sources: 1, layers: 1 } });
  expect(await ingest('more', combo(2, 2))).toMatchObject({ published: { sources: 2, layers: 2 } });
  expect(await credveilJson(['verify', folder])).toMatchObject({ snapshot: expect.stringMatching(/^000002-/) });
  const unpublished = async (...args: string[]): Promise<string> =>
    (await credveil(['ingest', folder, place.write('last.txt', combo(2, 3)), ...args, '--no-publish'])).stdout;
  expect(await unpublished('--source', 'last')).toMatch(/publish it with: credveil publish .*d --delta$/m);
});

test('publish and stats say how many layers there are, and that --delta wrote all anew', async ({ place }) => {
  const folder = await init(place.at('d'));
  const ingest = async (source: string, pairs: string, ...args: string[]): Promise<string> => {
    const file = place.write(`${source}.txt`, pairs);
    return (await credveil(['ingest', folder, file, '--source', source, ...args])).stdout;
  };
  const anew = '--delta was of no use this time: all was written anew, in one layer';
  const first = await ingest('base', combo(60, 1), '--delta');
  expect(first).not.toMatch(/layer/);
  expect((await credveil(['stats', folder])).stdout).toMatch(/^in 1 layer \(slots\)$/m);
  const added = await ingest('more', combo(2, 2), '--delta');
  expect(added).toMatch(/^snapshot 000002-.*, in 2 layers, /m);
  expect(added).not.toContain(anew);
  expect((await credveil(['publish', folder, '--delta'])).stdout).toMatch(
    /all sources, in 2 layers; nothing changed$/m,
  );
  expect((await credveil(['stats', folder])).stdout).toMatch(
    /^in 2 layers, the base first\n {2}account \d+ entries, password \d+ entries, 1 source, .* \(slots\)\n {2}account \d+ /m,
  );
  const { layers, indexes } = (await credveilJson(['stats', folder])) as SnapshotStats;
  expect(layers.map(({ sources, layout }) => [sources, layout])).toEqual([
    [1, 'slots'],
    [1, 'slots'],
  ]);
  for (const index of ['account', 'password'])
    expect(layers.reduce((sum, { entries }) => sum + (entries[index] ?? 0), 0)).toBe(indexes[index]?.entries);
  // More than a tenth of the first.
  expect(await ingest('large', combo(40, 3), '--delta')).toContain(`\n${anew}\n`);
  expect(await ingest('larger', combo(40, 4))).not.toContain(anew);
});

test('runs from two machines with one key publish the same as one dataset of both corpora', async ({ place }) => {
  const keyFile = place.at('shared.key');
  await credveilJson(['keygen', '--key-file', keyFile, '--suite', 'hmac']);
  const a = place.write('a.txt', combo(200, 1));
  // Half of it is in both: times add up across machines.
  const b = place.write('b.txt', combo(200, 1).split('\n').slice(100).join('\n') + combo(100, 2));
  const option = ['--key-file', keyFile];
  const [here, there, whole] = [
    await init(place.at('here'), ...option),
    await init(place.at('there'), ...option),
    await init(place.at('whole'), ...option),
  ];
  const ingest = (folder: string, file: string, source: string) =>
    credveilJson(['ingest', folder, file, '--source', source, '--no-publish', '--format', 'combo', ...option]);
  await ingest(here, a, 'a');
  await ingest(there, b, 'b');
  await ingest(whole, b, 'b');
  await ingest(whole, a, 'a');
  copyRun(there, here, 'b');
  await credveilJson(['publish', here, ...option]);
  await credveilJson(['publish', whole, ...option]);
  expect(await entriesOf(here, keyFile)).toEqual(await entriesOf(whole, keyFile));
  expect(await credveilJson(['verify', here, ...option])).toMatchObject({ runs: 2 });
  // A copied run is a source like any other.
  await credveilJson(['remove', here, 'a', ...option]);
  const { sources } = (await entriesOf(here, keyFile)) as { sources: { name: string }[] };
  expect(sources.map(({ name }) => name)).toEqual(['b']);
});

test('a run with another key, fewer indexes or another name is refused, and the error names it', async ({ place }) => {
  const corpus = place.write('a.txt', combo(20, 1));
  const ours = await init(place.at('ours'));
  const ingest = (folder: string, source: string, ...options: string[]) =>
    credveilJson(['ingest', folder, corpus, '--source', source, '--no-publish', '--format', 'combo', ...options]);
  const refusal = async (file: string, why: string): Promise<void> => {
    const outcome = await credveil(['publish', ours]);
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('error RUN_FOREIGN') });
    expect(outcome.stderr).toContain(path.join(ours, 'runs', file));
    expect(outcome.stderr).toContain(why);
    fs.rmSync(path.join(ours, 'runs', file));
  };
  const foreign = await init(place.at('foreign'));
  await ingest(foreign, 'stranger');
  copyRun(foreign, ours, 'stranger');
  await refusal('stranger.run', 'another key');

  const fewer = await init(place.at('fewer'), '--index', 'account', '--key-file', `${ours}.key`);
  await ingest(fewer, 'partial', '--key-file', `${ours}.key`);
  copyRun(fewer, ours, 'partial');
  // Otherwise its passwords would be missing, and look clean.
  await refusal('partial.run', 'without password');

  await ingest(ours, 'mine');
  fs.renameSync(path.join(ours, 'runs', 'mine.run'), path.join(ours, 'runs', 'yours.run'));
  await refusal('yours.run', 'does not match its source');
  expect(await credveilJson(['publish', ours])).toMatchObject({ sources: 0 });
});

test('sources --show and export --source give rejects by reason, files and checksums', async ({ place }) => {
  const folder = await init(place.at('dataset'));
  const first = place.write('first.txt', 'ana:pw1\nben:pw2\n\nnothing\n');
  const second = place.write('second.txt', 'cleo:pw3\n:pw\n');
  const ingest = [
    'ingest',
    folder,
    first,
    second,
    '--source',
    'two-files',
    '--date',
    '2020-05',
    '--format',
    'combo',
    '--accept',
    'many-rejects',
  ];
  await credveilJson(ingest);
  const sha256 = (file: string): string => createHash('sha256').update(fs.readFileSync(file)).digest('hex');
  const run = fs.readFileSync(path.join(folder, 'runs', 'two-files.run'));
  const expected = {
    source: 'two-files',
    date: '2020-05',
    format: 'combo',
    lines: 6,
    credentials: 3,
    rejects: { blank: 1, 'empty-username': 1, 'no-separator': 1 },
    files: [
      { name: 'first.txt', bytes: 25, sha256: sha256(first) },
      { name: 'second.txt', bytes: 13, sha256: sha256(second) },
    ],
    bytes: run.length,
    sha256: run.toString('hex', run.length - 32),
  };
  expect(await credveilJson(['sources', folder, '--show', 'two-files'])).toMatchObject(expected);
  expect(await credveilJson(['export', folder, '--source', 'two-files'])).toMatchObject(expected);
  const { stdout } = await credveil(['sources', folder, '--show', 'two-files']);
  for (const text of ['two-files', '2020-05', 'empty-username: 1', 'account: 6', 'second.txt', sha256(second)])
    expect(stdout).toContain(text);
  expect(await credveilJson(['sources', folder])).toMatchObject([{ name: 'two-files', credentials: 3 }]);
  for (const args of [
    ['sources', folder, '--show', 'missing'],
    ['export', folder, '--source', 'missing'],
  ])
    expect(await credveil(args)).toMatchObject({ code: 1, stderr: expect.stringContaining('error SOURCE_MISSING') });
  expect(await credveil(['sources', folder, '--show', '../x'])).toMatchObject({ code: 2 });
});
