// Lists of addresses are recognised without the formats of tables and blocks: these would find
// nothing in them. Any other text loads all formats.

import { describe, expect, test } from 'vitest';
import { FORMAT_NAMES, loadFormat, loadModules, takesOption } from '../../../ingest/format-loader.ts';
import { FORMAT_MODULES } from '../../../ingest/format-registry.ts';
import { createSample, type TextSample } from '../../../ingest/formats/sample.ts';
import { LINE_MODULES } from '../../../ingest/line-registry.ts';
import { createRandom, testSeed } from '../../support/random.ts';

const random = createRandom(testSeed('formats loaded'));
const hex = (digits: number): string => Buffer.from(random.bytes(digits)).toString('hex').slice(0, digits);
const OTHERS = FORMAT_MODULES.filter((module) => !LINE_MODULES.includes(module));

const sampleOf = (lines: readonly string[], whole = true): TextSample =>
  createSample(Buffer.from(`${lines.join('\n')}\n`), whole);
const listOf = (mark: string, count = 100): string[] =>
  Array.from({ length: count }, () => `${hex(1 + random.below(9))}@example.test${mark}${hex(4 + random.below(9))}`);

describe('a list of addresses', () => {
  const NOISE = [
    '',
    'Password: x',
    'Total: 100',
    '{"email":"a","password":"b"}',
    "INSERT INTO a VALUES ('x','y');",
    '# x',
  ];
  test.each([':', ';', ',', '|', '\t'])(
    'and %j loads the formats of lines, and no other finds anything',
    async (mark) => {
      for (const noise of NOISE)
        for (const whole of [true, false]) {
          const lines = listOf(mark);
          lines.splice(60, 0, noise, noise);
          const sample = sampleOf(lines, whole);
          expect(await loadModules(sample)).toBe(LINE_MODULES);
          for (const module of OTHERS) expect(module.recognise(sample, {})).toBeUndefined();
        }
    },
  );
});

describe('all formats load for', () => {
  test.each<[what: string, lines: string[]]>([
    ['a table', ['email,password', ...listOf(',')]],
    ['a table below a title', ['Users', 'email,password', ...listOf(',')]],
    ['a short list', listOf(':', 20)],
    ['logins', listOf(':').map((line) => line.replace('@', '_'))],
    ['blocks', listOf(':').map((line) => `Login: ${line.replace(':', '\nPassword: ')}\n`)],
    ['labels of addresses', listOf(':').map((line) => `"${line.replace(':', '":"')}",`)],
  ])('%s', async (_what, lines) => {
    expect(await loadModules(sampleOf(lines))).toBe(FORMAT_MODULES);
  });

  test('options of tables and blocks', async () => {
    const sample = sampleOf(listOf(':'));
    expect(await loadModules(sample, { columns: { username: '1', password: '2' } })).toBe(FORMAT_MODULES);
    expect(await loadModules(sample, { labels: { username: ['a'], password: ['b'] } })).toBe(FORMAT_MODULES);
  });
});

test('formats have the names and options that are listed without loading them', async () => {
  expect(FORMAT_NAMES).toEqual(FORMAT_MODULES.flatMap(({ names }) => names));
  for (const { names, takes } of FORMAT_MODULES)
    for (const name of names) {
      for (const option of takes) expect(takesOption(name, option)).toBe(true);
      expect((await loadFormat(name, {})).name).toBe(name);
    }
  await expect(loadFormat('none', {})).rejects.toMatchObject({ code: 'FORMAT_UNKNOWN' });
});
