// credveil ingest --expires and credveil sources --expires, told before and after.

import fs from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { addDays, dayOf } from '../../store/day.ts';
import { credveil, credveilJson } from '../support/credveil.ts';
import { comboText, seededPairs } from '../support/dataset.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const combo = (seed: number): string => comboText(seededPairs(20, seed));
const out = async (...args: string[]): Promise<string> => {
  const { stdout, stderr, code } = await credveil(args);
  expect(stderr).not.toContain('error');
  expect(code).toBe(0);
  return stdout + stderr;
};

test('an expired source is told of before the publish that leaves it out, by it, and after', async ({ place }) => {
  const folder = place.at('d');
  await out('init', folder, '--suite', 'hmac');
  const [a, b] = [place.write('a.txt', combo(1)), place.write('b.txt', combo(2))];
  await out('ingest', folder, a, '--source', 'a', '--format', 'combo');
  await out('ingest', folder, b, '--source', 'b', '--format', 'combo', '--expires', '90d');
  const day = addDays(Date.now(), 90);
  expect(await out('sources', folder)).toContain(`${day}`);
  expect(await out('sources', folder, '--show', 'b')).toContain(`expires      ${day}\n`);
  expect(await out('stats', folder)).toContain(`source b, ${day}\n`);

  const today = dayOf(Date.now());
  expect(await out('sources', folder, '--source', 'b', '--expires', today)).toContain('leaves it out');
  expect(await out('stats', folder)).toContain(`source b, ${today}: expired, the next publish leaves it out`);
  expect(await out('sources', folder)).toContain(`${today} (left out)`);
  expect(await out('publish', folder, '--renew')).toContain(`warning: source b expired on ${today}`);
  // A run that cannot be read does not keep the head from being renewed.
  fs.writeFileSync(path.join(folder, 'runs', 'broken.run'), 'x');
  expect(await out('publish', folder, '--renew')).toContain('warning: RUN_CORRUPT: which sources have expired');
  fs.rmSync(path.join(folder, 'runs', 'broken.run'));
  const told = await out('publish', folder);
  expect(told).toContain(`expired: source b, on ${today}: left out\n  by the clock of this machine, ${today} UTC`);
  expect(told).toContain('is withdrawn');
  expect(told).toContain(`delete them with: credveil remove ${folder} b`);
  expect(await out('stats', folder)).toContain(`source b, ${today}: expired, left out`);
  const verified = await out('verify', folder);
  expect(verified).toContain('2 runs with 120 records: all checksums match');
  expect(verified).toContain('expired, and left out of the snapshot: b\n');
  expect(await out('rotate', folder, place.at('next'))).toContain(`source b expired on ${today}: left behind`);

  // A corpus that is ingested again keeps its day, unless it gets another.
  await out('sources', folder, '--source', 'a', '--expires', '2999-12-31');
  expect(await out('rotate', folder, place.at('next'))).toMatch(/ingest \S+next a\.txt .*--expires 2999-12-31/);
  await out('ingest', folder, place.write('a2.txt', combo(3)), '--replace', 'a', '--format', 'combo');
  expect(await out('sources', folder, '--show', 'a')).toContain('expires      2999-12-31');
  await out('ingest', folder, place.at('a2.txt'), '--replace', 'a', '--format', 'combo', '--expires', '2998-12-31');
  expect(await out('sources', folder, '--show', 'a')).toContain('expires      2998-12-31');

  // A source of the same name after a removal does not inherit it.
  await out('remove', folder, 'b');
  await out('ingest', folder, b, '--source', 'b', '--format', 'combo');
  const list = (await credveilJson(['sources', folder])) as {
    name: string;
    expires: string | null;
    expired: boolean;
  }[];
  expect(list.map(({ name, expires, expired }) => [name, expires, expired])).toEqual([
    ['a', '2998-12-31', false],
    ['b', null, false],
  ]);
});

test('a copied run takes its day along', async ({ place }) => {
  const [folder, other] = [place.at('d'), place.at('e')];
  await out('init', folder, '--suite', 'hmac');
  await out('init', other, '--suite', 'hmac', '--key-file', `${folder}.key`);
  const a = place.write('a.txt', combo(1));
  await out('ingest', folder, a, '--source', 'a', '--format', 'combo', '--expires', '2999-01-01');
  fs.copyFileSync(path.join(folder, 'runs', 'a.run'), path.join(other, 'runs', 'a.run'));
  expect(await out('sources', other, '--show', 'a')).toContain('expires      2999-01-01');
});

test.each([
  ['a day that has passed', ['ingest', '--source', 'a', '--expires', '2020-01-01']],
  ['no days', ['ingest', '--source', 'a', '--expires', '0d']],
  ['a day of no calendar', ['ingest', '--source', 'a', '--expires', '2027-02-30']],
  ['never, of an ingest', ['ingest', '--source', 'a', '--expires', 'never']],
  ['a source alone', ['sources', '--source', 'a']],
  ['a day alone', ['sources', '--expires', '90d']],
])('refuses %s', async (_, [command = '', ...options]) => {
  const { code, stderr } = await credveil([command, 'nowhere', ...(command === 'ingest' ? ['a.txt'] : []), ...options]);
  expect(stderr).toMatch(/error USAGE/);
  expect(code).toBe(2);
});
