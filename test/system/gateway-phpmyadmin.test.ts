// Debian's phpMyAdmin behind the gateway as without it, and events that a script sends one by one.
// apt-get install phpmyadmin mariadb-server nginx php-fpm

import http, { type IncomingMessage } from 'node:http';
import { test as base, expect } from 'vitest';
import {
  fillInForm,
  HOST,
  type PhpMyAdmin,
  startPhpMyAdmin,
  USER,
} from '../support/gateway/applications/phpmyadmin.ts';
import {
  type Answer,
  cookiesOf,
  expectSame,
  formOf,
  type Mask,
  type Request,
  textOf,
  withCookie,
} from '../support/gateway/visit.ts';
import { perFile } from '../support/per-file.ts';

type Way = PhpMyAdmin['through'];

interface Session {
  readonly cookie: string;
  /** Against requests that other sites forge. */
  readonly token: string;
  readonly login: Answer;
}

async function signIn(go: Way, password: string): Promise<Session> {
  const form = await fillInForm(go, USER.name, password);
  const login = await go(form.request);
  // A session that has begun has another number.
  const cookie = cookiesOf(form.page, login);
  const inside = textOf(await go(withCookie({ path: '/phpmyadmin/index.php?route=/' }, cookie)));
  return { cookie, token: /token:"(\w+)"/.exec(inside)?.[1] ?? '', login };
}

const test = base.extend<{ readonly admin: PhpMyAdmin; readonly session: Session }>({
  admin: perFile(
    () => startPhpMyAdmin(),
    ({ close }) => close(),
  ),
  session: [
    async ({ admin }, use) => {
      await use(await signIn(admin.through, USER.password));
    },
    { scope: 'file' },
  ],
});

/** Tokens, numbers of sessions, encrypted cookies and times. */
const maskChance: Mask = (text) =>
  text
    .replace(/((?:token|set_session)(?:=|":"|:"|" value="))\w+/g, '$1(token)')
    .replace(/^(Set-Cookie: \w+(?:-\d)?=)(?!deleted)[^;]+/gim, '$1(cookie)')
    .replace(/(; expires=\w+, )[^;]+/g, '$1(later)')
    .replace(/^(Last-Modified|Expires): .*$/gm, '$1: (now)')
    .replace(/\b1[789]\d{8}\b/g, '(now)');

async function both(admin: PhpMyAdmin, request: Request): Promise<Answer> {
  const direct = await admin.direct(request);
  const through = await admin.through(request);
  expectSame(through, direct, maskChance);
  return through;
}

test('signs in with the right password alone', async ({ admin, session }) => {
  expectSame(session.login, (await signIn(admin.direct, USER.password)).login, maskChance);
  expect(session.login.status).toContain(' 302 ');
  const [wrong, direct] = [await signIn(admin.through, 'wrong'), await signIn(admin.direct, 'wrong')];
  expectSame(wrong.login, direct.login, maskChance);
  expect(textOf(wrong.login)).toContain('Access denied');
});

test.for([
  '/phpmyadmin',
  '/phpmyadmin/index.php',
  '/phpmyadmin/js/vendor/jquery/jquery.min.js',
  '/phpmyadmin/themes/pmahomme/css/theme.css',
  '/phpmyadmin/index.php?route=/nothing',
  '/phpmyadmin/url.php?url=https%3A%2F%2Fwww.phpmyadmin.net%2F',
])('%s without a session', async (path, { admin }) => {
  await both(admin, { path });
});

test.for(['/', '/database/structure&db=shop', '/database/sql&db=shop', '/server/collations'])(
  '%s with a session of either side',
  async (route, { admin, session }) => {
    const { cookie } = await signIn(admin.direct, USER.password);
    for (const each of [cookie, session.cookie]) {
      const request = { path: `/phpmyadmin/index.php?route=${route}`, headers: { 'Accept-Encoding': 'gzip' } };
      const answer = await both(admin, withCookie(request, each));
      expect(textOf(answer)).toContain('route=/logout');
    }
  },
);

test('imports a file of megabytes, and exports what is in it', async ({ admin, session: { cookie, token } }) => {
  const row = (id: number): string => `(${id}, '${'ü'.repeat(500)}')`;
  const inserts = Array.from(
    { length: 50 },
    (_, i) => `INSERT INTO t VALUES ${Array.from({ length: 50 }, (__, j) => row(i * 50 + j)).join(',')};\n`,
  );
  const sql = `CREATE TABLE t (id integer, text varchar(600)) CHARSET utf8mb4;\n${inserts.join('')}`;
  const form = new FormData();
  const fields = {
    db: 'shop',
    import_type: 'database',
    token,
    format: 'sql',
    charset_of_file: 'utf-8',
    ajax_request: 'true',
  };
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('import_file', new Blob([sql], { type: 'application/sql' }), 'shop.sql');
  const encoded = new Response(form);
  const headers = { 'Content-Type': encoded.headers.get('content-type') ?? '' };
  const body = Buffer.from(await encoded.arrayBuffer());
  expect(body.length).toBeGreaterThan(2 * 2 ** 20);
  const request = { method: 'POST', path: '/phpmyadmin/index.php?route=/import', headers, body };
  const imported = textOf(await admin.through(withCookie(request, cookie)));
  expect(imported).toContain('"success":true');
  expect(admin.maria.run('SELECT count(*), sum(id) FROM shop.t;').trim()).toBe(`2500\t${(2499 * 2500) / 2}`);

  const wanted = {
    db: 'shop',
    export_type: 'database',
    what: 'csv',
    csv_separator: ',',
    csv_enclosed: '"',
    csv_escaped: '"',
    csv_terminated: 'AUTO',
    csv_null: 'NULL',
    csv_structure_or_data: 'data',
    filename_template: '@DATABASE@',
    quick_or_custom: 'quick',
    token,
    output_format: 'sendit',
    'table_select[]': 't',
    'table_data[]': 't',
  };
  const asked = { path: '/phpmyadmin/index.php?route=/export', ...formOf(wanted) };
  const exported = await both(admin, withCookie(asked, cookie));
  expect(exported.body.toString()).toContain('"2499"');
});

test('events arrive one by one, and a long poll when it is answered', async ({ admin }) => {
  const poll = admin.through({ path: '/events.php?once' });
  const stream = await open(admin.gatewayPort, '/events.php');
  expect(stream.headers['content-type']).toContain('text/event-stream');
  const events = stream[Symbol.asyncIterator]();
  expect(String((await events.next()).value)).toBe(': open\n\n');
  for (const id of [1, 2, 3]) {
    admin.release();
    // The next one is sent only after this one came.
    expect(String((await events.next()).value)).toBe(`id: ${id}\ndata: ${'x'.repeat(id)}\n\n`);
  }
  expect(await events.next()).toMatchObject({ done: true });
  expect((await poll).body.toString()).toBe('id: 1\ndata: x\n\n');
});

const open = (port: number, path: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    http.get({ host: '127.0.0.1', port, path, headers: { Host: HOST }, agent: false }, resolve).on('error', reject);
  });
