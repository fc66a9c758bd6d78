// What credveil match makes of a user table that repeats ids, or whose columns are swapped.

import { execFileSync } from 'node:child_process';
import { describe, expect } from 'vitest';
import { credveil, type WorkPlace } from '../../support/credveil.ts';
import { parseRows, ssha } from '../../support/match/world.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const OTHERS = Array.from({ length: 500 }, (_, i) => `other${i}@example.org:word${(i * 7919) % 9000}\n`).join('');

function match(place: WorkPlace, table: string, columns: string, leak: string, more: readonly string[] = []) {
  const against = place.write('leak-2024-05.txt', OTHERS + leak);
  const state = ['--state', place.at('state'), '--unchecked', place.at(`unchecked-${Math.random()}.csv`)];
  return credveil(['match', '-', '--columns', columns, '--against', against, ...state, ...more], table);
}

describe('a user table', () => {
  const LEAK = 'a@example.com:one\na@example.com:two1\nb@example.com:three\nc@example.com:four\n';

  test('with several rows of an id lists it once, with all of its hashes verified', async ({ place }) => {
    const table = [
      ['7', 'a@example.com', ssha('never', 'salt')],
      ['7', 'a@example.com', ssha('one', 'salt')],
      ['7', 'c@example.com', ssha('four', 'salt')],
      ['8', 'b@example.com', 'nonsense'],
      ['8', 'b@example.com', ''],
      ['9', 'a@example.com', ssha('two', 'salt')],
      ['9', 'a@example.com', ssha('one', 'salt')],
    ];
    const text = `id,email,hash\n${table.map((row) => row.join(',')).join('\n')}\n`;
    const { code, stdout, stderr } = await match(place, text, 'id=id,email=email,hash=hash', LEAK, ['--similar']);
    expect(code, stderr).toBe(0);
    expect(parseRows(stdout).map((row) => [row.account, row.match])).toEqual([
      ['7', 'exact'],
      ['9', 'exact'],
    ]);
    expect(stderr).toContain('users: 3 accounts on 7 rows');
    expect(stderr).toContain('found: 2 accounts');
    expect(stderr).toContain('NOT CHECKED: 1 account (1 unknown-format)');
  });

  test.for<[string, string, string]>([
    ['id and email', 'id=email,email=id,hash=hash', 'swapped'],
    ['an id of hashes', 'id=hash,email=email,hash=hash', 'ids are hashes'],
    ['a name of hashes', 'id=id,email=hash,hash=hash', 'are hashes'],
  ])('with columns that look swapped is remarked on: %s', async ([, columns, remark], { place }) => {
    const table = `id,email,hash\n1,a@example.com,${ssha('one', 'salt')}\n2,b@example.com,${ssha('x', 'salt')}\n`;
    const { stderr } = await match(place, table, columns, LEAK);
    expect(stderr).toContain('COLUMNS?');
    expect(stderr).toContain(remark);
    const right = await match(place, table, 'id=id,email=email,hash=hash', LEAK);
    expect(right.stderr).not.toContain('COLUMNS?');
  });

  test('whose hashes take no long passwords counts the candidates that are too long', async ({ place }) => {
    const hash = execFileSync('openssl', ['passwd', '-6', 'secret'], { encoding: 'utf8' }).trim();
    const leak = `a@example.com:${'x'.repeat(600)}\nb@example.com:${'x'.repeat(600)}\nb@example.com:${'y'.repeat(5000)}\n`;
    const table = `id,email,hash\n1,a@example.com,${hash}\n2,b@example.com,${ssha('x'.repeat(600), 'salt')}\n`;
    const { stdout, stderr } = await match(place, table, 'id=id,email=email,hash=hash', leak);
    expect(parseRows(stdout).map(({ account }) => account)).toEqual(['2']);
    expect(stderr).toContain('2 candidates of more than 4,096 bytes, or 512');
  });
});
