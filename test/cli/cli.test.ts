// The command line from end to end: results, exit codes and signals.

import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import {
  digestFolder,
  credveil as runCredveil,
  credveilJson as runCredveilJson,
  serveDataset,
  startCredveil,
  type WorkPlace,
} from '../support/credveil.ts';
import { placeTest } from '../support/vitest/fixtures.ts';

// Here no command finds what another one has loaded.
const credveil = (args: readonly string[], input = '') => runCredveil(args, input, { ownProcess: true });
const credveilJson = (args: readonly string[], input = '') => runCredveilJson(args, input, { ownProcess: true });

interface World {
  readonly place: WorkPlace;
  /** The path of the test's dataset. */
  readonly dataset: string;
}

const test = placeTest.extend<Pick<World, 'dataset'>>({ dataset: ({ place }, use) => use(place.at('leaks')) });

const asked = (credentials: readonly object[]): string => credentials.map((c) => `${JSON.stringify(c)}\n`).join('');

async function statuses(url: string, keyFile: string, credentials: readonly object[]): Promise<string[]> {
  const { code, stdout, stderr } = await credveil(
    ['check', '--url', url, '--dataset', keyFile.replace(/\.key$/, ''), '--timeout', '60000'],
    asked(credentials),
  );
  expect([code, stderr]).toEqual([0, '']);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { status: string }).status);
}

interface Initialized {
  readonly keyFile: string;
}

/** A dataset of two published sources: `combo` of two pairs and `list` of one password. */
async function publishTwoSources({ place, dataset }: World): Promise<Initialized> {
  const made = (await credveilJson(['init', dataset, '--suite', 'hmac', '--bucket-floor', '2'])) as Initialized;
  const combo = place.write('combo.txt', 'Ana@Example.test:secret one\nben@example.test:secret two\n');
  await credveilJson(['ingest', dataset, combo, '--source', 'combo', '--date', '2024-02', '--no-publish']);
  await credveilJson(ingestList({ place, dataset }));
  return made;
}

const ingestList = ({ place, dataset }: World): string[] => [
  'ingest',
  dataset,
  place.write('list.txt', '7 secret three\n'),
  ...['--source', 'list', '--format', 'counted-passwords'],
];

/** One credential for each status that the two sources can give, and for each half of a pair. */
const QUESTIONS = [
  { username: ' ana@example.TEST', password: 'secret one' },
  { username: 'ana@example.test', password: 'secret two' },
  { username: 'ana@example.test', password: 'other' },
  { username: 'ana@example.test' },
  { password: 'secret three' },
  { username: 'cleo@example.test', password: 'other' },
];

test('init creates a dataset and a key that only its owner can read', async ({ dataset }) => {
  const made = (await credveilJson(['init', dataset, '--suite', 'hmac', '--bucket-floor', '2'])) as Initialized;
  expect(made).toMatchObject({
    folder: dataset,
    indexes: ['account', 'password'],
    keyFile: `${dataset}.key`,
    keyCreated: true,
  });
  expect(fs.statSync(made.keyFile).mode & 0o777).toBe(0o600);
});

test('ingest publishes a source once, and publishes it later after --no-publish', async ({ place, dataset }) => {
  const combo = place.write('combo.txt', 'Ana@Example.test:secret one\nben@example.test:secret two\n');
  await credveilJson(['init', dataset, '--suite', 'hmac', '--bucket-floor', '2']);
  expect(await credveilJson(['ingest', dataset, combo, '--source', 'combo', '--date', '2024-02'])).toMatchObject({
    source: 'combo',
    changed: true,
    lines: 2,
    credentials: 2,
    rejects: {},
    published: { changed: true, sources: 1 },
  });
  const list = ingestList({ place, dataset });
  const unpublished = (await credveilJson([...list, '--no-publish'])) as object;
  expect(unpublished).toMatchObject({ changed: true, credentials: 1 });
  expect(unpublished).not.toHaveProperty('published');
  // Without --no-publish, the same command publishes the source that it already ingested.
  expect(await credveilJson(list)).toMatchObject({
    changed: false,
    published: { changed: true, sources: 2 },
  });
  expect(await credveilJson(list)).toMatchObject({
    changed: false,
    published: { changed: false },
  });
  expect(await credveilJson(['publish', dataset])).toMatchObject({ changed: false, sources: 2 });
});

