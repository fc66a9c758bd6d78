// The candidates that are kept: found by name, each once, and bounded for each account.

import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { CandidateFinder } from '../../../match/candidates/candidate-finder.ts';
import { CandidateCollector } from '../../../match/candidates/collector.ts';
import { USUAL_VARIANTS, variantsOf } from '../../../match/candidates/variants.ts';
import { FingerprintSet } from '../../../match/fingerprint-set.ts';
import { readSpool, SpoolWriter } from '../../../match/state/spool.ts';
import { UserTable } from '../../../match/users/user-table.ts';
import { normalizePassword, normalizeUsername } from '../../../protocol/normalize.ts';
import { ssha } from '../../support/match/world.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

function makeTable(): UserTable {
  const table = new UserTable({});
  const add = (id: string, names: string[], hash: string): void => table.row({ id, names, hash, salt: undefined });
  add('a', ['alice', 'alice@gmail.com'], ssha('x', 'salt'));
  add('b', ['bob@example.com'], ssha('y', 'salt'));
  add('c', ['carol'], '');
  add('d', ['alice'], ssha('z', 'salt'));
  return table;
}

const collect = (maxCandidates?: number) => {
  const users = makeTable();
  const written: [string, number, string][] = [];
  const collector = new CandidateCollector(
    users,
    randomBytes(16),
    (account, source, password) => written.push([users.idOf(account), source, Buffer.from(password).toString()]),
    maxCandidates,
  );
  return { users, written, collector };
};

describe('candidates', () => {
  test('are those of all accounts of a name, in any of its spellings', () => {
    const { users, written, collector } = collect();
    const finder = new CandidateFinder(users, (account, password) => collector.add(account, password));
    collector.beginSource();
    const text = 'ALICE:one A.L.I.C.E+tag@GMail.com:two nobody:three bob@example.com:four';
    const line = Buffer.from(text);
    for (const pair of text.split(' ')) {
      const from = text.indexOf(pair);
      const colon = from + pair.indexOf(':');
      finder.addBytes(line, from, colon, colon + 1, from + pair.length);
    }
    finder.addBytes(line, -1, -1, 6, 9);
    finder.add(normalizeUsername('ALICE'), normalizePassword('pä'));
    finder.add(undefined, normalizePassword('none'));
    expect(finder.pairs).toBe(5);
    expect(written.sort()).toEqual([
      ['a', 0, 'one'],
      ['a', 0, 'pä'],
      ['a', 0, 'two'],
      ['b', 0, 'four'],
      ['d', 0, 'one'],
      ['d', 0, 'pä'],
    ]);
  });

  test('of one segment are not read through the one before, which was shorter', () => {
    const { users, written, collector } = collect();
    const finder = new CandidateFinder(users, (account, password) => collector.add(account, password));
    collector.beginSource();
    const buffer = new Uint8Array(100);
    for (const text of ['bob@example.com:1', 'somebody@example.org:1\nbob@example.com:22']) {
      buffer.set(Buffer.from(text));
      const from = text.lastIndexOf('bob');
      finder.addBytes(
        buffer.subarray(0, text.length),
        from,
        text.lastIndexOf(':'),
        text.lastIndexOf(':') + 1,
        text.length,
      );
    }
    expect(written.map(([, , password]) => password)).toEqual(['1', '22']);
  });

  test('are kept once, in the source that comes first', () => {
    const { written, collector } = collect();
    for (let source = 0; source < 2; source++) {
      collector.beginSource();
      for (const password of ['p', 'q', 'p']) collector.add(0, Buffer.from(password));
      collector.add(1, Buffer.from('p'));
    }
    collector.add(0, Buffer.from('r'));
    expect(written).toEqual([
      ['a', 0, 'p'],
      ['a', 0, 'q'],
      ['b', 0, 'p'],
      ['a', 1, 'r'],
    ]);
    expect(collector.finish()).toMatchObject({
      candidates: 4,
      duplicates: 5,
      bySource: [3, 1],
      byKind: [4],
      bounded: [],
    });
  });

  test('of an account are bounded in each source, and the account is reported', () => {
    const { written, collector } = collect(3);
    collector.beginSource();
    for (let i = 0; i < 10; i++) collector.add(0, Buffer.from(`flood${i}`));
    collector.add(1, Buffer.from('his'));
    collector.beginSource();
    // Dropped there, so tried here.
    collector.add(0, Buffer.from('flood9'));
    expect(written.filter(([id]) => id === 'a').map(([, source, password]) => `${source} ${password}`)).toEqual([
      '0 flood0',
      '0 flood1',
      '0 flood2',
      '1 flood9',
    ]);
    expect(collector.finish().bounded).toEqual([[0, 7]]);
  });

  test('flooded by a million for one account are bounded, and the others come first', ({ place }) => {
    const key = randomBytes(32);
    const spool = new SpoolWriter(place.at('candidates'), key);
    const collector = new CandidateCollector(makeTable(), randomBytes(16), spool.add.bind(spool));
    collector.beginSource();
    for (let i = 0; i < 1e6; i++) collector.add(0, Buffer.from(`flood${i}`));
    for (let i = 0; i < 20; i++) collector.add(1, Buffer.from(`his${i}`));
    collector.beginSource();
    collector.add(3, Buffer.from('hers'));
    spool.finish();
    const { candidates, bounded } = collector.finish();
    expect([candidates, bounded]).toEqual([1021, [[0, 999_000]]]);
    const order = [...readSpool(place.at('candidates'), key, candidates)].map(({ account }) => account);
    expect(order.slice(0, 33)).toEqual([...Array(16).fill(0), ...Array(16).fill(1), 3]);
    expect(order.slice(33)).toEqual([...Array(984).fill(0), ...Array(4).fill(1)]);
    expect(fs.statSync(place.at('candidates')).size).toBeLessThan(64 << 10);
  });

  test('of an account without a hash are reported, not kept', () => {
    const { written, collector } = collect();
    collector.beginSource();
    collector.beginSource();
    collector.add(2, Buffer.from('p'));
    collector.beginSource();
    collector.add(2, Buffer.from('q'));
    expect(written).toEqual([]);
    expect(collector.finish().unverifiable).toEqual([[2, 1]]);
  });

  test('are passwords: neither empty nor longer than any system takes', () => {
    const { written, collector } = collect();
    collector.beginSource();
    for (const length of [0, 4096, 4097]) collector.add(0, Buffer.alloc(length, 'x'));
    expect(written.map(([, , password]) => password.length)).toEqual([4096]);
  });
});

