// The tests run most commands one after another in a process that goes on: they end there as in a
// process of their own.

import fs from 'node:fs';
import { expect } from 'vitest';
import { credveil, type WorkPlace } from './support/credveil.ts';
import { placeTest as test } from './support/vitest/fixtures.ts';

/** Commands that succeed, fail, read standard input, and change what the next one finds. */
function commandsIn(place: WorkPlace): readonly (readonly [args: readonly string[], input?: string])[] {
  const corpus = place.write('corpus.txt', 'ann@example.test:Größe 2019\n');
  const pipe = ['ingest', 'leaks', '-', '--source', 'piped', '--format', 'combo'];
  return [
    [['--version']],
    [['--help']],
    [['stats', 'leaks']],
    [['init', 'leaks', '--suite', 'nothing']],
    [['init', 'leaks', '--suite', 'hmac']],
    [['init', 'leaks', '--suite', 'hmac']],
    [['ingest', 'leaks', corpus, '--source', 'first']],
    [pipe, 'ben@example.test:Tiger77\n'],
    [pipe],
    [['sources', 'leaks', '--json']],
    [['verify', 'leaks']],
    [['serve', 'leaks', '--config', 'missing']],
    [['no-such-command']],
  ];
}

/** Without what differs from one run to the next: numbers, ids, and how often progress is shown. */
const settle = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !/\/s( |$)/.test(line))
    .join('\n')
    .replace(/[0-9a-f]{8,}/g, 'ID')
    .replace(/\d[\d.,:TZ-]*/g, 'N');

test('a command ends as in a process of its own', async ({ place }) => {
  const outcomesOf = async (name: string, ownProcess: boolean): Promise<object[]> => {
    const cwd = place.at(name);
    fs.mkdirSync(cwd);
    const outcomes: object[] = [];
    for (const [args, input] of commandsIn(place)) {
      const { code, stdout, stderr } = await credveil(args, input, { cwd, ownProcess });
      const [out, err] = [stdout, stderr].map((text) => settle(text.replaceAll(cwd, 'CWD')));
      outcomes.push({ args: args.join(' '), code, out, err });
    }
    return outcomes;
  };
  const hosted = await outcomesOf('hosted', false);
  expect(hosted).toEqual(await outcomesOf('own', true));
  expect(new Set(hosted.map((outcome) => (outcome as { code: number }).code))).toEqual(new Set([0, 1, 2]));
});

test('a command that does not end is killed at its limit', async ({ place }) => {
  const folder = place.at('leaks');
  expect(await credveil(['init', folder, '--suite', 'hmac'])).toMatchObject({ code: 0 });
  expect(await credveil(['publish', folder])).toMatchObject({ code: 0 });
  const served = await credveil(['serve', folder, '--listen', '127.0.0.1:0'], '', { timeout: 5_000 });
  expect(served.code).toBe(null);
  expect(await credveil(['verify', folder])).toMatchObject({ code: 0 });
});
