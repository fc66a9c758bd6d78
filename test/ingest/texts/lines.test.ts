// Lists of one credential a line in every layout: what recognition and the parser make of them.

import { describe, expect, test } from 'vitest';
import { detectFormat } from '../../../ingest/format-registry.ts';
import { createSample } from '../../../ingest/formats/sample.ts';
import { readCorpus, refusalOf } from '../../support/corpus-text.ts';
import { createRandom, testSeed } from '../../support/random.ts';

const random = createRandom(testSeed('lists of lines'));
const hex = (digits: number): string => Buffer.from(random.bytes(digits)).toString('hex').slice(0, digits);
const WORDS = ['sunrise', 'kettle', 'horse', 'blue', 'falcon', 'river', 'Ärger', 'пароль', 'marina', 'pepper'];

interface Pair {
  readonly username: string;
  readonly password: string;
}

/** Pairs of which the fourth has the username `login`, and the fifth `inside` in its password. */
const pairs = (size: number, inside = '-'): Pair[] =>
  Array.from({ length: size }, (_, i) => ({
    username: i % 4 === 3 ? `ann_${i}${hex(3)}` : `ann.${i}${hex(3)}@example.test`,
    password: `${random.pick(WORDS)}${hex(1 + (i % 6))}${i % 10 === 4 ? `${inside}x` : ''}`,
  }));

/** Writes each pair, and expects exactly these back. */
function expectRead(write: (pair: Pair, at: number) => string, more: { inside?: string; head?: string[] } = {}): void {
  for (const size of [20, 60, 400]) {
    const written = pairs(size, more.inside);
    const lines = [...(more.head ?? []), ...written.map(write)];
    const found = readCorpus(`${lines.join('\n')}\n`).filter((line) => !line.startsWith('!'));
    expect(found).toEqual(written.map(({ username, password }) => `${username}|${password}`));
  }
}

const refusedAs = (lines: readonly string[]): string | undefined =>
  refusalOf(() => readCorpus(`${lines.join('\n')}\n`));
const formatOf = (lines: readonly string[]): string =>
  detectFormat(createSample(Buffer.from(`${lines.join('\n')}\n`), true)).format.name;
const many = (write: (i: number) => string): string[] => Array.from({ length: 80 }, (_, i) => write(i));

describe('pairs', () => {
  test.each([
    ...[':', ';', ',', '|', '\t', ' ', '::', '=>', '->', '--', '---', '----', '**', '~', '~~', '||', ';;', '#'],
    ...['=', '==', '>', '>>', '»', '→', '：', '│', '\x01', '/', '^', '%', '&', ' : ', ' | ', ' - ', ' = ', ' => '],
    ...[' -> ', ' :: ', ' ; ', ': ', '; ', ', ', ' ~ ', ':::', '<>', '¦', '§', '•', '^^', '$$', '_|_', ':|:'],
  ])('are read with the separator %j', (separator) => {
    expectRead(({ username, password }) => `${username}${separator}${password}`);
    expectRead(({ username, password }) => `${username}${separator}${password}`, {
      head: [
        '# shared by somebody',
        '====================',
        ...(' /'.includes(separator) ? [] : ['>>> t.me/x_cloud <<<']),
      ],
    });
  });

  test.each([':', ';', ',', '|', '\t', '::', '=>', '--'])('have whole passwords that contain %j', (separator) => {
    expectRead(({ username, password }) => `${username}${separator}${password}`, { inside: separator });
  });

  test.each([':', ';', '|', '\t', ' ', '=>', '--', ' : '])('are read in quotes around %j', (separator) => {
    for (const quote of ['"', "'"]) {
      const quoted = (text: string): string => `${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
      const write = ({ username, password }: Pair): string => `${quoted(username)}${separator}${quoted(password)}`;
      expectRead(write);
      expectRead(write, { inside: separator });
      expectRead(write, { inside: quote });
      expectRead(({ username, password }) => `${username}${separator}${quoted(password)}`);
    }
  });

  test.each(['=>', ' ', '::', ' : ', '~', ' | '])(
    'are read below a line that names the columns, with %j',
    (separator) => {
      expectRead(({ username, password }) => `${username}${separator}${password}`, {
        head: [`email${separator}password`],
      });
    },
  );

  test('are read with no-break spaces around the separator, and with a tab behind', () => {
    expectRead(({ username, password }) => `${username}\u00a0:\u00a0${password}`);
    expectRead(({ username, password }) => `${username}:${password}\t`);
  });

  test('are read whichever of several separators follows an address', () => {
    const isAddress = (name: string): boolean => name.includes('@');
    expectRead(({ username, password }, i) => {
      const separator = i % 3 === 1 && isAddress(username) ? ';' : ':';
      return `${username}${separator}${password}`;
    });
  });

  test('of logins alone are read with a separator that stands in every line, and never as passwords', () => {
    for (const separator of [':', ';', '\t', '--', '=>', '::', '~', '----', ' => ', '>', '**']) {
      const logins = many((i) => `ann_${i}${hex(2)}${separator}${random.pick(WORDS)}${hex(2 + (i % 5))}`);
      expect(readCorpus(`${logins.join('\n')}\n`)).toEqual(logins.map((line) => line.replace(separator, '|')));
    }
    for (const separator of [' ', '=', '/', ' - '])
      expect(refusedAs(many((i) => `ann${i}${separator}${random.pick(WORDS)}${hex(3)}`))).toMatch(
        /^FORMAT_UNRECOGNISED: .*--format combo --separator .*--format passwords/,
      );
  });
});

describe('numbers before pairs', () => {
  test.each<[string, (n: number) => string]>([
    ['1. ', (n) => `${n}. `],
    ['1) ', (n) => `${n}) `],
    ['[1] ', (n) => `[${n}] `],
    ['(1) ', (n) => `(${n}) `],
    ['#1 ', (n) => `#${n} `],
    ['001 ', (n) => `${String(n).padStart(3, '0')} `],
    ['tabs', (n) => `${n}\t`],
    ['1: ', (n) => `${n}: `],
    ['1 - ', (n) => `${n} - `],
    ['a column', (n) => `${n}:`],
    ['ids', (n) => `${70_000 + 3 * n};`],
  ])('are no part of them: %s', (name, number) => {
    const separator = name === 'ids' ? ';' : ':';
    expectRead(({ username, password }, i) => `${number(i + 1)}${username}${separator}${password}`);
    expectRead(({ username, password }, i) => `${number(i + 1)}${username}${separator}${password}`, {
      inside: separator,
    });
  });
});

