// The user tables that docs/match.md names, built by their documented schemes: Django, WordPress
// and Keycloak, from export to accounts.

import { argon2Sync, createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import bcrypt from 'bcrypt';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { credveil, type WorkPlace } from '../support/credveil.ts';
import { parseRows } from '../support/match/world.ts';
import { placeTest as test } from '../support/vitest/fixtures.ts';

/** Each has the password `secret-` and its name, and leaked, unless its name begins with `safe`. */
const passwordOf = (name: string): string => `secret-${name}`;

function leakOf(place: WorkPlace, names: readonly string[]): string {
  const others = Array.from({ length: 300 }, (_, i) => `other${i}@example.org:word${(i * 7919) % 300}\n`);
  const pairs = names.map((name, i) =>
    name.startsWith('safe')
      ? `${name}:wrong\n`
      : `${i % 2 ? name : `${name.toUpperCase()}@example.com`}:${passwordOf(name)}\n`,
  );
  return place.write('leak-2024-03.txt', [...others, ...pairs].join(''));
}

async function match(place: WorkPlace, users: string, columns: string, input = '', more: readonly string[] = []) {
  const args = ['match', users, '--columns', columns, '--against', place.at('leak-2024-03.txt')];
  const state = ['--state', place.at('state'), '--unchecked', place.at('unchecked.csv')];
  const { code, stdout, stderr } = await credveil([...args, ...state, ...more], input);
  expect(code, stderr).toBe(0);
  return parseRows(stdout).map(({ account }) => account);
}

const base64 = (bytes: Buffer): string => bytes.toString('base64');

test("finds Django's users, in a database and in an export", async ({ place }) => {
  const argon2 = (password: string): string => {
    const parameters = { parallelism: 1, tagLength: 32, memory: 256, passes: 2 };
    const nonce = Buffer.from('sixteen bytes 01');
    const key = argon2Sync('argon2id', { message: password, nonce, ...parameters });
    const bare = (bytes: Buffer): string => base64(bytes).replaceAll('=', '');
    return `argon2$argon2id$v=19$m=256,t=2,p=1$${bare(nonce)}$${bare(key)}`;
  };
  const hashes: { readonly [name: string]: (password: string) => string } = {
    pbkdf2: (password) => `pbkdf2_sha256$1000$salt$${base64(pbkdf2Sync(password, 'salt', 1000, 32, 'sha256'))}`,
    argon: argon2,
    bcrypted: (password) => `bcrypt_sha256$${bcrypt.hashSync(createHash('sha256').update(password).digest('hex'), 4)}`,
    old: (password) => `md5$salt$${createHash('md5').update(`salt${password}`).digest('hex')}`,
    safe: argon2,
    disabled: () => '!qjgMOWRBHdkBRjpXc2QVBZHPaRoBHIjCGZAAfyjt',
  };
  const names = Object.keys(hashes);
  leakOf(place, names);
  const rows = names.map((name, id) => [id, name, `${name}@example.com`, hashes[name]?.(passwordOf(name)) ?? '']);
  const database = new Database(place.at('db.sqlite3'));
  database.exec('CREATE TABLE auth_user (id INTEGER, username TEXT, email TEXT, password TEXT, is_active INTEGER)');
  for (const row of rows) database.prepare('INSERT INTO auth_user VALUES (?, ?, ?, ?, 1)').run(...row);
  database.close();
  const columns = 'id=id,username=username,email=email,hash=password';
  const sqlite = await match(place, `sqlite:${place.at('db.sqlite3')}`, columns, '', ['--table', 'auth_user']);
  expect(sqlite.sort()).toEqual(['0', '1', '2', '3']);
  const csv = `id,username,email,password\n${rows.map((row) => row.map((cell) => (`${cell}`.includes(',') ? `"${cell}"` : cell)).join(',')).join('\n')}\n`;
  const query = ['--unchecked', place.at('again.csv')];
  expect((await match(place, '-', columns, csv, query)).sort()).toEqual(['0', '1', '2', '3']);
});

test("finds WordPress's users in the output of mysql --batch", async ({ place }) => {
  const hashes: { readonly [name: string]: string } = {
    // WordPress 6.8: bcrypt of a keyed SHA-384 in base64.
    modern: `$wp${bcrypt
      .hashSync(createHmac('sha384', 'wp-sha384').update(passwordOf('modern')).digest('base64'), 4)
      .replace('$2b$', '$2y$')}`,
    plugin: bcrypt.hashSync(passwordOf('plugin'), 4).replace('$2b$', '$2y$'),
    safe: bcrypt.hashSync(passwordOf('safe'), 4),
    // phpass with the password of its own test, which did not leak.
    legacy: '$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0',
  };
  const names = Object.keys(hashes);
  leakOf(place, names);
  const table = [
    'ID\tuser_login\tuser_email\tuser_pass',
    ...names.map((name, i) => `${i + 1}\t${name}\t${name}@example.com\t${hashes[name]}`),
  ];
  const columns = 'id=ID,username=user_login,email=user_email,hash=user_pass';
  expect((await match(place, '-', columns, `${table.join('\n')}\n`)).sort()).toEqual(['1', '2']);
});

test("finds Keycloak's users in an export that joins both columns", async ({ place }) => {
  const salt = Buffer.from('sixteen bytes 02');
  const secret = (value: Buffer): string =>
    JSON.stringify({ value: base64(value), salt: base64(salt), additionalParameters: {} });
  const pbkdf2 = (password: string): string =>
    secret(pbkdf2Sync(password, salt, 1000, 64, 'sha512')) +
    JSON.stringify({ hashIterations: 1000, algorithm: 'pbkdf2-sha512', additionalParameters: {} });
  const argon2 = (password: string): string => {
    const key = argon2Sync('argon2id', {
      message: password,
      nonce: salt,
      parallelism: 1,
      tagLength: 32,
      memory: 7168,
      passes: 5,
    });
    const additionalParameters = {
      hashLength: ['32'],
      memory: ['7168'],
      type: ['id'],
      version: ['1.3'],
      parallelism: ['1'],
    };
    return secret(key) + JSON.stringify({ hashIterations: 5, algorithm: 'argon2', additionalParameters });
  };
  const hashes: { readonly [name: string]: string } = {
    older: pbkdf2(passwordOf('older')),
    newer: argon2(passwordOf('newer')),
    safe: argon2(passwordOf('safe')),
    federated: '',
  };
  const names = Object.keys(hashes);
  leakOf(place, names);
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const rows = names.map((name) => `${name}-uuid,${name},${name}@example.com,${quote(hashes[name] as string)}`);
  const found = await match(
    place,
    '-',
    'id=id,username=username,email=email,hash=hash',
    `id,username,email,hash\n${rows.join('\n')}\n`,
  );
  expect(found.sort()).toEqual(['newer-uuid', 'older-uuid']);
});
