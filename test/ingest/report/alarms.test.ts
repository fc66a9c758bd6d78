// Corpora of several texts, each recognised by itself; alarms, what a source is identified by, and
// dry runs that agree with ingests.

import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { dryRun } from '../../../ingest/dry-run.ts';
import { FORMAT_NAMES } from '../../../ingest/format-loader.ts';
import { createFormat } from '../../../ingest/format-registry.ts';
import { ingest } from '../../../ingest/ingest.ts';
import { openInputs } from '../../../ingest/input/inputs.ts';
import { LeftOut } from '../../../ingest/input/left-out.ts';
import type { IngestOptions } from '../../../ingest/options.ts';
import { findAlarms } from '../../../ingest/report/alarms.ts';
import { createDataset, type Dataset } from '../../../store/dataset.ts';
import type { WorkPlace } from '../../support/credveil.ts';
import { seededKey, seededPairs } from '../../support/dataset.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const key = seededKey('hmac', 1);
const PAIRS = seededPairs(300).map(({ username, password }) => [`${username}@example.com`, password] as const);

const createEmpty = (place: WorkPlace, name = 'dataset'): Dataset =>
  createDataset(place.at(name), key, { indexes: ['account', 'password'], ranges: ['sha1', 'ntlm'] });

const take = (dataset: Dataset, file: string, more: Partial<IngestOptions> = {}) =>
  ingest(dataset, key, { source: 'a', inputs: openInputs([file]), threads: 1, ...more });

const combo = (separator = ':'): string => PAIRS.map((pair) => `${pair.join(separator)}\n`).join('');

describe('a corpus of several texts', () => {
  test('has each of them read as what it is, and pictures left out', async ({ place }) => {
    fs.mkdirSync(place.at('mixed'));
    place.write('mixed/1.txt', combo(';'));
    place.write('mixed/2.csv', `email,password\n${combo(',')}`);
    place.write('mixed/3.jpg', Buffer.from('ffd8ffe000104a464946', 'hex'));
    place.write('mixed/4.txt', PAIRS.map(([u, p]) => `URL: x\nUsername: ${u}\nPassword: ${p}\n`).join('\n'));
    const leftOut = new LeftOut();
    const { facts } = await take(createEmpty(place), place.at('mixed'), { leftOut });
    expect(facts).toMatchObject({ format: 'several', credentials: 3 * PAIRS.length });
    expect(facts.report?.texts.map(({ name, format, credentials }) => [name, format, credentials])).toEqual([
      ['1.txt', 'combo-semicolon', PAIRS.length],
      ['2.csv', 'csv', PAIRS.length],
      ['4.txt', 'stealer-blocks', PAIRS.length],
    ]);
    expect(leftOut.groups).toMatchObject([{ why: 'a JPEG picture', count: 1 }]);
    expect(facts.report?.leftOut).toEqual(leftOut.groups);
  });

  test('has plaintext hashed without the key only where the dataset says so', async ({ place }) => {
    fs.mkdirSync(place.at('mixed'));
    place.write('mixed/1.txt', combo());
    place.write('mixed/2.txt', PAIRS.map((_, i) => `a${String(i).padStart(31, '0')}:${i + 1}\n`).join(''));
    const { facts } = await take(createEmpty(place), place.at('mixed'));
    expect(facts.sections.find(({ index }) => index === 'ntlm')?.records).toBe(PAIRS.length);
  });

  test('is refused as a whole, by the name of the text that is not recognised, unless it may be skipped', async ({
    place,
  }) => {
    fs.mkdirSync(place.at('mixed'));
    place.write('mixed/1.txt', combo());
    place.write('mixed/2.txt', 'The quick brown fox jumps\nover a lazy dog, and rests\n');
    const dataset = createEmpty(place);
    await expect(take(dataset, place.at('mixed'))).rejects.toMatchObject({
      code: 'FORMAT_UNRECOGNISED',
      message: expect.stringContaining('2.txt'),
    });
    expect(fs.existsSync(place.at('dataset/runs/a.run'))).toBe(false);
    const { facts } = await take(dataset, place.at('mixed'), { skipUnrecognised: true });
    expect(facts).toMatchObject({ credentials: PAIRS.length, options: { 'skip-unrecognised': 'yes' } });
  });

  test('is refused if one feeds no index, unless it may be skipped', async ({ place }) => {
    fs.mkdirSync(place.at('mixed'));
    place.write('mixed/1.txt', combo());
    place.write('mixed/2.txt', PAIRS.map((_, i) => `${String(i).padStart(40, 'a')}\n`).join(''));
    const dataset = createDataset(place.at('dataset'), key, { indexes: ['account', 'password'] });
    await expect(take(dataset, place.at('mixed'))).rejects.toMatchObject({ code: 'FORMAT_USELESS' });
    const leftOut = new LeftOut();
    const { facts } = await take(dataset, place.at('mixed'), { skipUnrecognised: true, leftOut });
    expect(facts.credentials).toBe(PAIRS.length);
    expect(leftOut.groups).toMatchObject([{ why: expect.stringContaining('feeds none'), count: 1 }]);
  });
});

