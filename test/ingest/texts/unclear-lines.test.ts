// Lists of lines that ingest does not read: what they are, and hints that lead to no misread.

import { describe, expect, test } from 'vitest';
import { createFormat } from '../../../ingest/format-registry.ts';
import { parseAll, readCorpus, refusalOf } from '../../support/corpus-text.ts';
import { createRandom, testSeed } from '../../support/random.ts';

const random = createRandom(testSeed('unclear lines'));
const hex = (digits: number): string => Buffer.from(random.bytes(digits)).toString('hex').slice(0, digits);
const WORDS = ['sunrise', 'kettle', 'horse', 'blue', 'falcon', 'river', 'marina', 'pepper'];
const many = (write: (i: number) => string): string[] => Array.from({ length: 120 }, (_, i) => write(i));
const refusedAs = (lines: readonly string[]): string | undefined =>
  refusalOf(() => readCorpus(`${lines.join('\n')}\n`));

const COUNTRIES =
  'Chile,Peru,Kenya,Nepal,Malta,Japan,India,Egypt,Ghana,Congo,Qatar,Samoa,Spain,Italy,Libya,Haiti'.split(',');

describe('columns that are not clear are refused, and the hint names no place that may be wrong', () => {
  test.each<[string, (i: number) => string]>([
    ['a name behind the password', (i) => `ann${i}@example.test:${hex(7)}:${random.pick(WORDS)}${hex(4)}`],
    ['a login before the address', (i) => `ann_${hex(4)}:ann${i}@example.test:${hex(7)}x`],
    ['a login behind the address', (i) => `ann${i}@example.test:ann_${hex(4)}:${hex(7)}x`],
    ['a full name before the address', (i) => `Ann ${random.pick(WORDS)}${hex(3)};ann${i}@example.test;${hex(7)}x`],
    ['a login before the address, and no password', (i) => `ann_${hex(4)};ann${i}@example.test`],
    ['what may be a salt', (i) => `ann${i}@example.test:${hex(6)}:${hex(32)}`],
    ['two addresses', (i) => `ann${i}@example.test;bob${i}@example.test;${hex(5)}`],
    ['a date in place of the password', (i) => `ann${i}@example.test;19${60 + (i % 40)}-01-0${1 + (i % 9)}`],
    ['a city in place of the password', (i) => `ann${i}@example.test:${['Berlin', 'Köln', 'Bonn', 'Jena'][i % 4]}`],
    ['a status in place of the password', (i) => `ann${i}@example.test|${['valid', 'invalid', 'unknown'][i % 3]}`],
    ['an IP address in place of the password', (i) => `ann${i}@example.test;198.51.100.${i}`],
    ['a PIN or a number before a text', (i) => `ann${i}@example.test:${1000 + ((i * 7919) % 9000)}:${hex(6)}y`],
    ['pairs within a URL', (i) => `ftp://ann_${hex(3)}:${hex(6)}y@ftp${i}.example.test/`],
  ])('%s', (_name, write) => {
    const refusal = refusedAs(many(write));
    expect(refusal).toMatch(/^FORMAT_UNRECOGNISED: .* \/ .*--columns username=N,password=N/);
    expect(refusal).not.toMatch(/=\d|--format combo/);
  });
});

test('places that only constants stand between are named', () => {
  expect(refusedAs(many((i) => `Email: ann${i}@example.test Password: ${random.pick(WORDS)}${hex(4)}`))).toMatch(
    / \/ .*--columns username=2,password=4 --separator " "/,
  );
});

test('a line whose password may contain the separator is refused with the flag that reads it whole', () => {
  const line = 'ann@example.test:drag:on12';
  expect(refusedAs([line])).toMatch(/ \/ .*all behind the first one is the password: --format combo --separator ":"/);
  expect(parseAll(createFormat('combo', { separator: ':' }), [`${line}\n`])).toEqual(['ann@example.test|drag:on12']);
});

test.each([':', '\t'])('phrases behind addresses and %j are refused with the flag that reads them', (mark) => {
  const lines = many((i) => `ann${i}@example.test${mark}${random.pick(WORDS)} ${random.pick(WORDS)} ${hex(4)}`);
  expect(refusedAs(lines)).toContain(`pass --format combo --separator ${JSON.stringify(mark)}`);
});

test('names beside addresses are no passwords, and make none of another column', () => {
  const text = many((i) => `ann${i}@example.test,${COUNTRIES[i % COUNTRIES.length]},${random.pick(WORDS)}${hex(4)}`);
  expect(refusedAs(text)).toMatch(/^FORMAT_UNRECOGNISED.*2, 3 the password/);
  const names = many(
    (i) =>
      `ann${i}@example.test,${COUNTRIES[(i * 7) % 16]}${COUNTRIES[i % 4]},Mc${random.pick(WORDS)}${COUNTRIES[i % 16]}`,
  );
  expect(refusedAs(names)).toMatch(/^FORMAT_UNRECOGNISED/);
});

test.each(['CORP\\', 'CORP/', 'CORP\\dev.'])('a domain %s before a login is of the login', (domain) => {
  const lines = many((i) => `${domain}ann${i}:${random.pick(WORDS)}${hex(3)}`);
  expect(readCorpus(`${lines.join('\n')}\n`)).toEqual(lines.map((line) => line.replace(':', '|')));
});

test.each<[string, (mail: string) => string]>([
  ['<', (mail) => `<${mail}> `],
  ['[', (mail) => `[${mail}]:`],
  ['(', (mail) => `(${mail}) | `],
  ['a name', (mail) => `Ann Smith <${mail}>; `],
])('an address within %s, and the password behind it', (_name, start) => {
  const lines = Array.from(
    { length: 20 },
    (_, i) => [`ann${i}@example.test`, `${random.pick(WORDS)}:${hex(4)}`] as const,
  );
  const text = lines.map(([mail, password]) => `${start(mail)}${password}\n`).join('');
  expect(readCorpus(text)).toEqual(lines.map((line) => line.join('|')));
});

test.each<[string, (i: number) => string]>([
  ['IP addresses', (i) => `203.0.113.${i}`],
  ['networks', (i) => `203.0.${i}.0/24`],
  ['proxies', (i) => `203.0.113.${i}:${8000 + i}`],
  ['domains', (i) => `${random.pick(WORDS)}${i}.example.test`],
  ['short domains', (i) => `${random.pick(WORDS)}-${i}.${random.pick(['com', 'net', 'de'])}`],
  ['required packages', (i) => `${random.pick(WORDS)}-${hex(3)}==${i % 9}.${i % 20}.${(i * 7) % 11}`],
  ['addresses and countries', (i) => `ann${i}@example.test,${COUNTRIES[i % COUNTRIES.length]}`],
  ['addresses and flags', (i) => `ann${i}@example.test:${random.below(2)}`],
  ['addresses and years', (i) => `ann${i}@example.test\t${1950 + random.below(60)}`],
  ['logins and names', (i) => `ann_${i}${hex(2)};${COUNTRIES[i % COUNTRIES.length]}`],
  ['addresses and plans', (i) => `ann${i}@example.test;${random.pick(['free', 'pro'])}`],
  ['logins and roles', (i) => `ann_${i}${hex(2)}|${random.pick(['admin', 'user', 'guest'])}`],
])('%s are no passwords and no pairs', (_name, write) => {
  expect(refusedAs(many(write))).toMatch(/^FORMAT_UNRECOGNISED/);
});
