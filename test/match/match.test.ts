// A match from a user table to the accounts to reset: all that leaked are found, none is invented.

import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { DEFAULT_LIMITS } from '../../ingest/containers/budget.ts';
import { openInput } from '../../ingest/input/inputs.ts';
import { LeftOut } from '../../ingest/input/left-out.ts';
import { openSources } from '../../match/candidates/sources.ts';
import { DEFAULT_HASH_LIMITS } from '../../match/hashes/stored-hash.ts';
import { type MatchOptions, type MatchResult, matchUsers, planMatch } from '../../match/match.ts';
import { readUsers } from '../../match/users/read-users.ts';
import { parseUserColumns, type UserColumns } from '../../match/users/user-rows.ts';
import { UserTable } from '../../match/users/user-table.ts';
import { COLUMNS, createWorld, ssha } from '../support/match/world.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

interface Matched {
  readonly users: string;
  readonly against: readonly string[];
  readonly state: string;
  readonly similar?: boolean;
  readonly maxCandidates?: number;
  readonly skipUnrecognised?: boolean;
}

async function optionsOf(options: Matched): Promise<MatchOptions> {
  const { users, against, state, similar = false, maxCandidates, skipUnrecognised = false } = options;
  const table = new UserTable({});
  await readUsers(openInput(users), { columns: parseUserColumns(COLUMNS) as UserColumns }, table);
  const leftOut = new LeftOut();
  return {
    users: table,
    sources: openSources(against, DEFAULT_LIMITS, leftOut),
    state,
    ...(maxCandidates !== undefined && { maxCandidates }),
    scan: { leftOut, skipUnrecognised },
    verify: {
      threads: 2,
      similar,
      settings: { limits: DEFAULT_HASH_LIMITS, description: undefined, pepper: undefined },
    },
  };
}

async function match(options: Matched): Promise<MatchResult> {
  let result: MatchResult | undefined;
  await matchUsers(await optionsOf(options), async (found) => {
    result = found;
  });
  return result as MatchResult;
}

const OTHERS = Array.from({ length: 9000 }, (_, i) => `other${i}@example.org:word${(i * 7919) % 9000}`);