test('sources, stats and verify report what was ingested', async ({ place, dataset }) => {
  await publishTwoSources({ place, dataset });
  expect(await credveilJson(['sources', dataset])).toMatchObject([
    { name: 'list', date: null, format: 'counted-passwords', lines: 1, credentials: 1, rejects: {}, records: 1 },
    { name: 'combo', date: '2024-02', format: 'combo', lines: 2, credentials: 2, rejects: {}, records: 6 },
  ]);
  const { indexes } = (await credveilJson(['stats', dataset])) as { indexes: Record<string, { entries: number }> };
  // Two pairs, two usernames and three passwords, and the canary's entries.
  expect([indexes.account?.entries, indexes.password?.entries]).toEqual([6, 4]);
  expect(await credveilJson(['verify', dataset])).toMatchObject({ runs: 2, records: 7, entries: 10 });
});

test('check finds what was ingested, and nothing of it once the source is removed', async ({ place, dataset }) => {
  const made = await publishTwoSources({ place, dataset });
  const server = await serveDataset(dataset);
  expect(await statuses(server.url, made.keyFile, QUESTIONS)).toEqual([
    'pair',
    'password',
    'username',
    'username',
    'password',
    'clean',
  ]);

  expect(await credveilJson(['remove', dataset, 'combo'])).toMatchObject({
    removed: 'combo',
    published: { sources: 1 },
  });
  // Buckets, digests, filter, facts, statement and head of one snapshot: nothing of the source that
  // was removed.
  expect(fs.readdirSync(path.join(dataset, 'snapshots'))).toHaveLength(7);
  const ended = await server.stop();
  expect(ended.code).toBe(0);
  expect(ended.stdout).toBe(`${JSON.stringify({ url: server.url })}\n`);
  for (const line of ended.stderr.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('event');

  const again = await serveDataset(dataset);
  expect(await statuses(again.url, made.keyFile, QUESTIONS.slice(0, 5))).toEqual([
    'clean',
    'clean',
    'clean',
    'clean',
    'password',
  ]);
  await again.stop();
});

test('results go to stdout as text, progress to stderr as plain lines', async ({ place, dataset }) => {
  const combo = place.write('combo.txt', 'ana:pw\n\n');
  expect(await credveil(['init', dataset, '--suite', 'hmac'])).toMatchObject({ code: 0, stderr: '' });
  expect((await credveil(['sources', dataset])).stdout).toBe(
    `no sources; add one with: credveil ingest ${dataset} <file...> --source <name>\n`,
  );
  expect((await credveil(['verify', dataset])).stdout).toBe(
    '0 runs with 0 records: all checksums match, no run contradicts another\nnot published yet\n',
  );
  const ingested = await credveil(['ingest', dataset, combo, '--source', 'combo']);
  expect(ingested.stdout).toMatch(
    /^source combo: 1 credential from 2 lines in [\d.]+ s, [\d,]+ lines\/s\nrejected: 1 blank\nformat combo \(.*\nsnapshot \S+: 1 source, account 4 entries in 1 bucket, password 2 entries in 1 bucket, .*\nclients accept it until \S+; .*\ntime: reading [\d.]+ s, merging [\d.]+ s, publishing [\d.]+ s; peak memory [\d.]+ MiB\n$/,
  );
  // Without a terminal, no line is redrawn.
  expect(ingested.stderr).not.toContain('\r');
  expect(ingested.stderr).toMatch(/^(?:(?:(?:ingest|merge) combo|publish: \w+) +\d+% {2}\S.*\n)+$/);
  expect((await credveil(['ingest', dataset, combo, '--source', 'combo'])).stdout).toBe(
    'source combo: already ingested; nothing changed\n',
  );
  expect(await credveil(['sources', dataset])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^SOURCE .*\ncombo /),
  });
  expect(await credveil(['stats', dataset])).toMatchObject({ code: 0, stdout: expect.stringMatching(/, 1 source\n/) });
  expect((await credveil(['verify', dataset])).stdout).toMatch(
    /^1 run with 3 records: .*\nsnapshot .*, 2 buckets with 6 entries: /,
  );
});

