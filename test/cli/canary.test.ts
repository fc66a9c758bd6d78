// Canary accounts: made once, kept as keyed hashes, and an alarm for every corpus that holds one.

import fs from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect } from 'vitest';
import { openDataset } from '../../store/dataset.ts';
import { openKeyFile } from '../../store/key-file.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { credveil, credveilJson, filesBelow, type Outcome } from '../support/credveil.ts';
import { comboText, seededPairs } from '../support/dataset.ts';
import { entryReader } from '../support/entries.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

interface Account {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

const combo = (seed: number, extra: readonly string[] = []): string =>
  comboText(seededPairs(40, seed)) + extra.map((line) => `${line}\n`).join('');

async function plant(folder: string, ...options: string[]): Promise<Account[]> {
  const args = ['canary', 'add', folder, '--count', '4', '--domain', 'example.test', ...options];
  return ((await credveilJson(args)) as { accounts: Account[] }).accounts;
}

const ingest = (folder: string, file: string, ...options: string[]): Promise<Outcome> =>
  credveil(['ingest', folder, file, '--format', 'combo', ...options]);

describe.each(['hmac', 'oprf'])('canary accounts under %s', (suite) => {
  test('raise an alarm where a corpus holds them, and only there', async ({ place }) => {
    const folder = place.at('d');
    await credveilJson(['init', folder, '--suite', suite, '--username-rules', 'plus-tags', '--bucket-floor', '8']);
    const accounts = await plant(folder);
    const [a, b, c] = accounts as [Account, Account, Account];
    const quiet = await ingest(folder, place.write('a.txt', combo(1)), '--source', 'a', '--no-publish');
    expect(quiet.code).toBe(0);
    expect(quiet.stderr).not.toContain('ALARM');

    const lines = [`${a.email.toUpperCase()}:${a.password}`, `${b.username}:another`, `${b.username}:third`];
    const corpus = place.write('b.txt', combo(2, lines));
    const sink = place.at('events.jsonl');
    const loud = await ingest(folder, corpus, '--source', 'b', '--date', '2026-05', '--notify', `ecs:${sink}`);
    expect(loud.code).toBe(3);
    expect(loud.stderr).toMatch(/ALARM: source b holds 2 canary accounts of your own user table, 1 with the password/);
    expect(loud.stdout).toContain('40 credentials from 43 lines');
    const events = fs.readFileSync(sink, 'utf8');
    expect(events.trim().split('\n')).toHaveLength(2);
    expect(events).toMatch(new RegExp(`"canary":"${a.id}".*"finding":"pair"`));
    expect(events).toMatch(new RegExp(`"canary":"${b.id}".*"finding":"name"`));
    // Nothing is wrong with their lines.
    expect(loud.stdout).toContain('rejected: none\nwithheld: 3 planted');
    expect((await credveil(['sources', folder])).stdout).toMatch(/REJECTED[\s\S]*^b +2026-05 +combo +43 +40 +0 /m);

    // They are no entries, and the alarm stays in the records of the source.
    const snapshot = await openSnapshot(openDataset(folder));
    const entries = entryReader(snapshot, openKeyFile(`${folder}.key`).createSuite());
    expect(entries.username(a.email)).toBeUndefined();
    expect(entries.username(seededPairs(40, 2)[0]?.username ?? '')).toBeDefined();
    snapshot.close();
    const list = (await credveilJson(['canary', 'list', folder])) as { id: string; seen: object[] }[];
    expect(list.find(({ id }) => id === a.id)?.seen).toEqual([{ id: a.id, source: 'b', names: 1, pairs: 1 }]);
    expect(list.find(({ id }) => id === b.id)?.seen).toEqual([{ id: b.id, source: 'b', names: 2, pairs: 0 }]);
    expect(list.find(({ id }) => id === c.id)?.seen).toEqual([]);
    expect((await credveil(['stats', folder])).stdout).toMatch(/canary accounts +4, 2 seen in a source/);
    expect((await credveil(['sources', folder, '--show', 'b'])).stdout).toContain(
      `canary       ${a.id}: 1 line, 1 with`,
    );

    // The same corpus again is the same finding: told, and not sent twice.
    const again = await ingest(folder, corpus, '--source', 'b', '--date', '2026-05', '--notify', `ecs:${sink}`);
    expect([again.code, again.stderr.includes('ALARM')]).toEqual([3, true]);
    expect(fs.readFileSync(sink, 'utf8')).toBe(events);

    const secrets = accounts.flatMap(({ username, email, password }) => [username, email, password]);
    const kept = [...filesBelow(folder), { name: 'events', bytes: Buffer.from(events) }];
    for (const secret of secrets)
      expect(kept.filter(({ bytes }) => bytes.includes(secret)).map(({ name }) => name)).toEqual([]);
    expect(`${loud.stdout}${loud.stderr}`).not.toContain(a.password);

    await credveil(['canary', 'remove', folder, b.id]);
    expect((await ingest(folder, place.write('c.txt', `${combo(4)}${b.username}:x\n`), '--source', 'c')).code).toBe(0);
  });
});

test('an alarm is raised for a corpus that is refused, and for a line whose password is a hash', async ({ place }) => {
  const folder = place.at('d');
  await credveilJson(['init', folder, '--suite', 'hmac']);
  const [a] = (await plant(folder, '--crackable')) as [Account];
  expect(a.password).toMatch(/^[A-Z][a-z]{5}\d\d$/);
  const hash = '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy';
  const dump = place.write(
    'dump.txt',
    `${seededPairs(30)
      .map(({ username }) => `${username}:${hash}\n`)
      .join('')}${a.email}:${hash}\n`,
  );
  const refused = await ingest(folder, dump, '--source', 'dump');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /ALARM: source dump holds 1 canary account of your own user table, 0 with the password/,
  );
  // Of nothing but a canary account, there is nothing to ingest.
  const alone = await ingest(folder, place.write('alone.txt', `${a.email}:${a.password}\n`), '--source', 'alone');
  expect(alone.stderr).toMatch(/ALARM: source alone/);
  expect(alone.code).toBe(1);
});

