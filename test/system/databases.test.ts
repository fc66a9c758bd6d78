// User tables in real database servers (Debian: apt-get install postgresql mariadb-server).

import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { createWorkPlace, credveil, type Outcome, type WorkPlace } from '../support/credveil.ts';
import { type DatabaseServer, startMariaDb, startPostgres } from '../support/machine/database-servers.ts';
import { parseRows, ssha } from '../support/match/world.ts';
import { fixture } from '../support/paths.ts';
import { perFile } from '../support/per-file.ts';
import { placeTest } from '../support/vitest/fixtures.ts';

const ACCOUNTS = 3000;
const PASSWORD = "it's: a p@ss/word";
const CA = fixture('tls', 'ca.pem');

interface Databases {
  readonly place: WorkPlace;
  readonly postgres: DatabaseServer;
  readonly maria: DatabaseServer;
}

/** Rows of SQL. Accounts 7 and 2999 leaked; 8 has no hash. */
const values = (): string =>
  Array.from({ length: ACCOUNTS }, (_, id) => {
    const hash = id === 8 ? 'NULL' : `'${ssha(`secret-${id}`, 'salt')}'`;
    return `(${id}, 'user${id}', ${id % 2 ? 'NULL' : `'user${id}@example.com'`}, ${hash})`;
  }).join(',\n');

async function openDatabases(): Promise<Databases & { close(): Promise<void> }> {
  const place = createWorkPlace();
  fs.chmodSync(place.home, 0o755);
  const [postgres, maria] = await Promise.all([startPostgres(place.home), startMariaDb(place.home)]);
  const columns = 'id integer PRIMARY KEY, "userName" text, email text, password text';
  postgres.run(`CREATE SCHEMA shop; CREATE TABLE shop.users (${columns}); CREATE ROLE reader LOGIN PASSWORD '${PASSWORD.replace("'", "''")}';
    INSERT INTO shop.users VALUES ${values()}; GRANT USAGE ON SCHEMA shop TO reader; GRANT SELECT ON shop.users TO reader;
    CREATE TABLE shop.marks (n integer); GRANT ALL ON shop.marks TO reader;`);
  maria.run(`CREATE DATABASE shop; USE shop; CREATE TABLE users (${columns.replaceAll('"', '`')}) CHARSET latin1;
    INSERT INTO users VALUES ${values()}; CREATE TABLE marks (n integer);
    CREATE USER reader@'%' IDENTIFIED BY '${PASSWORD.replace("'", "''")}'; GRANT ALL ON shop.* TO reader@'%';`);
  const others = Array.from({ length: 300 }, (_, i) => `other${i}@example.org:word${(i * 7919) % 300}\n`);
  place.write('leak.txt', [...others, 'user7:secret-7\nuser8:secret-8\nuser2999:secret-2999\nuser9:wrong\n'].join(''));
  const close = async (): Promise<void> => {
    await Promise.all([postgres.stop(), maria.stop()]);
    place.dispose();
  };
  return { place, postgres, maria, close };
}

const test = placeTest.extend<{ readonly databases: Databases }>({
  databases: perFile(openDatabases, ({ close }) => close()),
});

const COLUMNS = 'id=id,username=userName,email=email,hash=password';

interface Run {
  readonly url: string;
  readonly more?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

function match({ place }: Databases, { url, more = [], env = {} }: Run): Promise<Outcome> {
  const state = ['--state', path.join(place.home, `state${process.hrtime.bigint()}`)];
  const table = more.some((arg) => arg === '--query' || arg === '--table') ? [] : ['--table', 'shop.users'];
  const args = ['match', url, '--columns', COLUMNS, '--against', place.at('leak.txt'), ...state, ...table, ...more];
  return credveil(args, '', { env: { ...process.env, HOME: place.home, ...env } });
}

const accountsOf = ({ code, stdout, stderr }: Outcome): string[] => {
  expect(code, stderr).toBe(0);
  return parseRows(stdout).map(({ account }) => account);
};

const pgUrl = ({ postgres }: Databases, more = ''): string =>
  `postgres://reader@127.0.0.1:${postgres.port}/postgres${more}`;
const myUrl = ({ maria }: Databases, more = ''): string => `mysql://reader@127.0.0.1:${maria.port}/shop${more}`;

const SERVERS = [
  ['PostgreSQL', pgUrl, 'PGPASSWORD', `?sslmode=verify-full&sslrootcert=${CA}`, '28P01|password authentication'],
  ['MariaDB', myUrl, 'MYSQL_PWD', `?ssl-mode=verify-identity&ssl-ca=${CA}`, 'Access denied'],
] as const;

describe.each(SERVERS)('%s', (_name, urlOf, variable, tls, denied) => {
  test('has its users read with the password of a file or of the environment', async ({ databases }) => {
    const file = databases.place.write(`password-${variable}`, `${PASSWORD}\n`, 0o600);
    const url = urlOf(databases);
    expect(accountsOf(await match(databases, { url, more: ['--password-file', file] }))).toEqual(['7', '2999']);
    expect(accountsOf(await match(databases, { url, env: { [variable]: PASSWORD } }))).toEqual(['7', '2999']);
    const wrong = databases.place.write('wrong', 'not it', 0o600);
    const { code, stderr, stdout } = await match(databases, { url, more: ['--password-file', wrong] });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`USERS_UNREADABLE.*(${denied})`));
    expect(stderr).not.toContain('not it');
  });

  test('is reached with TLS that is verified', async ({ databases }) => {
    const env = { [variable]: PASSWORD };
    expect(accountsOf(await match(databases, { url: urlOf(databases, tls), env }))).toEqual(['7', '2999']);
    const untrusted = tls.replace(/&.*/, '');
    const { code, stderr } = await match(databases, { url: urlOf(databases, untrusted), env });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/USERS_UNREADABLE.*certificate/)]);
  });

  test('runs a query, and nothing that writes', async ({ databases }) => {
    const env = { [variable]: PASSWORD };
    const url = urlOf(databases);
    const select = 'SELECT id, "userName", email, password FROM shop.users';
    const query = variable === 'MYSQL_PWD' ? select.replaceAll('"', '`') : select;
    const some = await match(databases, { url, env, more: ['--query', `${query} WHERE id > 1000 ORDER BY id;`] });
    expect(accountsOf(some)).toEqual(['2999']);
    const none = await match(databases, { url, env, more: ['--query', `${query} WHERE id < 0`] });
    expect(none.stderr).toContain('USERS_EMPTY');
    const insert = 'INSERT INTO shop.marks VALUES (1)';
    for (const writing of [insert, `${query}; COMMIT; ${insert}`, 'SELECT 1; DROP TABLE shop.marks']) {
      const { code, stderr } = await match(databases, { url, env, more: ['--query', writing] });
      expect([code, stderr]).toEqual([1, expect.stringContaining('USERS_UNREADABLE')]);
    }
    const { postgres, maria } = databases;
    const server = variable === 'MYSQL_PWD' ? maria : postgres;
    expect(server.run('SELECT count(*) FROM shop.marks;').trim()).toBe('0');
  });

  test('that lacks a column, a table, or does not answer is named', async ({ databases }) => {
    const env = { [variable]: PASSWORD };
    const url = urlOf(databases);
    const select = 'SELECT id, email, password FROM shop.users';
    for (const [run, text] of [
      [{ url, env, more: ['--query', select] }, 'no column "userName", but id, email, password'],
      [{ url, env, more: ['--table', 'shop.nothing'] }, 'nothing'],
      [{ url: url.replace(/:\d+\//, ':1/'), env }, 'ECONNREFUSED'],
      [{ url: urlOf(databases, '?verbose=1'), env }, 'unknown parameter'],
    ] as const) {
      const { code, stderr } = await match(databases, run);
      expect([code, stderr]).toEqual([1, expect.stringContaining('USERS_UNREADABLE')]);
      expect(stderr).toContain(text);
    }
  });

  test('repeats no value of a row in an error', async ({ databases }) => {
    const env = { [variable]: PASSWORD };
    // Each server's message repeats the value.
    const failing =
      variable === 'MYSQL_PWD'
        ? 'extractvalue(1, concat(0x7e, (SELECT password FROM shop.users LIMIT 1)))'
        : 'CAST(password AS integer)';
    const quoted = variable === 'MYSQL_PWD' ? '`userName`' : '"userName"';
    const query = `SELECT id, ${quoted}, email, ${failing} AS password FROM shop.users`;
    const server = variable === 'MYSQL_PWD' ? databases.maria : databases.postgres;
    expect(() => server.run(`${query};`)).toThrow('SSHA');
    const { code, stderr } = await match(databases, {
      url: urlOf(databases),
      env,
      more: ['--query', query],
    });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/USERS_UNREADABLE.*the server reports/)]);
    expect(stderr).not.toContain('SSHA');
  });
});

