// A match that is killed goes on from its state, to the same result. Nothing that it leaves shows a
// password or a name.

import fs from 'node:fs';
import path from 'node:path';
import bcrypt from 'bcrypt';
import { describe, expect } from 'vitest';
import { credveil } from '../support/credveil.ts';
import { killMidway, matchDespiteKills } from '../support/match/killed.ts';
import { COLUMNS, createWorld, parseRows, SOURCES } from '../support/match/world.ts';
import { createRandom, testSeed } from '../support/random.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

/** About 20 ms a verification: long enough for a kill in the middle. */
const slow = (password: string): string => bcrypt.hashSync(password, 8);

/** Complete lines of the journal. */
function countLines(state: string): number {
  const journal = path.join(state, 'journal');
  return fs.existsSync(journal) ? fs.readFileSync(journal, 'utf8').split('\n').length - 1 : 0;
}

describe('a match', () => {
  test('that is killed at any moment ends with the same result', async ({ place }) => {
    const { users, corpora, planted } = createWorld(place, { accounts: 120, hash: slow });
    const args = [users, '--columns', COLUMNS, '--against', corpora, '--state', place.at('state')];
    const random = createRandom(testSeed('the moments of kills'));
    const { stdout } = await matchDespiteKills(args, () => 300 + random.below(1500), 5);
    const found = parseRows(stdout);
    expect(new Map(found.map(({ account, source }) => [account, source]))).toEqual(planted);
    expect(fs.existsSync(place.at('state'))).toBe(false);
  });

  test('that is killed while it verifies does not read or verify again', async ({ place }) => {
    const { users, corpora, planted } = createWorld(place, { accounts: 120, hash: slow });
    const state = place.at('state');
    const args = [users, '--columns', COLUMNS, '--against', corpora, '--state', state, '--threads', '1'];
    const written = new Date('2024-01-01');
    for (const name of fs.readdirSync(corpora)) fs.utimesSync(path.join(corpora, name), written, written);
    const lines = (): number => countLines(state);
    await killMidway(args, () => lines() >= 2);
    const left = lines();
    expect(left).toBeGreaterThanOrEqual(2);
    // Without the corpora, only the state can lead to the result: their times and sizes are asked
    // for, and no more.
    for (const name of fs.readdirSync(corpora)) {
      const file = path.join(corpora, name);
      const { size } = fs.statSync(file);
      fs.writeFileSync(file, Buffer.alloc(size, 'x'));
      fs.utimesSync(file, written, written);
    }
    const { code, stdout, stderr } = await credveil(['match', ...args, '--json']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('goes on from the state')]);
    const { accounts } = JSON.parse(stdout) as { accounts: { account: string }[] };
    expect(accounts.map(({ account }) => account).sort()).toEqual([...planted.keys()].sort());
  });

  test('starts over if users or corpora changed', async ({ place }) => {
    const { users, corpora, planted } = createWorld(place, { accounts: 120, hash: slow });
    const state = place.at('state');
    const args = [users, '--columns', COLUMNS, '--against', corpora, '--state', state];
    await killMidway(args, () => countLines(state) >= 1);
    const [id = ''] = planted.keys();
    const rows = fs.readFileSync(users, 'utf8').split('\n');
    fs.writeFileSync(
      users,
      rows.map((row) => (row.startsWith(`${id},`) ? row.replace(/[^,]*$/, slow('changed')) : row)).join('\n'),
    );
    const { code, stdout, stderr } = await credveil(['match', ...args]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('starts over')]);
    const found = parseRows(stdout).map(({ account }) => account);
    expect(found.sort()).toEqual([...planted.keys()].filter((other) => other !== id).sort());
  });

  test('starts over if corpora are read in another encoding', async ({ place }) => {
    const { users, corpora } = createWorld(place, { accounts: 120, hash: slow });
    fs.writeFileSync(users, `${fs.readFileSync(users, 'utf8')}x,x,x@example.com,${slow('Пароль')}\n`);
    const password = Buffer.from([0xcf, 0xe0, 0xf0, 0xee, 0xeb, 0xfc]);
    const leak = path.join(corpora, SOURCES[0]);
    fs.appendFileSync(leak, Buffer.concat([Buffer.from('x@example.com:'), password, Buffer.from('\n')]));
    const state = place.at('state');
    const args = [users, '--columns', COLUMNS, '--against', corpora, '--state', state];
    await killMidway(args, () => countLines(state) >= 1);
    const { code, stdout, stderr } = await credveil(['match', ...args, '--encoding', 'windows-1251']);
    expect([code, stderr]).toEqual([0, expect.stringContaining('starts over')]);
    expect(parseRows(stdout).map(({ account }) => account)).toContain('x');
  });

  test('leaves no password and no name in state, output or log', async ({ place }) => {
    const marks = ['MarkedPassword77', 'marked.person', 'markedhashpart'];
    const { users, corpora } = createWorld(place, { accounts: 60, hash: slow });
    const table = fs.readFileSync(users, 'utf8');
    fs.writeFileSync(users, `${table}id77,marked.person,marked.person@example.com,${slow('MarkedPassword77')}\n`);
    const leak = path.join(corpora, 'new-2024-03.txt');
    fs.appendFileSync(leak, 'marked.person@example.com:MarkedPassword77\n');
    const state = place.at('state');
    const args = [users, '--columns', COLUMNS, '--against', corpora, '--state', state, '--threads', '1'];
    const killed = await killMidway(args, () => countLines(state) >= 1);
    const names = fs.readdirSync(state);
    expect(names).toContain('candidates');
    for (const name of names) {
      const file = path.join(state, name);
      expect(fs.statSync(file).mode & 0o777, name).toBe(0o600);
      for (const mark of marks) expect(fs.readFileSync(file).includes(mark), `${name} ${mark}`).toBe(false);
    }
    const { code, stdout, stderr } = await credveil(['match', ...args, '--unchecked', place.at('unchecked.csv')]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('goes on from the state')]);
    expect(stdout).toContain('id77,new-2024-03.txt,2024-03,exact');
    const written = [killed.stdout, killed.stderr, stdout, stderr, fs.readFileSync(place.at('unchecked.csv'), 'utf8')];
    for (const mark of marks) for (const text of written) expect(text).not.toContain(mark);
  });
});