describe('a set of fingerprints', () => {
  test('finds repetitions while it grows', () => {
    const set = new FingerprintSet(1e6);
    const all = Array.from({ length: 50_000 }, () => randomBytes(12));
    for (const digest of all) expect(set.add(digest)).toBe(true);
    for (const digest of all) expect(set.add(digest)).toBe(false);
    expect(set.size).toBe(50_000);
  });

  test('that is full calls everything new, so that nothing is lost', () => {
    const set = new FingerprintSet(2);
    const [a, b, c] = [randomBytes(12), randomBytes(12), randomBytes(12)] as const;
    expect([set.add(a), set.add(b), set.add(c), set.add(c), set.add(a)]).toEqual([true, true, true, true, false]);
  });
});

describe('variants of a password', () => {
  test('are what people make of it', () => {
    const variants = variantsOf('Summer09!');
    for (const expected of [
      'summer09!',
      'Summer10!',
      'Summer09!1',
      'Summer09',
      'Summer',
      'Summer1',
      'Summer123',
      'SUMMER09!',
    ])
      expect(variants).toContain(expected);
    expect(variants).not.toContain('Summer09!');
    expect(new Set(variants).size).toBe(variants.length);
    expect(variants.length).toBeLessThanOrEqual(24);
    expect(Math.abs(variants.length - USUAL_VARIANTS)).toBeLessThan(6);
  });

  test('have letters of every script, and none of a short password', () => {
    expect(variantsOf('пароль9')).toContain('пароль10');
    expect(variantsOf('пароль9')).toContain('Пароль9');
    expect(variantsOf('😀😀😀😀😀')).toContain('😀😀😀😀');
    expect(variantsOf('abc')).toEqual([]);
  });
});
