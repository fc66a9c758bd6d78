// credveil match on the command line: its options, its output, and its refusals.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect } from 'vitest';
import { credveil } from '../support/credveil.ts';
import { COLUMNS, createWorld, parseRows, ssha } from '../support/match/world.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const OTHERS = Array.from({ length: 500 }, (_, i) => `other${i}@example.org:word${(i * 7919) % 9000}\n`).join('');

describe('credveil match', () => {
  test('prints a CSV of accounts, and what was read on standard error', async ({ place }) => {
    const { users, corpora, planted } = createWorld(place);
    const { code, stdout, stderr } = await credveil([
      'match',
      users,
      '--columns',
      COLUMNS,
      '--against',
      corpora,
      '--state',
      place.at('state'),
    ]);
    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toBe('account,source,date,match');
    expect(parseRows(stdout)).toHaveLength(planted.size);
    expect(stderr).toContain('users: 300 accounts');
    expect(stderr).toContain(`found: ${planted.size} accounts with a leaked password`);
    expect(stderr).not.toContain('NOT');
  });

  test('reads the users from standard input, and writes private files', async ({ place }) => {
    const { users, corpora, planted } = createWorld(place);
    const table = `${fs.readFileSync(users, 'utf8')}x1,nohash,nohash@example.com,\n`;
    const [out, unchecked] = [place.at('out.csv'), place.at('unchecked.csv')];
    const args = ['match', '-', '--columns', COLUMNS, '--against', corpora, '--state', place.at('state')];
    const { code, stdout, stderr } = await credveil([...args, '--out', out, '--unchecked', unchecked], table);
    expect([code, stdout]).toEqual([0, '']);
    expect(parseRows(fs.readFileSync(out, 'utf8'))).toHaveLength(planted.size);
    expect(fs.readFileSync(unchecked, 'utf8')).toBe('account,reason,source\nx1,no-hash,\n');
    const last = stderr.trimEnd().split('\n').slice(-3);
    expect(last[0]).toBe(`found: ${planted.size} accounts with a leaked password`);
    expect(last[1]).toContain('NOT CHECKED: 1 account (1 no-hash)');
    expect(last[2]).toBe(`  They are listed in ${unchecked}.`);
    for (const file of [out, unchecked]) expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    const again = await credveil([...args, '--out', out], table);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('OUTPUT_EXISTS')]);
  });

  test('prints JSON, and the plan of a dry run', async ({ place }) => {
    const { users, corpora, planted } = createWorld(place);
    const args = ['match', users, '--columns', COLUMNS, '--against', corpora, '--state', place.at('state')];
    const { stdout } = await credveil([...args, '--json']);
    const { accounts, figures } = JSON.parse(stdout);
    expect(accounts).toHaveLength(planted.size);
    expect(Object.keys(accounts[0])).toEqual(['account', 'source', 'date', 'match']);
    const plan = await credveil([...args, '--dry-run']);
    expect(plan.stdout).toContain(`LDAP SSHA: 300 accounts, ${figures.candidates} candidates`);
    expect(plan.stdout).toContain('verification will take about');
    const json = await credveil([...args, '--dry-run', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ figures, kinds: [{ kind: 'LDAP SSHA', accounts: 300 }] });
    expect(fs.existsSync(place.at('state'))).toBe(false);
  });

  test('keeps a spreadsheet from running what an id says', async ({ place }) => {
    const ids = ['=1+1', '+1', '-1', '@SUM(A1)', '"=1"', ' =cmd|x', 'a,b', "o'brien", '\t=1', '=HYPERLINK("x";"y")'];
    const rows = ids.map((id, i) => ({ id, login: `user${i}`, mail: '', hash: ssha(`secret${i}`, 's') }));
    const users = place.write('users.json', JSON.stringify(rows));
    const leak = place.write('=cmd-2024-01.txt', OTHERS + rows.map(({ login }, i) => `${login}:secret${i}\n`).join(''));
    const { stdout } = await credveil([
      'match',
      users,
      '--columns',
      COLUMNS,
      '--against',
      leak,
      '--state',
      place.at('state'),
    ]);
    const cells = stdout.trimEnd().split('\n').slice(1);
    expect(cells).toHaveLength(ids.length);
    expect(cells[0]).toBe(`"'=1+1","'=cmd-2024-01.txt",2024-01,exact`);
    for (const line of cells) expect(line).not.toMatch(/^\s*"?\s*[=+\-@]/);
    expect(cells[6]).toMatch(/^"a,b",/);
    expect(cells[9]).toMatch(/^"'=HYPERLINK\(""x"";""y""\)",/);
  });

  test('takes a database of SQLite, and a described digest with salt and pepper', async ({ place }) => {
    const file = place.at('app.db');
    const database = new Database(file);
    database.exec('CREATE TABLE members (nr INTEGER, mail TEXT, digest TEXT, salt TEXT)');
    const digest = createHash('sha256')
      .update('NaCl' + 'secret' + 'pepper')
      .digest('hex');
    database.prepare('INSERT INTO members VALUES (7, ?, ?, ?)').run('eve@example.com', digest, 'NaCl');
    database.close();
    const leak = place.write('leak.txt', `${OTHERS}eve@example.com:secret\n`);
    const pepper = place.write('pepper', 'pepper\n', 0o600);
    const args = ['match', `sqlite:${file}`, '--columns', 'id=nr,email=mail,hash=digest,salt=salt', '--against', leak];
    const format = ['--hash-format', 'sha256(salt + password + pepper)', '--state', place.at('state')];
    const { stdout, stderr } = await credveil([...args, '--table', 'members', ...format, '--pepper-file', pepper]);
    expect(stdout, stderr).toContain('7,leak.txt,,exact');
    const query = ['--query', 'SELECT nr, mail, digest, salt FROM members WHERE nr > 7'];
    const open = place.write('open', 'pepper\n', 0o644);
    const exposed = await credveil([...args, '--table', 'members', ...format, '--pepper-file', open]);
    expect([exposed.code, exposed.stderr]).toEqual([1, expect.stringContaining('KEY_FILE_EXPOSED')]);
    const none = await credveil([...args, ...query, ...format, '--pepper-file', pepper]);
    expect(none.stderr).toContain('USERS_EMPTY');
    const without = await credveil([...args, '--table', 'members', ...format]);
    expect([without.code, without.stderr]).toEqual([2, expect.stringContaining('--pepper-file')]);
  });

  test.for<[string, number, readonly string[]]>([
    ['--columns must name', 2, ['--columns', 'id=a']],
    ['HASH_FORMAT_MALFORMED', 2, ['--columns', COLUMNS, '--hash-format', 'md5(']],
    ['--table names a table of a database', 1, ['--columns', COLUMNS, '--table', 'x']],
    ['--query is for databases', 2, ['--columns', COLUMNS, '--query', 'SELECT 1']],
    ['USERS_COLUMN_MISSING', 1, ['--columns', 'id=id,username=nothing,hash=hash']],
    ['--max-hash-seconds', 2, ['--columns', COLUMNS, '--max-hash-seconds', '0']],
    [
      '--columns does not apply',
      2,
      ['--columns', COLUMNS, '--format', 'combo', '--corpus-columns', 'username=a,password=b'],
    ],
  ])('refuses: %s', async ([text, expected, more], { place }) => {
    const { users, corpora } = createWorld(place, { accounts: 3 });
    const { code, stderr, stdout } = await credveil([
      'match',
      users,
      '--against',
      corpora,
      '--state',
      place.at('state'),
      ...more,
    ]);
    expect([code, stderr, stdout]).toEqual([expected, expect.stringContaining(text), '']);
    expect(fs.existsSync(place.at('state'))).toBe(false);
  });
});