test('init uses an existing key, and two datasets may share one', async ({ place, dataset }) => {
  const keyFile = place.at('shared.key');
  const one = (await credveilJson([
    'init',
    dataset,
    '--suite',
    'hmac',
    '--key-file',
    keyFile,
    '--index',
    'password',
  ])) as { keyId: string };
  const secret = fs.readFileSync(keyFile);
  const two = await credveilJson([
    'init',
    place.at('other'),
    '--suite',
    'hmac',
    '--key-file',
    keyFile,
    '--index',
    'password',
  ]);
  expect(one).toMatchObject({ keyCreated: true });
  expect(two).toMatchObject({ keyId: one.keyId, keyCreated: false, indexes: ['password'] });
  expect(fs.readFileSync(keyFile).equals(secret)).toBe(true);
  expect(fs.readdirSync(place.home).sort()).toEqual(['leaks', 'other', 'shared.key']);

  const list = place.write('list.txt', 'pw\n');
  const passwords = ['--source', 'list', '--format', 'passwords', '--key-file', keyFile];
  await credveilJson(['ingest', dataset, list, ...passwords]);
  await credveilJson(['ingest', place.at('other'), list, ...passwords]);
  // With one key and one corpus, a run can be copied between machines.
  const run = (folder: string): Buffer => fs.readFileSync(path.join(folder, 'runs', 'list.run'));
  expect(run(place.at('other')).equals(run(dataset))).toBe(true);
});

test('ingest reads a corpus of any format from standard input', async ({ dataset }) => {
  await credveilJson(['init', dataset, '--suite', 'hmac']);
  const csv = [
    'ingest',
    dataset,
    '-',
    '--source',
    'csv',
    '--format',
    'csv',
    '--columns',
    'password=P,username=U',
    '--blank',
    '<blank>',
  ];
  expect(await credveilJson(csv, 'u,p\r\nroot,<blank>\r\n"ana","p,w"\r\n')).toMatchObject({ lines: 2, credentials: 2 });
  expect(await credveilJson(['sources', dataset])).toMatchObject([{ files: [{ name: '-' }] }]);
});

describe('signals', () => {
  test.for(['SIGINT', 'SIGTERM'] as const)(
    '%s ends an ingest with 130 and leaves the dataset unchanged',
    async (signal, { place, dataset }) => {
      await credveilJson(['init', dataset, '--suite', 'hmac']);
      await credveilJson(['ingest', dataset, place.write('a.txt', 'ana:pw\n'), '--source', 'first']);
      const before = digestFolder(dataset);
      const { child, written, ended } = startCredveil(['ingest', dataset, '-', '--source', 'slow']);
      child.stdin?.write('ben:pw\n');
      // The first progress line shows that reading has started.
      while (!written.stderr.includes('ingest slow')) await once(child.stderr as NodeJS.ReadableStream, 'data');
      child.kill(signal);
      const { code, stdout, stderr } = await ended;
      expect([code, stdout]).toEqual([130, '']);
      expect(stderr).toContain('interrupted: ');
      expect(digestFolder(dataset)).toBe(before);
      expect(await credveilJson(['ingest', dataset, '-', '--source', 'slow'], 'ben:pw\n')).toMatchObject({
        changed: true,
      });
    },
  );

  test('SIGINT ends a server and an unfinished check with 130', async ({ dataset }) => {
    await credveilJson(['init', dataset, '--suite', 'hmac']);
    await credveilJson(['publish', dataset]);
    const server = await serveDataset(dataset);
    const check = startCredveil(['check', '--url', server.url, '--dataset', dataset, '--timeout', '60000']);
    check.child.stdin?.write('{"password":"pw"}\n');
    await once(check.child.stdout as NodeJS.ReadableStream, 'data');
    check.child.kill('SIGINT');
    expect((await check.ended).code).toBe(130);
    server.child.kill('SIGINT');
    expect((await server.ended).code).toBe(130);
  });

  test('remove finishes an interrupted removal', async ({ dataset }) => {
    await credveilJson(['init', dataset, '--suite', 'hmac']);
    await credveilJson(['ingest', dataset, '-', '--source', 'first'], 'ana:pw\n');
    await credveilJson(['ingest', dataset, '-', '--source', 'second'], 'ben:pw\n');
    fs.rmSync(path.join(dataset, 'runs', 'first.run'));
    expect(await credveilJson(['remove', dataset, 'first'])).toMatchObject({
      removed: 'first',
      published: { sources: 1 },
    });
    expect(fs.readdirSync(path.join(dataset, 'snapshots'))).toHaveLength(7);
  });
});

test.for([['sources'], ['key', 'pin', '--json']])(
  'a reader that stops early, as head does, ends %j silently',
  async ([command = '', ...words], { dataset }) => {
    await credveilJson(['init', dataset, '--suite', 'hmac']);
    const { child, ended } = startCredveil([command, ...words, dataset]);
    child.stdout?.destroy();
    expect(await ended).toMatchObject({ code: 141, stderr: '' });
  },
);