test.for(['hmac', 'oprf'])('raise an alarm in runs that are copied in, under %s', async (suite, { place }) => {
  const [folder, other] = [place.at('d'), place.at('other')];
  await credveilJson(['init', folder, '--suite', suite, '--bucket-floor', '8']);
  const [a, b] = (await plant(folder)) as [Account, Account];
  // Made with the same key by a machine that has no list.
  const key = ['--key-file', `${folder}.key`];
  await credveilJson(['init', other, '--suite', suite, '--bucket-floor', '8', ...key]);
  const corpus = place.write('a.txt', combo(1, [`${a.email}:${a.password}`, `${b.username}:x`, `${b.username}:y`]));
  const quiet = await ingest(other, corpus, '--source', 'a', '--no-publish', ...key);
  expect(quiet.code, quiet.stderr).toBe(0);
  fs.copyFileSync(path.join(other, 'runs', 'a.run'), path.join(folder, 'runs', 'a.run'));
  const sink = place.at('events.jsonl');
  for (let time = 0; time < 2; time++) {
    const loud = await credveil(['publish', folder, '--notify', `ecs:${sink}`, '--json']);
    expect([loud.code, loud.stderr]).toEqual([3, expect.stringContaining('ALARM: source a holds 2 canary accounts')]);
    expect(JSON.parse(loud.stdout).canaries).toEqual([
      {
        source: 'a',
        found: expect.arrayContaining([
          { id: a.id, names: 1, pairs: 1 },
          { id: b.id, names: 2, pairs: 0 },
        ]),
      },
    ]);
    expect(fs.readFileSync(sink, 'utf8').trim().split('\n')).toHaveLength(2);
  }
  const list = (await credveilJson(['canary', 'list', folder])) as { id: string; seen: object[] }[];
  expect(list.find(({ id }) => id === b.id)?.seen).toEqual([{ id: b.id, source: 'a', names: 2, pairs: 0 }]);
  await credveil(['canary', 'remove', folder, a.id]);
  await credveil(['canary', 'remove', folder, b.id]);
  expect((await credveil(['publish', folder])).code).toBe(0);
});

test('raise an alarm in texts that are refused or left out, whatever their format', async ({ place }) => {
  const folder = place.at('d');
  await credveilJson(['init', folder, '--suite', 'hmac']);
  const [a, b, c, d] = (await plant(folder)) as [Account, Account, Account, Account];
  const prose = (...lines: string[]): string =>
    ['Dear all,', ...lines, ...Array.from({ length: 30 }, (_, at) => `this is sentence ${at} of a letter.`)].join('\n');
  const texts = {
    odd: prose(`${a.email.toUpperCase()}:${a.password}`),
    other: prose(`we met <${b.email.replace('@', '+x@')}>, (${c.username}).`, `his was ${b.password}`),
    third: prose(`${d.username} [${d.password}]`),
  };
  const odd = Object.entries(texts).map(([name, text]) => place.write(`${name}.txt`, text));
  const files = [place.write('a.txt', combo(1)), ...odd];
  const found = 'holds 4 canary accounts of your own user table, 2 with the password';
  for (const options of [['--source', 'odd'], ['--dry-run']]) {
    const refused = await credveil(['ingest', folder, ...files, ...options]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(found)]);
    expect(refused.stderr).toContain('texts of the corpus are refused');
  }
  const skipped = await credveil(['ingest', folder, ...files, '--source', 'odd', '--skip-unrecognised']);
  expect([skipped.code, skipped.stderr]).toEqual([3, expect.stringContaining(found)]);
  const list = (await credveilJson(['canary', 'list', folder])) as { id: string; seen: { pairs: number }[] }[];
  expect(list.map(({ seen }) => seen.map(({ pairs }) => pairs))).toEqual([[1], [0], [0], [1]]);
  // Of a damaged archive, what stands before the fault counts.
  const packed = gzipSync(combo(2, [`${a.email}:x`, ...combo(3).split('\n')]));
  const cut = place.write('cut.gz', packed.subarray(0, -12));
  for (const options of [['--source', 'cut'], ['--dry-run']]) {
    const damaged = await credveil(['ingest', folder, place.at('a.txt'), odd[0] as string, cut, ...options]);
    expect([damaged.code, damaged.stderr]).toEqual([1, expect.stringContaining('holds 1 canary account of your own')]);
    expect(damaged.stderr).toContain('CONTAINER_CORRUPT');
  }
});