describe('a match', () => {
  test('finds every account that leaked, in its most recent source, and no other', async ({ place }) => {
    const { users, corpora, planted } = createWorld(place);
    const { rows, unchecked, figures } = await match({ users, against: [corpora], state: place.at('state') });
    expect(planted.size).toBeGreaterThan(50);
    expect(new Map(rows.map(({ account, source }) => [account, source]))).toEqual(planted);
    expect(rows).toHaveLength(planted.size);
    expect(rows.every((row) => row.match === 'exact')).toBe(true);
    expect(rows.find(({ source }) => source === 'undated.txt')?.date).toBeNull();
    const dates = rows.map(({ date }) => date ?? '');
    expect(dates).toEqual([...dates].sort().reverse());
    expect(unchecked).toEqual([]);
    expect(figures.bySource.map(({ source }) => source)).toHaveLength(4);
    expect(fs.existsSync(place.at('state'))).toBe(false);
  });

  test('finds variants only if it is asked to, and says so', async ({ place }) => {
    const users = place.write(
      'users.csv',
      `id,login,mail,hash\n1,ann,a@x.example,${ssha('Winter24', 's')}\n2,ben,b@x.example,${ssha('exact9', 's')}\n`,
    );
    const leak = place.write('leak.txt', `ann:winter23\nben:exact9\nben:exact8\n${OTHERS.join('\n')}\n`);
    const state = place.at('state');
    const plain = await match({ users, against: [leak], state });
    expect(plain.rows.map(({ account, match }) => [account, match])).toEqual([['2', 'exact']]);
    const similar = await match({ users, against: [leak], state, similar: true });
    // Winter24 is two steps from winter23.
    expect(similar.rows.map(({ account, match }) => [account, match])).toEqual([['2', 'exact']]);
    const closer = place.write('closer.txt', `ann:Winter23\n${OTHERS.join('\n')}\n`);
    const found = await match({ users, against: [closer], state, similar: true });
    expect(found.rows.map(({ account, match }) => [account, match])).toEqual([['1', 'similar']]);
  });

  test('names each account that it could not check, and why', async ({ place }) => {
    const users = place.write(
      'users.csv',
      [
        'id,login,mail,hash',
        `1,ann,a@x.example,${ssha('secret', 's')}`,
        '2,ben,b@x.example,',
        '3,cid,c@x.example,nonsense',
        `4,,,${ssha('secret', 's')}`,
        '5,eve,e@x.example,$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
        // RFC 7914 §2 bounds N by r; the library refuses this one when it is computed.
        '"6",fay,f@x.example,"$scrypt$ln=16,r=1,p=1$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI"',
        'a row of another length',
        '',
      ].join('\n'),
    );
    const leak = place.write('leak.txt', `ann:secret\nb@x.example:x\neve:y\nfay:z\nfay:zz\n${OTHERS.join('\n')}\n`);
    const { rows, unchecked, figures } = await match({ users, against: [leak], state: place.at('state') });
    expect(rows.map(({ account }) => account)).toEqual(['1']);
    expect(unchecked).toEqual([
      { account: '2', reason: 'no-hash', source: 'leak.txt' },
      { account: '3', reason: 'unknown-format', source: null },
      { account: '4', reason: 'no-name', source: null },
      { account: '5', reason: 'too-costly', source: 'leak.txt' },
      { account: '6', reason: 'hash-refused', source: null },
    ]);
    expect(figures.userRejects).toEqual({ 'malformed-row': 1 });
  });

  test('tries a bounded number of candidates for one account, and starves no other', async ({ place }) => {
    const { users } = createWorld(place, { accounts: 30 });
    const table = fs.readFileSync(users, 'utf8');
    fs.writeFileSync(
      users,
      `${table}v,victim,v@example.com,${ssha('true', 's')}\nw,winner,w@example.com,${ssha('his', 's')}\n`,
    );
    const flood = Array.from({ length: 3000 }, (_, i) => `v@example.com:flood${i}`);
    const mixed = flood.flatMap((line, i) => [line, ...OTHERS.slice(3 * i, 3 * i + 3)]);
    const leak = place.write('leak.txt', [...mixed, 'victim:true', 'winner:his', ''].join('\n'));
    const options = { users, against: [leak], state: place.at('state'), maxCandidates: 100 };
    const { rows, unchecked, figures } = await match(options);
    expect(rows.map(({ account }) => account)).toEqual(['w']);
    expect(unchecked).toEqual([{ account: 'v', reason: 'too-many-candidates', source: null }]);
    expect(figures.bounded.map(({ notTried }) => notTried)).toEqual([2901]);
    // The pair that was crowded out is found where it is not.
    const second = place.write('second.txt', ['victim:true', ...OTHERS.slice(0, 100), ''].join('\n'));
    const again = await match({ ...options, against: [leak, second] });
    expect(again.rows.map(({ account, source }) => [account, source]).sort()).toEqual([
      ['v', 'second.txt'],
      ['w', 'leak.txt'],
    ]);
    expect(again.unchecked).toEqual([]);
  });

  test('refuses what it cannot read, and leaves out lists without usernames', async ({ place }) => {
    const { users, corpora } = createWorld(place, { accounts: 9 });
    const state = place.at('state');
    place.write('corpora/passwords.txt', 'letmein\nqwerty\nhunter2\npassword1\n'.repeat(20));
    const options = await optionsOf({ users, against: [corpora], state });
    await matchUsers(options, async () => {});
    expect(options.scan.leftOut.groups).toMatchObject([{ why: 'no usernames with passwords', count: 1 }]);
    place.write('corpora/unclear.txt', 'a|b;c,d e\n1 2 3\n???\n'.repeat(20));
    await expect(match({ users, against: [corpora], state })).rejects.toMatchObject({ code: 'FORMAT_UNRECOGNISED' });
    await match({ users, against: [corpora], state, skipUnrecognised: true });
    const codes = OTHERS.map((line, i) => `${line.split(':')[0]}:${1_000_000_000_000 + i}`);
    place.write('codes.txt', `${codes.join('\n')}\n`);
    await expect(match({ users, against: [place.at('codes.txt')], state })).rejects.toMatchObject({
      code: 'CORPUS_SUSPECT',
    });
    const { scan } = options;
    const plan = await planMatch(await optionsOf({ users, against: [place.at('codes.txt')], state }));
    expect(plan.alarms.length).toBeGreaterThan(0);
    const accept = plan.alarms.map(({ name }) => name);
    const accepted = await optionsOf({ users, against: [place.at('codes.txt')], state });
    expect((await planMatch({ ...accepted, scan: { ...scan, accept } })).alarms).toEqual([]);
    expect(fs.existsSync(state)).toBe(false);
    place.write('lists.txt', 'letmein\nqwerty\nhunter2\npassword1\n'.repeat(20));
    await expect(match({ users, against: [place.at('lists.txt')], state })).rejects.toMatchObject({
      code: 'AGAINST_EMPTY',
    });
    // The hashes are in another column than the one that is named.
    const wrong = fs.readFileSync(users, 'utf8').replace('login,mail,hash', 'hash,mail,login');
    place.write('wrong.csv', wrong);
    await expect(match({ users: place.at('wrong.csv'), against: [corpora], state })).rejects.toMatchObject({
      code: 'USERS_UNVERIFIABLE',
      message: expect.stringContaining('9 unknown-format'),
    });
    place.write('empty.csv', 'id,login,mail,hash\n');
    await expect(match({ users: place.at('empty.csv'), against: [corpora], state })).rejects.toMatchObject({
      code: 'USERS_EMPTY',
    });
  });

  test('planned verifies nothing and writes nothing', async ({ place }) => {
    const { users, corpora } = createWorld(place);
    const before = fs.readdirSync(place.home).sort();
    const { figures, kinds, seconds } = await planMatch(
      await optionsOf({ users, against: [corpora], state: place.at('state') }),
    );
    const { figures: real } = await match({ users, against: [corpora], state: place.at('state') });
    expect(figures).toEqual(real);
    expect(kinds).toMatchObject([{ kind: 'LDAP SSHA', accounts: 300, candidates: real.candidates }]);
    expect(seconds).toBeGreaterThan(0);
    expect(fs.readdirSync(place.home).sort()).toEqual(before);
  });

  test('that is killed while it writes its results may write them again', async ({ place }) => {
    const { users, corpora } = createWorld(place, { accounts: 30 });
    const options = await optionsOf({ users, against: [corpora], state: place.at('state') });
    const started: (readonly string[])[] = [];
    const request = {
      ...options,
      outputs: ['/a', '/b'],
      assertOutputs: (files: readonly string[]) => started.push(files),
    };
    await expect(matchUsers(request, () => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
    await matchUsers(request, async () => {});
    expect(started).toEqual([[], [], ['/a', '/b'], ['/a', '/b']]);
  });
});