describe('credentials that look misread', () => {
  const forced = (text: string, format = 'combo'): [string, string] => [text, format];
  test.for<[alarm: string, corpus: [string, string]]>([
    ['url-fields', forced(PAIRS.map(([u, p]) => `${u}|${p}:ftp://x.example\n`).join(''))],
    ['same-usernames', forced(PAIRS.map(([, p]) => `P455W0RD:${p}\n`).join(''))],
    ['columns-in-passwords', forced(PAIRS.map(([u, p], i) => `${i}:${u}:${p}\n`).join(''))],
    ['hash-passwords', forced(PAIRS.map(([u], i) => `${u}:${String(i).padStart(32, 'a')}\n`).join(''))],
    ['hash-usernames', forced(PAIRS.map(([, p], i) => `${String(i).padStart(32, 'a')}:${p}\n`).join(''))],
    ['markup', forced(PAIRS.map(([u, p]) => `{"email":"${u}","password":"${p}"}\n`).join(''))],
    ['padded-passwords', forced(PAIRS.map(([u, p]) => `${u}: ${p}\n`).join(''))],
    ['control-bytes', forced(PAIRS.map(([u, p]) => `${u}:${p}\x01\n`).join(''))],
    ['address-passwords', forced(PAIRS.map(([, p], i) => `${p.replaceAll(':', '')}:user${i}@example.com\n`).join(''))],
    ['many-rejects', forced(`${combo()}${'no separator here\n'.repeat(100)}`)],
    ['garbled-letters', forced(PAIRS.map(([u]) => `${u}:\u00ef\u00e0\u00f0\u00ee\u00eb\u00fc\n`).join(''))],
    ['placeholder-passwords', forced(PAIRS.map(([u]) => `${u}:********\n`).join(''))],
    ['placeholder-passwords', forced(PAIRS.map(([u]) => `${u}:[REDACTED]\n`).join(''))],
    ['placeholder-passwords', forced(PAIRS.map(([u]) => `${u}:xxxxxx\n`).join(''))],
  ])('raise the alarm %s, and are read once it is accepted', async ([alarm, [corpus, name]], { place }) => {
    const dataset = createEmpty(place);
    const file = place.write('corpus.txt', corpus);
    const format = createFormat(name);
    const error = await take(dataset, file, { format }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'CORPUS_SUSPECT', message: expect.stringContaining(`corpus.txt: ${alarm}`) });
    const accept = [...String(error.hint).matchAll(/--accept (\S+?)\.?(?= |$)/g)].map(([, found]) => found) as never;
    expect((await take(dataset, file, { format, accept })).changed).toBe(true);
  });

  test('show in the middle of a long list', async ({ place }) => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `user${i}@example.com:secret${i}`);
    lines.splice(30_000, 0, ...PAIRS.map(([u, p]) => `x|${u}|${p}:https://x.example/`));
    const file = place.write('long.txt', `${lines.join('\n')}\n`);
    await expect(take(createEmpty(place), file)).rejects.toMatchObject({ code: 'CORPUS_SUSPECT' });
  });
});

