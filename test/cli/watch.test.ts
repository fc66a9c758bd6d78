// credveil watch on the command line: a key, tags of logins, and the accounts of new sources.

import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { parseWatchKeyText } from '../../match/watch/watch-key.ts';
import { openDataset } from '../../store/dataset.ts';
import { openKeyFile } from '../../store/key-file.ts';
import { credveil, credveilJson, filesBelow, startCredveil, type WorkPlace } from '../support/credveil.ts';
import { comboText, type Pair, seededPairs, seededRandom } from '../support/dataset.ts';
import { parseRows } from '../support/match/world.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';
import { createTagger, type Login, TODAY } from '../support/watch.ts';

const MARK = 'qzxmarkq';
const MARKED: Pair = { username: `${MARK}.name@example.test`, password: `${MARK}-Pass 7` };
const PAIRS = [MARKED, ...seededPairs(60, 5)];

const run = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await credveil(args);
  expect(code, stderr).toBe(0);
  return stdout;
};

interface World {
  readonly folder: string;
  readonly keyFile: string;
  /** The options that every `watch open` needs. */
  readonly options: readonly string[];
  ingest(source: string, date: string, pairs: readonly Pair[]): Promise<void>;
  tag(login: Login): string;
}

async function createWorld(place: WorkPlace): Promise<World> {
  const [folder, keyFile] = [place.at('leaks'), place.at('watch.key')];
  await run('init', folder, '--suite', 'hmac', '--bucket-floor', '1');
  await run('watch', 'keygen', '--key-file', keyFile);
  const key = parseWatchKeyText(fs.readFileSync(keyFile, 'utf8'));
  return {
    ...{ folder, keyFile, options: ['--key', keyFile, '--data', folder] },
    tag: createTagger(key, { dataset: openDataset(folder) }, openKeyFile(`${folder}.key`).createSuite()),
    async ingest(source, date, pairs) {
      const text = comboText(pairs);
      const options = ['--source', source, '--date', date, '--format', 'combo', '--no-publish'];
      await run('ingest', folder, place.write(`${source}.txt`, text), ...options);
      fs.rmSync(place.at(`${source}.txt`));
    },
  };
}

const loginOf = (account: string, { username, password }: Pair): Login => ({
  ...{ account, usernames: [username], password },
});
const csvOf = (rows: readonly (readonly string[])[]): string => ['account,tag', ...rows.map(String), ''].join('\n');

describe('credveil watch keygen', () => {
  test('writes a private file, prints the public line, and replaces nothing', async ({ place }) => {
    const file = place.at('watch.key');
    const [line = ''] = (await run('watch', 'keygen', '--key-file', file)).split('\n');
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    const secret = fs.readFileSync(file, 'utf8');
    expect(parseWatchKeyText(secret).publicLine).toBe(line);
    const again = await credveil(['watch', 'keygen', '--key-file', file]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('KEY_FILE_EXISTS')]);
    expect(fs.readFileSync(file, 'utf8')).toBe(secret);
    const shown = await credveilJson(['watch', 'keygen', '--key-file', place.at('second.key')]);
    expect(shown).toMatchObject({ publicKey: expect.stringMatching(/^credveil-watch-public-1\./) });
  });
});

