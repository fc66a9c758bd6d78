// Passwords with counts, told from pairs by the order of the numbers.

import { expect, test } from 'vitest';
import { createFormat } from '../../ingest/format-registry.ts';
import { parseAll, readCorpus, refusalOf } from '../support/corpus-text.ts';

const many = (line: (i: number) => string): string => Array.from({ length: 40 }, (_, i) => `${line(i)}\n`).join('');

test.each([',', ';', '\t', ':', '|', ' '])('descending numbers behind %j are counts', (separator) => {
  const found = Array.from({ length: 40 }, (_, i) => `Sun${i}*${900 - 7 * i}`);
  expect(readCorpus(many((i) => `Sun${i}${separator}${900 - 7 * i}`))).toEqual(found);
  if (separator !== ' ' && separator !== '\t')
    expect(readCorpus(many((i) => `${900 - 7 * i}${separator}Sun${i}`))).toEqual(found);
});

test('numbers in no order may be passwords, and are refused until the format is named', () => {
  const text = many((i) => `ann${i},${1000 + ((i * 7919) % 5000)}`);
  expect(refusalOf(() => readCorpus(text))).toMatch(/counts or passwords.*--format password-count/);
  expect(readCorpus(many((i) => `ann${i}@example.test:${1000 + ((i * 7919) % 5000)}`))[0]).toBe(
    'ann0@example.test|1000',
  );
});

test('the last separator ends the password, and each reject has its reason', () => {
  const format = createFormat('password-count', { separator: ',' });
  expect(parseAll(format, ['a,b,3\n"x",1\n$HEX[2c],2\n,4\nab\nx,0\nx,y\n\n é, 5 \n'])).toEqual([
    'a,b*3',
    '"x"',
    ',*2',
    '!empty-password',
    '!no-separator',
    '!bad-count',
    '!bad-count',
    '!blank',
    ' é*5',
  ]);
});
