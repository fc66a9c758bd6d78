// The prefix bits that publishing chooses: usernames and users share a prefix, not entries.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { BucketId } from '../../protocol/brands.ts';
import { formatPrefix, parsePrefix } from '../../protocol/bucket-id.ts';
import { parseStatement } from '../../protocol/signed/statement.ts';
import { openDataset } from '../../store/dataset.ts';
import { runPath } from '../../store/run/run.ts';
import { choosePrefixBits } from '../../store/snapshot/publication.ts';
import { credveil, credveilJson } from '../support/credveil.ts';
import { type MakeDatasetOptions, makeDataset, seededPairs, seededPasswords } from '../support/dataset.ts';
import { storeError } from '../support/errors.ts';
import { STATEMENT, utf8 } from '../support/signed/samples.ts';
import { placeTest } from '../support/vitest/fixtures.ts';

async function publishedBits(options: MakeDatasetOptions) {
  const made = await makeDataset({ ...options, published: false });
  try {
    const { account, password } = (await made.publish()).indexes;
    return { account: account?.prefixBits, password: password?.prefixBits };
  } finally {
    made.dispose();
  }
}

describe('prefix bits', () => {
  test('a prefix of 26 bits has seven digits, and a statement with more bits is refused', () => {
    expect(formatPrefix(0x3ffffff as BucketId, 26)).toBe('3ffffff');
    expect(parsePrefix('3ffffff', 26)).toBe(0x3ffffff);
    expect(() => parsePrefix('4000000', 26)).toThrow(expect.objectContaining({ code: 'PREFIX_MALFORMED' }));
    const withBits = (prefixBits: number) => {
      const [{ indexes, ...layer }] = STATEMENT.layers;
      const account = { ...indexes.account, prefixBits };
      return parseStatement(
        utf8(JSON.stringify({ ...STATEMENT, layers: [{ ...layer, indexes: { ...indexes, account } }] })),
      );
    };
    expect(withBits(26).layers[0].indexes.account?.prefixBits).toBe(26);
    expect(() => withBits(27)).toThrow(expect.objectContaining({ code: 'STATEMENT_MALFORMED' }));
  });

  test('the bucket floor of the account index counts usernames and not their entries', async () => {
    // With the canary 64 usernames: 4 passwords each, and their similar forms, are 19 entries each.
    const usernames = seededPairs(63).map(({ username }) => username);
    const pairs = seededPasswords(4).flatMap((password) => usernames.map((username) => ({ username, password })));
    for (const similar of [false, true])
      expect(await publishedBits({ pairs, similar, bucketFloor: 8 })).toMatchObject({ account: 3 });
    // A username of two sources counts once.
    const made = await makeDataset({ pairs, bucketFloor: 8, published: false });
    made.addSource('second', { pairs: usernames.map((username) => ({ username, password: 'another one' })) });
    expect((await made.publish()).indexes.account?.prefixBits).toBe(3);
    made.dispose();
  });
});

describe('the cap of the password index', () => {
  const parameters = { suite: 'oprf', bucketFloor: 1 } as const;

  test('an evaluator gets at most 12 bits of a password, unless another server answers for buckets', () => {
    expect(choosePrefixBits('password', 2 ** 20, parameters)).toBe(12);
    expect(choosePrefixBits('password', 2 ** 20, { ...parameters, splitRoles: true })).toBe(20);
    expect(choosePrefixBits('account', 2 ** 20, parameters)).toBe(20);
    expect(choosePrefixBits('password', 2 ** 30, { suite: 'hmac', bucketFloor: 1 })).toBe(26);
  });

  placeTest('init records split roles, and refuses them under hmac', async ({ place }) => {
    await credveilJson(['init', place.at('split'), '--suite', 'oprf', '--split-roles']);
    expect(openDataset(place.at('split')).parameters.splitRoles).toBe(true);
    expect((await credveil(['init', place.at('not'), '--suite', 'hmac', '--split-roles'])).code).toBe(2);
  });
});

test('a run whose facts count too many usernames is refused', async () => {
  const pairs = seededPasswords(8).flatMap((password) => [
    { username: 'ana', password },
    { username: 'ben', password },
  ]);
  const made = await makeDataset({ pairs, indexes: ['account'], bucketFloor: 2, published: false });
  const file = runPath(made.dataset, 'first');
  const bytes = fs.readFileSync(file);
  const at = bytes.length - 36 - bytes.readUInt32BE(bytes.length - 36);
  const facts = bytes.toString('utf8', at, bytes.length - 36);
  const forged = facts.replace('"usernames":2', '"usernames":9');
  expect(forged).not.toBe(facts);
  const content = Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from(forged),
    bytes.subarray(bytes.length - 36, bytes.length - 32),
  ]);
  fs.writeFileSync(file, Buffer.concat([content, createHash('sha256').update(content).digest()]));
  await expect(made.publish()).rejects.toThrow(storeError('RUN_CORRUPT'));
  made.dispose();
});

describe('users', () => {
  placeTest('init --users bounds the prefix bits so that enough users share one', async ({ place }) => {
    const folder = place.at('leaks');
    const init = ['init', folder, '--suite', 'hmac', '--bucket-floor', '1', '--users', '128'];
    const { code, stdout } = await credveil(init);
    expect(code).toBe(0);
    expect(stdout).toContain('at most 3 prefix bits');
    expect(stdout).toMatch(/answers .* MiB instead of .* at 1,000,000 pairs/);
    expect(JSON.parse(fs.readFileSync(`${folder}/dataset.json`, 'utf8'))).toMatchObject({
      users: 128,
      usersPerPrefix: 16,
    });
    const combo = place.write(
      'combo.txt',
      seededPairs(300)
        .map((pair) => `${pair.username}:${pair.password}\n`)
        .join(''),
    );
    await credveilJson(['ingest', folder, combo, '--source', 'first']);
    const stats = (await credveilJson(['stats', folder])) as {
      users: number;
      indexes: { [name: string]: { prefixBits: number; usersPerPrefix: number } };
    };
    expect(stats.users).toBe(128);
    for (const index of ['account', 'password'])
      expect(stats.indexes[index]).toMatchObject({ prefixBits: 3, usersPerPrefix: 16 });
    const asked = await credveil(['stats', folder, '--users', '4']);
    expect(asked.stdout).toContain('0.5 of your 4 users share a prefix');
  });

  placeTest('init takes another number of users per prefix, and refuses what is no number', async ({ place }) => {
    const init = (name: string, ...args: string[]) => credveil(['init', place.at(name), '--suite', 'hmac', ...args]);
    expect((await init('a', '--users', '4096', '--users-per-prefix', '1')).stdout).toContain('at most 12 prefix bits');
    const oprf = ['init', place.at('o'), '--suite', 'oprf', '--users', '65000'];
    expect((await credveil(oprf)).stdout).toContain('an evaluator with a list of names learns which 1 in 2,048');
    expect((await init('b', '--users', '3')).stdout).toContain('at most 0 prefix bits');
    for (const args of [
      ['--users', '0'],
      ['--users', 'many'],
      ['--users-per-prefix', '4'],
      ['--users', '1e3'],
    ])
      expect((await init('c', ...args)).code).toBe(2);
    expect(fs.existsSync(place.at('c'))).toBe(false);
  });
});