describe('credveil watch open', () => {
  test('reads CSV and JSON lines, and writes the results of a match', async ({ place }) => {
    const { tag, options, ingest } = await createWorld(place);
    await ingest('old', '2019-02', PAIRS.slice(0, 3));
    const rows = [
      ['=1', tag(loginOf('=1', PAIRS[1] as Pair))],
      ['2', tag(loginOf('2', PAIRS[9] as Pair))],
      ['3', tag(loginOf('moved', MARKED))],
      ['4', tag({ ...loginOf('4', MARKED), day: TODAY - 500 })],
    ];
    const unchecked = place.at('unchecked.csv');
    const args = ['watch', 'open', '-', ...options, '--expires', '400d'];
    const first = await credveil([...args, '--unchecked', unchecked], csvOf(rows));
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toBe(`account,source,date,match\n"'=1",old,2019-02,exact\n`);
    expect(first.stderr).toContain('found: 1 account whose last password has leaked, 1 of them new');
    expect(first.stderr).toContain('NOT CHECKED: 2 tags (1 altered-or-moved, 1 expired)');
    expect(fs.readFileSync(unchecked, 'utf8')).toBe('account,reason,source\n3,altered-or-moved,\n4,expired,\n');
    await ingest('new', '2024-05', PAIRS.slice(9));
    const lines = rows.map(([account, one]) => `${JSON.stringify({ more: [1], account, tag: one })}\n`).join('');
    const second = await credveil([...args, '--json', '--only-new'], lines);
    expect(JSON.parse(second.stdout)).toMatchObject({
      accounts: [{ account: '2', source: 'new', date: '2024-05', match: 'exact', new: true }],
      figures: { sources: 2, compared: 1 },
    });
  });

  test('sends each finding once', async ({ place }) => {
    const { tag, options, ingest } = await createWorld(place);
    await ingest('old', '2019-02', PAIRS);
    const sink = place.at('ecs.jsonl');
    const open = (rows: readonly (readonly string[])[]) =>
      credveil(['watch', 'open', '-', ...options, '--notify', `ecs:${sink}`], csvOf(rows));
    // Another login makes another tag of the same finding.
    for (let login = 0; login < 2; login++) {
      const { code, stderr } = await open([['1', tag(loginOf('1', MARKED))]]);
      expect(code, stderr).toBe(0);
    }
    await open([['1', tag(loginOf('1', { ...MARKED, password: 'reset' }))]]);
    const events = fs.readFileSync(sink, 'utf8').trimEnd().split('\n');
    expect(events.map((line) => JSON.parse(line).event.action)).toEqual(['watch.found']);
  });

  test('has the same result after a kill at any moment', async ({ place }) => {
    const { tag, options, ingest } = await createWorld(place);
    await ingest('old', '2019-02', PAIRS.slice(0, 30));
    const rows = PAIRS.map((pair, i) => [
      `${i}`,
      tag(loginOf(`${i}`, i % 3 === 0 ? pair : { ...pair, password: 'x' })),
    ]);
    const tags = place.write('tags.csv', csvOf(rows));
    const sink = place.at('ecs.jsonl');
    const args = ['watch', 'open', tags, ...options, '--notify', `ecs:${sink}`];
    const started = performance.now();
    const before = await run(...args);
    const wholeMs = performance.now() - started;
    expect(parseRows(before)).toHaveLength(10);
    await ingest('new', '2024-05', PAIRS.slice(20));
    const random = seededRandom(11);
    for (let kill = 0; kill < 8; kill++) {
      const { child, ended } = startCredveil(args);
      const timer = setTimeout(() => child.kill('SIGKILL'), wholeMs * (0.2 + random()));
      await ended;
      clearTimeout(timer);
    }
    const after = await run(...args);
    fs.rmSync(place.at('leaks.watch'));
    expect(await run(...args)).toBe(after);
    const found = parseRows(after).map(({ account, source }) => `${account} ${source}`);
    expect(found).toHaveLength(21);
    const events = fs
      .readFileSync(sink, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const byId = new Map(events.map(({ event, credveil }) => [event.id, `${credveil.account} ${credveil.source}`]));
    const sent = [...byId.values()];
    expect(new Set(sent).size).toBe(sent.length);
    expect(sent.sort()).toEqual([...new Set([...sent, ...found])].sort());
  });

  test('keeps password and name out of tags, state, outbox and output', async ({ place }) => {
    const { tag, options, ingest } = await createWorld(place);
    await ingest('old', '2019-02', PAIRS);
    const tags = place.write('tags.csv', csvOf([['1', tag(loginOf('1', MARKED))]]));
    const args = ['watch', 'open', tags, ...options, '--notify', `ecs:${place.at('ecs.jsonl')}`];
    const { stdout, stderr } = await credveil([...args, '--json', '--unchecked', place.at('unchecked.csv')]);
    expect(JSON.parse(stdout).accounts).toHaveLength(1);
    const files = filesBelow(place.home).filter(({ name }) => !name.startsWith('leaks/'));
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ecs.jsonl', 'leaks.outbox.sqlite', 'leaks.watch', 'tags.csv', 'unchecked.csv']),
    );
    const all = Buffer.concat([...files.map(({ bytes }) => bytes), Buffer.from(stdout + stderr)]);
    for (const text of [MARK, MARKED.username, MARKED.password]) {
      const forms = [text, Buffer.from(text).toString('hex'), Buffer.from(text).toString('base64').slice(0, -4)];
      for (const form of forms) expect(all.includes(form), form).toBe(false);
    }
    // The search finds what is there.
    expect(all.includes('watch.found')).toBe(true);
    for (const name of ['leaks.watch', 'unchecked.csv'])
      expect(fs.statSync(place.at(name)).mode & 0o777, name).toBe(0o600);
  });

  test('refuses tags of before a rotation, and says what to do', async ({ place }) => {
    const { folder, keyFile, tag, ingest } = await createWorld(place);
    await ingest('old', '2019-02', PAIRS);
    const successor = place.at('leaks-2');
    await run('rotate', folder, successor);
    const corpus = place.write('again.txt', 'someone@example.test:else\n');
    await run('ingest', successor, corpus, '--source', 'old', '--format', 'combo', '--no-publish');
    const tags = csvOf([['1', tag(loginOf('1', MARKED))]]);
    const { code, stderr } = await credveil(['watch', 'open', '-', '--key', keyFile, '--data', successor], tags);
    expect([code, stderr]).toEqual([1, expect.stringContaining('1 other-dataset')]);
    expect(stderr).toContain('After a rotation accounts get new tags as they log in');
    expect(fs.existsSync(place.at('leaks-2.watch'))).toBe(false);
  });

  test('refuses keys, options and files that do not fit, and writes nothing', async ({ place }) => {
    const { tag, options, ingest, keyFile } = await createWorld(place);
    await ingest('old', '2019-02', PAIRS);
    fs.writeFileSync(place.at('open.key'), fs.readFileSync(keyFile), { mode: 0o644 });
    const tags = csvOf([['1', tag(loginOf('1', MARKED))]]);
    for (const [flag, value, code, exit] of [
      ['--key', place.at('leaks.key'), 'KEY_FILE_MALFORMED', 1],
      ['--key', place.at('open.key'), 'KEY_FILE_EXPOSED', 1],
      ['--key', place.at('none.key'), 'KEY_FILE_MISSING', 1],
      ['--expires', '1y', 'USAGE', 2],
      ['--out', keyFile, 'OUTPUT_EXISTS', 1],
      ['--state', place.at('leaks/state'), 'USAGE', 2],
      ['--state', keyFile, 'STATE_CORRUPT', 1],
    ] as const) {
      const refused = await credveil(['watch', 'open', '-', ...options, flag, value], tags);
      expect([refused.code, refused.stderr]).toEqual([exit, expect.stringContaining(`error ${code}`)]);
      expect(refused.stdout).toBe('');
    }
  });
});
