// A dry run agrees with the ingest of the same files, text by text: formats, columns, counts and
// examples of rejects, alarms, and what is left out.

import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { ALARM_NAMES } from '../../../ingest/report/alarms.ts';
import { credveil, credveilJson, type WorkPlace } from '../../support/credveil.ts';
import { seedInputs } from '../../support/ingest-fuzz/inputs.ts';
import { fixture } from '../../support/paths.ts';
import { createRandom, testSeed } from '../../support/random.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

interface Found {
  readonly lines: number;
  readonly credentials: number;
  readonly rejects: { readonly [reason: string]: number } | readonly { reason: string; count: number }[];
  readonly texts: readonly { readonly name: string; readonly format: string }[];
  readonly leftOut: unknown;
}

const byReason = (rejects: Found['rejects']): [string, number][] =>
  (Array.isArray(rejects)
    ? rejects.map(({ reason, count }) => [reason, count] as [string, number])
    : Object.entries(rejects)
  ).toSorted(([a], [b]) => (a < b ? -1 : 1)) as [string, number][];

const compared = ({ lines, credentials, rejects, texts, leftOut }: Found) => ({
  ...{ lines, credentials, texts, leftOut, rejects: byReason(rejects) },
});

async function expectAgreement(dataset: string, files: string, ...more: string[]): Promise<Found> {
  const dry = (await credveilJson(['ingest', dataset, files, '--dry-run', ...more])) as Found;
  const accept = more.includes('--from-archive') ? [] : ALARM_NAMES.flatMap((name) => ['--accept', name]);
  const source = more.includes('--replace') ? [] : ['--source', 's'];
  const whole = (await credveilJson([
    'ingest',
    dataset,
    files,
    ...source,
    '--no-publish',
    ...accept,
    ...more,
  ])) as Found;
  expect(compared(whole)).toEqual(compared(dry));
  return whole;
}

/** A file of each dialect of each family of formats, and all fixtures. */
function writeCorpus(place: WorkPlace, seed: number): string {
  const folder = place.at('corpus');
  fs.mkdirSync(folder);
  for (const [i, bytes] of seedInputs(createRandom(seed)).entries())
    fs.writeFileSync(path.join(folder, `dialect-${String(i).padStart(3, '0')}.txt`), bytes);
  fs.writeFileSync(
    path.join(folder, 'zz-suppressed.txt'),
    `${'eve.e@example.test:x1\n'.repeat(3)}ann@example.test:y2\n`,
  );
  return folder;
}

const INDEXES = ['--index', 'account,password,sha1,ntlm'];
const ROW = 'A'.repeat(35);

test('for every dialect, with suppressed names and rules for usernames', async ({ place }) => {
  const dataset = place.at('leaks');
  await credveilJson(['init', dataset, '--suite', 'hmac', ...INDEXES, '--username-rules', 'plus-tags']);
  expect(await credveil(['suppress', 'add', dataset], 'eve.e@example.test\n')).toMatchObject({ code: 0 });
  const whole = await expectAgreement(dataset, writeCorpus(place, testSeed('dry-run')), '--skip-unrecognised');
  expect(new Set(whole.texts.map(({ format }) => format)).size).toBeGreaterThan(10);
  expect(whole.rejects).toMatchObject({ suppressed: 3 });
  await expectAgreement(dataset, fixture('corpora', 'nested.tar.gz'), '--replace', 's');
});

test('for range files with padding and rows that are none', async ({ place }) => {
  const dataset = place.at('ranges');
  await credveilJson(['init', dataset, '--suite', 'hmac', '--index', 'sha1']);
  fs.mkdirSync(place.at('mirror'));
  place.write('mirror/00000.txt', `${ROW}:3\n${'B'.repeat(35)}:0\n`);
  place.write('mirror/00001.txt', `${ROW}:3\nnone\n`);
  const whole = await expectAgreement(dataset, place.at('mirror'));
  expect(whole.rejects).toMatchObject({ padding: 1, 'bad-hash': 1 });
});

test('a text that is in another encoding than stated says so', async ({ place }) => {
  const dataset = place.at('leaks');
  await credveilJson(['init', dataset, '--suite', 'hmac']);
  fs.mkdirSync(place.at('mix'));
  const lines = (word: string): string =>
    Array.from({ length: 30 }, (_, i) => `u${i}@example.test:${word}${i * 37}\n`).join('');
  place.write('mix/a.txt', lines('пароль'));
  fs.writeFileSync(place.at('mix/b.txt'), Buffer.from(lines('\xef\xe0\xf0'), 'latin1'));
  const { texts } = await expectAgreement(dataset, place.at('mix'), '--encoding', 'windows-1251');
  const remarks = texts.map((text) =>
    JSON.stringify(text).includes('in utf-8 by its bytes, not in the stated windows-1251'),
  );
  expect(remarks).toEqual([true, false]);
});