test('a banner of a short text raises no alarm, and as large a part of a long text does', () => {
  const signs = { observed: 0, signs: {}, usernames: [], passwords: [], lengths: [] };
  const namesOf = (credentials: number, noSeparator: number): string[] =>
    findAlarms(signs, { credentials, rejects: { 'no-separator': noSeparator, comment: 50 } }).map(({ name }) => name);
  expect(namesOf(30, 6)).toEqual([]);
  expect(namesOf(20, 8)).toEqual(['many-rejects']);
  expect(namesOf(300, 60)).toEqual(['many-rejects']);
  expect(namesOf(1, 3)).toEqual(['many-rejects']);
});

test('options that change what is read are part of a source', async ({ place }) => {
  const dataset = createEmpty(place);
  const file = place.write('t.csv', `email,hint,pw\n${PAIRS.map(([u, p]) => `${u},x${p},${p}\n`).join('')}`);
  const read = (password: string) =>
    take(dataset, file, { formatOptions: { columns: { username: 'email', password } } });
  await read('hint');
  expect((await read('hint')).changed).toBe(false);
  await expect(read('pw')).rejects.toMatchObject({
    code: 'SOURCE_EXISTS',
    message: expect.stringContaining('columns username=email,password=hint'),
  });
});

describe('a dry run', () => {
  const hash = (digits: number, i: number): string => i.toString(16).padStart(digits, 'b');
  const CORPORA: { readonly [format: string]: string } = {
    combo: combo(),
    'combo-semicolon': combo(';'),
    'combo-comma': combo(','),
    'combo-pipe': combo('|'),
    'combo-tab': combo('\t'),
    'url-user-pass': PAIRS.map(([u, p]) => `https://a.example/:${u}:${p}\n`).join(''),
    passwords: PAIRS.map(([, p]) => `${p}\n`).join(''),
    'counted-passwords': PAIRS.map(([, p], i) => `${300 - i} ${p}\n`).join(''),
    sha1: PAIRS.map((_, i) => `${hash(40, i)}:${i + 1}\n`).join(''),
    ntlm: PAIRS.map((_, i) => `${hash(32, i)}:${i + 1}\n`).join(''),
    csv: `email,password\n${combo(',')}`,
    tsv: `email\tpassword\n${combo('\t')}`,
    'json-lines': PAIRS.map(([email, password]) => `${JSON.stringify({ email, password })}\n`).join(''),
    json: JSON.stringify(PAIRS.map(([email, password]) => ({ email, password }))),
    'stealer-blocks': PAIRS.map(([u, p]) => `URL: x\nUsername: ${u}\nPassword: ${p}\n`).join('\n'),
  };
  test.for(FORMAT_NAMES.filter((name) => name in CORPORA))(
    'of %s counts what an ingest counts',
    async (name, { place }) => {
      const dataset = createEmpty(place);
      const file = place.write('corpus', `${CORPORA[name]}`.replace('\n', '\n\nno credential here\n'));
      const options = { inputs: openInputs([file]), format: createFormat(name) };
      const dry = await dryRun(dataset.parameters, key, options);
      const { facts } = await take(dataset, file, { ...options, accept: ['many-rejects', 'padded-passwords'] });
      const rejects = Object.fromEntries(dry.rejects.map(({ reason, count }) => [reason, count]));
      expect({ lines: dry.lines, credentials: dry.credentials, rejects }).toEqual({
        lines: facts.lines,
        credentials: facts.credentials,
        rejects: facts.rejects,
      });
      expect(facts.credentials).toBeGreaterThan(0);
    },
  );
});