test('raise an alarm in every spelling of their address, whatever the rules of the dataset', async ({ place }) => {
  const folder = place.at('d');
  await credveilJson(['init', folder, '--suite', 'hmac']);
  const [a, b, d, e] = (await plant(folder)) as [Account, Account, Account, Account];
  const [c] = (await plant(folder, '--domain', 'googlemail.com')) as [Account];
  const lines = [
    `${a.email.replace('@', '+shop@')}:${a.password}`,
    `${b.email.replace('@', '+a+b@').toUpperCase()}:another`,
    `${c.email.replace('.', '').replace('googlemail', 'gmail')}:${c.password}`,
    // A name alone is no credential.
    d.username,
    `\u00fcber ${d.email}`,
    // Others of these forms are none.
    'someone+shop@example.test:else1',
    'some.one@gmail.com:else2',
  ];
  const loud = await ingest(folder, place.write('a.txt', combo(1, lines)), '--source', 'a', '--no-publish');
  expect([loud.code, loud.stderr]).toEqual([
    3,
    expect.stringContaining('holds 4 canary accounts of your own user table, 2 with the password'),
  ]);
  expect(loud.stdout).toContain('42 credentials from 47 lines');
  const list = (await credveilJson(['canary', 'list', folder])) as { id: string; seen: object[] }[];
  expect(list.find(({ id }) => id === d.id)?.seen).toEqual([{ id: d.id, source: 'a', names: 2, pairs: 0 }]);
  // A row without a password.
  const table = seededPairs(30, 5).map(({ username, password }) => `${username},${password}`);
  const csv = place.write('t.csv', `email,password\n${table.join('\n')}\n${e.email},\n`);
  const rows = await credveil(['ingest', folder, csv, '--source', 't', '--no-publish', '--format', 'csv']);
  expect([rows.code, rows.stderr]).toEqual([
    3,
    expect.stringContaining('holds 1 canary account of your own user table, 0'),
  ]);
});

test('a dry run raises the alarm too, also of a sample that it refuses', async ({ place }) => {
  const folder = place.at('d');
  await credveilJson(['init', folder, '--suite', 'hmac']);
  const [a] = (await plant(folder)) as [Account];
  const corpus = place.write('a.txt', combo(1, [`${a.email}:${a.password}`]));
  const loud = await credveil(['ingest', folder, corpus, '--dry-run']);
  const alarm = 'ALARM: the sample holds 1 canary account of your own user table, 1 with the password';
  expect([loud.code, loud.stderr]).toEqual([3, expect.stringContaining(alarm)]);
  expect(loud.stdout).toContain('format combo');
  const json = await credveil(['ingest', folder, corpus, '--dry-run', '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ canaries: [{ id: a.id, names: 1, pairs: 1 }] });

  const odd = place.write('odd.bin', Buffer.from([...Array(256).keys()].flatMap((byte) => [byte, 0, 7, byte])));
  const refused = await credveil(['ingest', folder, corpus, odd, '--dry-run']);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(alarm)]);
  const quiet = await credveil(['ingest', folder, place.write('b.txt', combo(2)), '--dry-run']);
  expect([quiet.code, quiet.stderr.includes('ALARM')]).toEqual([0, false]);
});

test('are written once, to a new file with mode 0600 if one is named', async ({ place }) => {
  const folder = place.at('d');
  await credveilJson(['init', folder, '--suite', 'hmac']);
  const args = ['canary', 'add', folder, '--count', '3', '--domain', 'Example.TEST'];
  const { stdout } = await credveil(args);
  const rows = stdout.trim().split('\n');
  expect(rows[0]).toBe('id,username,email,password');
  for (const row of rows.slice(1))
    expect(row).toMatch(/^[0-9a-f]{8},[a-z]{10,12}\d{3},[a-z]+\.[a-z]+\d{3}@example\.test,[A-Za-z0-9]{16}$/);
  const out = place.at('canaries.csv');
  await credveil([...args, '--out', out]);
  expect(fs.statSync(out).mode & 0o777).toBe(0o600);
  expect(fs.readFileSync(out, 'utf8').trim().split('\n')).toHaveLength(4);
  // An existing file is left alone, and nothing is planted.
  const again = await credveil([...args, '--out', out]);
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('error OUTPUT_EXISTS')]);
  expect((await credveilJson(['canary', 'list', folder])) as object[]).toHaveLength(6);
  expect((await credveil([...args, '--out', path.join(folder, 'x.csv')])).code).toBe(2);
  for (const domain of ['=cmd', 'a b.test', 'localhost', '-a.test'])
    expect((await credveil(['canary', 'add', folder, '--count', '1', '--domain', domain])).code).toBe(2);
});
