// Which corpora are sources, when they leaked, and in which order they come.

import fs from 'node:fs';
import { expect } from 'vitest';
import { DEFAULT_LIMITS } from '../../../ingest/containers/budget.ts';
import { LeftOut } from '../../../ingest/input/left-out.ts';
import { openSources } from '../../../match/candidates/sources.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const open = (...against: string[]): [string, string | undefined, number][] =>
  openSources(against, DEFAULT_LIMITS, new LeftOut()).map(({ name, date, inputs }) => [name, date, inputs.length]);

test('the entries of a folder are sources, the most recent first', ({ place }) => {
  fs.mkdirSync(place.at('corpora/leak-2023-11/sub'), { recursive: true });
  for (const name of ['b-2012-05.txt', 'a-2012-05.txt', 'zzz.txt', '20240312.txt', '2019-13.txt'])
    place.write(`corpora/${name}`, 'a@example.com:b\n');
  for (const name of ['one.txt', 'sub/two.txt']) place.write(`corpora/leak-2023-11/${name}`, 'a@example.com:b\n');
  expect(open(place.at('corpora'))).toEqual([
    ['leak-2023-11', '2023-11', 2],
    ['a-2012-05.txt', '2012-05', 1],
    ['b-2012-05.txt', '2012-05', 1],
    ['2019-13.txt', undefined, 1],
    ['20240312.txt', undefined, 1],
    ['zzz.txt', undefined, 1],
  ]);
  // With a month, the folder is one leak.
  expect(open(`2024-01:${place.at('corpora')}`)).toEqual([['corpora', '2024-01', 7]]);
  expect(open(`2024-01:${place.at('corpora/zzz.txt')}`, place.at('corpora/b-2012-05.txt'))).toEqual([
    ['zzz.txt', '2024-01', 1],
    ['b-2012-05.txt', '2012-05', 1],
  ]);
});

test('a file whose name looks like a month is a file', ({ place }) => {
  place.write('2024-01:x', 'a@example.com:b\n');
  const cwd = process.cwd();
  try {
    process.chdir(place.home);
    expect(open('2024-01:x')).toEqual([['2024-01:x', '2024-01', 1]]);
  } finally {
    process.chdir(cwd);
  }
});

test('what leads nowhere is refused', ({ place }) => {
  expect(() => open(place.at('nothing'))).toThrow(expect.objectContaining({ code: 'INPUT_MISSING' }));
  expect(() => open(`2024-01:${place.at('nothing')}`)).toThrow(expect.objectContaining({ code: 'INPUT_MISSING' }));
});

test('a month that is none is an error', ({ place }) => {
  expect(() => open(`2024-13:${place.home}`)).toThrow(expect.objectContaining({ code: 'SOURCE_DATE' }));
});