test('PostgreSQL takes the password from PGPASSFILE or a service, and a socket', async ({ databases }) => {
  const { place, postgres } = databases;
  const escaped = PASSWORD.replaceAll(':', '\\:');
  const file = place.write('pgpass', `127.0.0.1:${postgres.port}:*:reader:${escaped}\n`);
  fs.chmodSync(file, 0o600);
  expect(accountsOf(await match(databases, { url: pgUrl(databases), env: { PGPASSFILE: file } }))).toEqual([
    '7',
    '2999',
  ]);
  const settings = { host: '127.0.0.1', port: postgres.port, dbname: 'postgres', user: 'reader', password: PASSWORD };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  const env = { PGSERVICEFILE: place.write('services', `[shop]\n${lines.join('')}`) };
  expect(accountsOf(await match(databases, { url: 'postgres:///?service=shop', env }))).toEqual(['7', '2999']);
  const socket = `postgres://admin@/postgres?host=${postgres.folder}`.replace('@/', `@localhost:${postgres.port}/`);
  expect(accountsOf(await match(databases, { url: socket }))).toEqual(['7', '2999']);
});

test('MariaDB is reached by a socket', async ({ databases }) => {
  const url = `mariadb://reader@localhost/shop?socket=${databases.maria.folder}/socket`;
  expect(accountsOf(await match(databases, { url, env: { MYSQL_PWD: PASSWORD } }))).toEqual(['7', '2999']);
});

test('MariaDB hashes passwords as the tests of MySQL digests say', ({ databases: { maria } }) => {
  const hash = maria.run("SELECT PASSWORD('verysecretpassword');").trim();
  expect(hash).toBe('*2C905879F74F28F8570989947D06A8429FB943E6');
});
