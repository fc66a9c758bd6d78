// User tables in database servers, as far as no server is needed: what a URL may be, and what is
// missing. Real servers are in test/system/databases.test.ts.

import { expect } from 'vitest';
import { credveil } from '../support/credveil.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

const COLUMNS = ['--columns', 'id=id,email=email,hash=hash'];
const TABLE = ['--table', 'users'];

test.for<[string, string, readonly string[]]>([
  ['is visible to everyone', 'postgres://ann:s3cret@db.example/app', TABLE],
  ['is visible to everyone', 'mysql://ann:s3cret@db.example/app', TABLE],
  ['is visible to everyone', 'postgres://ann@db.example/app?password=s3cret', TABLE],
  ['is visible to everyone', 'MariaDB://:s3cret@db.example/app', TABLE],
  ['is visible to everyone', 'oracle://ann:s3cret@db.example/app', TABLE],
  ['not one of a database', 'oracle://db.example/app', TABLE],
  ['not one of a database', 'postgres://[::1/app', TABLE],
  ['--table or --query', 'postgres://db.example/app', []],
  ['--table or --query', 'mysql://db.example/app', [...TABLE, '--query', 'SELECT 1']],
  ['--password-file is for', 'users.csv', ['--password-file', 'x']],
])('refuses: %s, %s', async ([text, url, more], { place }) => {
  const leak = place.write('leak.txt', 'a:b\n');
  const args = ['match', url, ...COLUMNS, '--against', leak, '--state', place.at('state'), ...more];
  const { code, stderr, stdout } = await credveil(args);
  expect([code, stderr, stdout]).toEqual([2, expect.stringContaining(text), '']);
  expect(stderr).not.toContain('s3cret');
});

test.for([
  ['PASSWORD_UNREADABLE', ['--password-file', '/nonexistent']],
  ['ECONNREFUSED', []],
] as const)('names what is missing: %s', async ([text, more], { place }) => {
  const leak = place.write('leak.txt', 'a:b\n');
  for (const url of ['postgres://ann@127.0.0.1:1/app', 'mysql://ann@127.0.0.1:1/app']) {
    const args = ['match', url, ...COLUMNS, '--against', leak, '--state', place.at('state'), ...TABLE, ...more];
    const { code, stderr } = await credveil(args);
    expect([code, stderr]).toEqual([1, expect.stringContaining(text)]);
  }
});

test('refuses a password that others may read', async ({ place }) => {
  const leak = place.write('leak.txt', 'a:b\n');
  const to = [...COLUMNS, ...TABLE, '--against', leak, '--state', place.at('state'), '--password-file'];
  const of = (file: string) => credveil(['match', 'postgres://ann@127.0.0.1:1/app', ...to, file]);
  const open = await of(place.write('open', 's3cret\n', 0o644));
  expect([open.code, open.stderr]).toEqual([1, expect.stringMatching(/KEY_FILE_EXPOSED.*open: readable by group/)]);
  expect(open.stderr).not.toContain('s3cret');
  expect((await of(place.write('own', 's3cret\n', 0o600))).stderr).toContain('ECONNREFUSED');
});
