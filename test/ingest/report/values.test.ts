// Lists whose usernames or passwords are other values: masks, roles, states, one default, or a few
// lines of another list. Each raises an alarm, and an honest list raises none.

import { describe, expect } from 'vitest';
import { dryRun } from '../../../ingest/dry-run.ts';
import { openInputs } from '../../../ingest/input/inputs.ts';
import { createDataset } from '../../../store/dataset.ts';
import type { WorkPlace } from '../../support/credveil.ts';
import { seededKey } from '../../support/dataset.ts';
import { createRandom, testSeed } from '../../support/random.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const random = createRandom(testSeed('values'));
const hex = (digits: number): string => Buffer.from(random.bytes(digits)).toString('hex').slice(0, digits);
const WORDS = ['sunrise', 'kettle', 'horse', 'blue', 'falcon', 'river', 'marina', 'pepper'];
const secret = (): string => `${random.pick(WORDS)}${hex(1 + random.below(5))}`;
const login = (i: number): string => `${hex(2)}${random.pick(WORDS)}${random.pick(['_', '.', ''])}${i}`;
const mail = (i: number): string => `${login(i)}@example.test`;
const many = (count: number, write: (i: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => write(i));
const pick = (...values: string[]): string => random.pick(values);

const key = seededKey('hmac', 1);

let datasets = 0;

/** What a dry run finds: names of alarms, and rejects as `reason=lines`. */
async function foundIn(place: WorkPlace, lines: readonly string[]): Promise<string[]> {
  const { parameters } = createDataset(place.at(`dataset${datasets++}`), key, { indexes: ['account', 'password'] });
  const inputs = openInputs([place.write('list.txt', `${lines.join('\n')}\n`)]);
  const { alarms, rejects } = await dryRun(parameters, key, { inputs });
  return [...alarms.map(({ name }) => name), ...rejects.map(({ reason, count }) => `${reason}=${count}`)];
}

const table = (header: string, write: (i: number) => string): string[] => [header, ...many(60, write)];

describe('values in place of', () => {
  test.for<[what: string, alarm: string, lines: string[]]>([
    ['yes and no', 'few-passwords', table('email,pass', (i) => `${mail(i)},${pick('yes', 'no')}`)],
    ['0 and 1', 'few-passwords', table('email,password', (i) => `${mail(i)},${random.below(2)}`)],
    ['states', 'few-passwords', table('login;password', (i) => `${login(i)};${pick('open', 'shut', 'lost')}`)],
    ['a few roles', 'few-passwords', many(12, (i) => `${login(i)}:${pick('admin', 'Editor', 'USER', 'viewer')}`)],
    ['a default', 'few-passwords', many(60, (i) => `${mail(i)}:${i % 3 ? 'Welcome1' : secret()}`)],
    ['a default, alone', 'few-passwords', many(60, (i) => (i % 3 ? 'Welcome1' : secret()))],
    ['half a password', 'placeholder-passwords', many(60, (i) => `${mail(i)}:${secret().slice(0, 2)}*****`)],
  ])('passwords: %s raise %s', async ([, alarm, lines], { place }) => {
    expect(await foundIn(place, lines)).toContain(alarm);
  });

  test.for<[what: string, mask: (name: string) => string]>([
    ['stars', (name) => `${name.slice(0, 1)}***@example.test`],
    ['stars within', (name) => `${name.slice(0, 2)}****${name.slice(-1)}@e****.test`],
    ['stars in the domain', (name) => `${name}@ex*****.test`],
    ['bullets', (name) => `${name.slice(0, 2)}\u2022\u2022\u2022@example.test`],
    ['dots', (name) => `${name.slice(0, 2)}...@example.test`],
    ['crosses', (name) => `${name.slice(0, 3)}xxxx@example.test`],
    ['hashes', (name) => `${name.slice(0, 1)}####@example.test`],
  ])('most of a username: %s', async ([, mask], { place }) => {
    expect(
      await foundIn(
        place,
        many(60, (i) => `${mask(login(i))}:${secret()}`),
      ),
    ).toContain('masked-usernames');
    expect(
      await foundIn(
        place,
        table('email,password', (i) => `${mask(login(i))},${secret()}`),
      ),
    ).toContain('masked-usernames');
  });
});

describe('two lines of 300', () => {
  const other = (i: number): string => `dora${i}@example.test`;
  test.for<[what: string, alarm: string, write: (i: number) => string]>([
    ['JSON', 'markup', (i) => `{"email":"${other(i)}","password":"x${i}"}`],
    ['another separator', 'columns-in-usernames', (i) => `${other(i)};se:cret${i}`],
    ['an id in front', 'columns-in-passwords', (i) => `${i}:${other(i)}:secret${i}`],
    ['a login in front', 'columns-in-passwords', (i) => `dora:${other(i)}:secret${i}`],
    ['a URL in front', 'columns-in-passwords', (i) => `shop.test/login:${other(i)}:secret${i}`],
    ['the other order', 'address-passwords', (i) => `secret${i}:${other(i)}`],
    ['a hash', 'hash-passwords', (i) => `${other(i)}:${hex(32)}`],
    ['SQL', 'markup', (i) => `(${i},'${other(i)}:x','secret${i}'),`],
    ['stars', 'masked-usernames', (i) => `d***${i}@example.test:secret${i}`],
  ])('that have %s raise %s', async ([, alarm, write], { place }) => {
    const lines = many(300, (i) => (i % 150 === 70 ? write(i) : `${mail(i)}:${secret()}`));
    expect(await foundIn(place, lines)).toContain(alarm);
  });
});

describe('sums and labels', () => {
  const NOTICES = ['Total: 100', 'Valid:90', 'Invalid: 10', 'Source: forum', 'Time: 00:03:11'];
  test.for([login, mail])('are rejected, anywhere in a list', async (name, { place }) => {
    for (const count of [300, 1500]) {
      const lines = many(count, (i) => `${name(i)}:${secret()}`);
      lines.splice(150, 0, ...NOTICES);
      expect(await foundIn(place, lines)).toEqual([`remark=${NOTICES.length}`]);
    }
  });

  test('raise an alarm where the start of a list has none', async ({ place }) => {
    const lines = many(4000, (i) => `${login(i)}:${secret()}`);
    lines.splice(3000, 0, ...NOTICES);
    expect(await foundIn(place, lines)).toEqual(['remarks']);
  });
});

test.for([login, mail])('pairs in a tenth of a list of passwords raise an alarm', async (name, { place }) => {
  const lines = many(500, (i) => (i % 10 === 3 ? `${name(i)}:${secret()}` : secret()));
  expect(await foundIn(place, lines)).toContain('columns-in-passwords');
});

test('honest lists raise none', async ({ place }) => {
  const odd = ['a:b', 'dragon:)', 'xxx', 'x**x', 'foo...', 'yes', 'admin', 'user', 'null!', 'Total', 'ab;cd'];
  const passwords = (): string => (random.below(20) === 0 ? random.pick(odd) : secret());
  const names = (i: number): string => (i % 50 === 0 ? random.pick(['max___', 'total', 'free', 'alexxx']) : login(i));
  expect(
    await foundIn(
      place,
      many(2000, (i) => `${names(i)}:${passwords()}`),
    ),
  ).toEqual([]);
  expect(
    await foundIn(
      place,
      many(2000, (i) => `${mail(i)}:${passwords()}`),
    ),
  ).toEqual([]);
  expect(await foundIn(place, many(2000, passwords))).toEqual([]);
});