describe('dates and servers before pairs', () => {
  const ip = (i: number): string => `203.0.113.${i % 256}`;
  test.each<[string, (i: number) => string]>([
    ['a date and a time in brackets', (i) => `[2024-01-${10 + (i % 18)} 10:11:${10 + (i % 50)}] `],
    ['a date and a time', (i) => `2024-01-${10 + (i % 18)} 10:11:${10 + (i % 50)} `],
    ['a date in brackets', (i) => `(${10 + (i % 18)}.01.2024) `],
    ['a server and its port', (i) => `${ip(i)}:22@`],
    ['a remote desktop', (i) => `${ip(i)}:3389@`],
  ])('are no part of them: %s', (_name, prefix) => {
    expectRead(({ username, password }, i) => `${prefix(i)}${username}:${password}`);
    expectRead(({ username, password }, i) => `${prefix(i)}${username};${password}`);
  });
});

describe('captures behind pairs', () => {
  const two = (n: number): string => String(n).padStart(2, '0');
  test.each<[string, (i: number) => string]>([
    ['a plan', (i) => `Plan = ${['Premium', 'Free', 'Family Plan'][i % 3]}`],
    ['a country', (i) => `Country = ${['DE', 'US', 'FR'][i % 3]}`],
    ['a key and a colon', (i) => `Points: ${(i * 7919) % 1000}`],
    ['an IPv4 address', () => `198.51.100.${random.below(256)}`],
    ['a date', (i) => `2021-${two(1 + (i % 12))}-${two(1 + (i % 28))}`],
    ['an MD5', () => hex(32)],
    ['a SHA-1', () => hex(40)],
    ['a constant', () => 'HIT'],
    ['a code', (i) => ['DE', 'US', 'FR', 'PL', 'IT', 'ES', 'PT'][i % 7] as string],
    ['a number', (i) => String((i * 7919) % 100_000)],
  ])('are no part of the password: %s', (_name, capture) => {
    for (const between of [':', ';', '|', '\t', ' | ', ' - ']) {
      const text = (i: number): string => capture(i);
      // A key and a colon in a list of colons are two columns.
      const separator = between.trim().length === 1 && ':;'.includes(between) ? between : ':';
      expectRead(({ username, password }, i) => `${username}${separator}${password}${between}${text(i)}`);
    }
  });

  test('may be several, before and behind', () => {
    expectRead(
      ({ username, password }, i) =>
        `[HIT] ${username}:${password} | Country = ${['DE', 'US'][i % 2]} | Plan = ${['Free', 'Gold'][i % 2]} | Points = ${i}`,
    );
    expectRead(
      ({ username, password }, i) =>
        `${i + 1}. ${username}:${password} | 2024-03-${two(1 + (i % 28))} 10:11:${two(i % 60)}`,
    );
    expectRead(({ username, password }) => `${username};${password};198.51.100.${random.below(256)};${hex(32)}`, {
      inside: ';',
    });
  });
});

test.each<[string, (i: number) => string]>([
  ['a capture behind a bar', (i) => (i % 4 === 0 ? ` | Plan = ${['Free', 'Gold'][i % 2]}` : '')],
  ['a capture behind a dash', (i) => (i % 10 === 0 ? ` - Points: ${i}` : '')],
  ['a country', (i) => (i % 3 === 0 ? ':DE' : '')],
  ['an IP address', (i) => (i % 2 === 0 ? `|198.51.100.${i}` : '')],
])('lists of which some lines have %s are refused', (_name, capture) => {
  expect(refusedAs(many((i) => `ann${i}@example.test:${hex(2 + (i % 5))}q${capture(i)}`))).toMatch(
    /^FORMAT_UNRECOGNISED/,
  );
});

test('passwords are never pairs', () => {
  const lists: ((i: number) => string)[] = [
    (i) => `${random.pick(WORDS)}-${i}`,
    (i) => `${random.pick(WORDS)}@${i}`,
    (i) => `${random.pick(WORDS)}${i}!`,
    (_i) => `${random.pick(WORDS)}_${hex(3)}`,
    (i) => (i % 4 === 0 ? `${random.pick(WORDS)}:${hex(3)}` : `${random.pick(WORDS)}${hex(4)}`),
    () => `${random.pick(WORDS)} ${random.pick(WORDS)} ${random.pick(WORDS)}`,
    () => `${random.pick(WORDS)}#${random.pick(WORDS)}`,
    () => `${random.pick(WORDS)}=${hex(3)}`,
    (i) => `${random.pick(WORDS)}*${2000 + (i % 25)}`,
    () => `${random.pick(WORDS)} ${hex(3)}`,
  ];
  for (const list of lists) {
    const lines = many(list);
    const refusal = refusedAs(lines);
    if (refusal === undefined) expect(formatOf(lines)).toBe('passwords');
    else expect(refusal).toMatch(/^FORMAT_UNRECOGNISED/);
  }
});
