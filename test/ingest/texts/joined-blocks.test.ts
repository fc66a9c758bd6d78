// Blocks of labelled lines whose writing changes within the text, and notes among them: each pair
// is read right, or left out aloud.

import { describe, expect, test } from 'vitest';
import { readCorpus } from '../../support/corpus-text.ts';

const COUNT = 20;
const login = (i: number): string => `ann${i}@example.test`;
const pair = (i: number): string => `${login(i)}|sun-${i}`;
const PAIRS = Array.from({ length: COUNT }, (_, i) => pair(i));
const blocks = (write: (username: string, password: string, i: number) => string, from = 0): string =>
  Array.from({ length: COUNT }, (_, i) => `${write(login(i + from), `sun-${i + from}`, i)}\n`).join('');
const BOTH = Array.from({ length: 2 * COUNT }, (_, i) => pair(i));

describe('a second part', () => {
  const first = blocks((u, p) => `Username: ${u}\nPassword: ${p}\n`);
  test.each([
    ['Benutzer', ' = ', 'Kennwort'],
    ['Username', ' = ', 'Password'],
    ['Username', '=', 'Password'],
    ['Login', ' -> ', 'Pass'],
    ['Login', ' | ', 'Pass'],
    ['Login', '\t', 'Pass'],
  ])('with %s and %j is read', (user, sign, pass) => {
    const other = (end: string): string =>
      first + blocks((u, p) => `${user}${sign}${u}\n${pass}${sign}${p}\n`, COUNT).replaceAll('\n', end);
    expect(readCorpus(other('\n'))).toEqual(BOTH);
    expect(readCorpus(other('\r\n'))).toEqual(BOTH);
  });

  test.each([' = ', ': '])('with unknown labels and %j is rejected aloud', (sign) => {
    const other = blocks((u, p) => `Xqz${sign}${u}\nYqw${sign}${p}\n`, COUNT);
    const found = readCorpus(first + other);
    expect(found.slice(0, COUNT)).toEqual(PAIRS);
    expect(found.filter((line) => line === '!no-separator').length).toBeGreaterThanOrEqual(COUNT);
  });
});

describe('another order of the fields', () => {
  test('is read where a site begins each block', () => {
    const text =
      blocks((u, p) => `URL: https://a.example\nUsername: ${u}\nPassword: ${p}`) +
      blocks((u, p) => `URL: https://b.example\nPassword: ${p}\nUsername: ${u}`, COUNT);
    expect(readCorpus(text)).toEqual(BOTH);
  });

  test.each([false, true])('is read where nothing separates the blocks (password first: %s)', (isReversed) => {
    const write = (isFirst: boolean) => (u: string, p: string) =>
      isFirst ? `Username: ${u}\nPassword: ${p}` : `Password: ${p}\nUsername: ${u}`;
    expect(readCorpus(blocks(write(!isReversed)) + blocks(write(isReversed), COUNT))).toEqual(BOTH);
  });

  test('is not what a lost line makes', () => {
    const text = blocks((u, p) => `Username: ${u}\nPassword: ${p}`).replace(`Username: ${login(7)}\n`, '');
    expect(readCorpus(text)).toEqual(PAIRS.map((each, i) => (i === 7 ? 'sun-7' : each)));
  });

  test('is rejected aloud where too many blocks follow to tell', () => {
    const many = Array.from({ length: 6000 }, (_, i) => `Password: sun-${i}\nUsername: ${login(i)}\n`).join('');
    const found = readCorpus(blocks((u, p) => `Username: ${u}\nPassword: ${p}`) + many);
    expect(found.slice(0, COUNT)).toEqual(PAIRS);
    expect(found.slice(COUNT).every((line) => line === '!malformed-row')).toBe(true);
  });
});

test('two passwords of a block are those of its login', () => {
  const text = blocks((u, p, i) => `Login: ${u}\nPassword: ${p}\nPassword: moon-${i}\n`);
  expect(readCorpus(text)).toEqual(PAIRS.flatMap((each, i) => [each, `${login(i)}|moon-${i}`]));
});

describe('a note below a password is none of it', () => {
  const noted = (note: (i: number) => string): string =>
    blocks((u, p, i) => `Username: ${u}\nPassword: ${p}${note(i)}\n`);
  test.each<[string, (i: number) => string]>([
    ['in each block', () => '\nbought from john'],
    ['in two turns', (i) => (i % 2 === 0 ? '\nnot checked' : '\ndead')],
  ])('%s, where it comes again', (_, note) => {
    expect(readCorpus(noted(note))).toEqual(PAIRS);
  });

  test('once, where the block is rejected aloud', () => {
    for (const note of ['checked and works', 'Note', 'Best logs in the world'])
      expect(readCorpus(noted((i) => (i === 3 ? `\n${note}` : '')))).toEqual([
        ...PAIRS.slice(0, 3),
        '!malformed-row',
        ...PAIRS.slice(4),
      ]);
  });
});
