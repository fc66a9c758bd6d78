// Errors of commands that were asked for JSON: one line of it on standard output, and the text for
// people on standard error as always.

import { test as base, describe, expect } from 'vitest';
import { createWorkPlace, credveil, credveilJson, type WorkPlace } from '../../support/credveil.ts';
import { perFile } from '../../support/per-file.ts';

interface World {
  readonly place: WorkPlace;
  /** Of two layers. */
  readonly dataset: string;
}

const pairs = (count: number): string => Array.from({ length: count }, (_, i) => `user${i}:word${i}\n`).join('');

async function openWorld(): Promise<World> {
  const place = createWorkPlace();
  const dataset = place.at('leaks');
  await credveilJson(['init', dataset, '--suite', 'hmac']);
  await credveilJson(['ingest', dataset, '-', '--source', 'first'], pairs(1_500));
  await credveilJson(['ingest', dataset, '-', '--source', 'second', '--delta'], 'eve:five\n');
  return { place, dataset };
}

const test = base.extend<{ readonly world: World }>({
  world: perFile(openWorld, ({ place }) => place.dispose()),
});

describe('an error of a command that was asked for JSON', () => {
  const cases: [title: string, args: (world: World) => string[], exitCode: 1 | 2, code: string][] = [
    ['of a store', ({ place }) => ['stats', place.at('nothing')], 1, 'DATASET_MISSING'],
    ['of a file', ({ dataset, place }) => ['verify', dataset, '--key-file', place.at('no.key')], 1, 'KEY_FILE_MISSING'],
    ['of an option', ({ dataset }) => ['export', dataset], 2, 'USAGE'],
    ['of an unknown option', ({ dataset }) => ['stats', dataset, '--jsn'], 2, 'USAGE'],
    ['of a missing argument', () => ['stats'], 2, 'USAGE'],
    ['of an unknown command', () => ['stat'], 2, 'USAGE'],
    ['of the SDK', () => ['check', '--url', 'http://127.0.0.1:1', '--trust', 'x'], 1, 'KEY_MALFORMED'],
    ['of a source', ({ dataset }) => ['remove', dataset, 'third'], 1, 'SOURCE_MISSING'],
  ];
  test.for(cases)('%s is a line of JSON, and a text', async ([, argsOf, exitCode, code], { world }) => {
    const args = argsOf(world);
    const { stdout, stderr, ...ended } = await credveil([...args, '--json']);
    expect(ended.code).toBe(exitCode);
    expect(stdout).toMatch(/^[^\n]+\n$/);
    const { error, ...others } = JSON.parse(stdout) as { error: Record<string, string> };
    expect(others).toEqual({});
    expect(error).toEqual({ code, message: expect.any(String), hint: expect.any(String) });
    expect(stderr).toBe(`error ${code}: ${error.message}\n  ${error.hint}\n`);
    expect(await credveil(args)).toMatchObject({ code: exitCode, stdout: '', stderr });
  });

  test('is none of its results', async ({ world }) => {
    expect(await credveilJson(['stats', world.dataset])).not.toHaveProperty('error');
    const operand = await credveil(['stats', '--', '--json']);
    expect(operand).toMatchObject({ code: 1, stdout: '' });
  });
});

test('the filter of a snapshot in layers is refused, until it is published as one layer', async ({ world }) => {
  const { dataset, place } = world;
  const file = place.at('leaked.filter');
  const { stderr } = await credveil(['export', dataset, '--filter', file]);
  expect(stderr).toContain('the snapshot has a filter for each of its layers');
  const [, folder = ''] = /: credveil publish (\S+)/.exec(stderr) ?? [];
  expect(await credveilJson(['publish', folder])).toMatchObject({ changed: true, layers: 1 });
  // With the entry that tests a client.
  expect(await credveilJson(['export', dataset, '--filter', file])).toMatchObject({ entries: 1_502 });
});
