// Logins of Debian's phpMyAdmin behind the gateway: what became of each, and what phpMyAdmin got of
// its check. apt-get install phpmyadmin mariadb-server nginx php-fpm

import { test as base, expect } from 'vitest';
import { fillInForm, type PhpMyAdmin, startPhpMyAdmin, USER } from '../support/gateway/applications/phpmyadmin.ts';
import { sendLogin, type WatchedLogin } from '../support/gateway/applications/watched.ts';
import { cookiesOf, formOf, type Request, textOf, withCookie } from '../support/gateway/visit.ts';
import { perFile } from '../support/per-file.ts';

const LEAKY = { username: 'leaky', password: 'Correct-Horse 9 Battery' };

const test = base.extend<{ readonly admin: PhpMyAdmin }>({
  admin: perFile(
    async () => {
      const keys = '    login: phpmyadmin\n    loginLimits: failures\n';
      const admin = await startPhpMyAdmin({ leaked: [LEAKY], keys });
      for (const name of [LEAKY.username, 'guessed'])
        admin.maria.run(`CREATE USER ${name}@localhost IDENTIFIED BY '${LEAKY.password}';`);
      return admin;
    },
    ({ close }) => close(),
  ),
});

const signIn = async (admin: PhpMyAdmin, name: string, password: string, address?: string): Promise<WatchedLogin> =>
  sendLogin(admin, (await fillInForm(admin.through, name, password)).request, address);

test.for([
  ['the leaked pair', LEAKY.username, LEAKY.password, 'pair', '1'],
  ['a clean pair', USER.name, USER.password, 'clean', null],
] as const)(
  '%s: the verdict is with the next page, and with that alone',
  async ([, name, password, verdict, header], { admin }) => {
    const { page, request } = await fillInForm(admin.through, name, password);
    const { answer, status, events } = await sendLogin(admin, request);
    expect(status).toBe(302);
    expect(events).toMatchObject([{ event: 'login', login: 'cookie', outcome: 'success', verdict }]);
    expect(admin.seen().at(-1)).toEqual({ line: 'POST /phpmyadmin/index.php?route=/', verdict: null });
    for (const expected of [header, null]) {
      const inside = await admin.through(
        withCookie({ path: '/phpmyadmin/index.php?route=/' }, cookiesOf(page, answer)),
      );
      expect(inside.status).toContain(' 200 ');
      expect(admin.seen().at(-1)?.verdict).toBe(expected);
    }
  },
);

test.for(['leaky', 'nobody'])('a wrong password for %s is a failure', async (name, { admin }) => {
  const { events } = await signIn(admin, name, 'wrong');
  expect(events).toMatchObject([{ event: 'login', login: 'cookie', outcome: 'failure' }]);
  expect(events[0]).not.toHaveProperty('verdict');
});

test('every page takes a login', async ({ admin }) => {
  const { request } = await fillInForm(admin.through, LEAKY.username, LEAKY.password);
  const { events } = await sendLogin(admin, { ...request, path: '/phpmyadmin/index.php?route=/server/collations' });
  expect(events).toMatchObject([{ outcome: 'success', verdict: 'pair' }]);
});

test('a credential of Basic is none here', async ({ admin }) => {
  const before = admin.logins().length;
  const headers = { Authorization: `Basic ${Buffer.from('leaky:wrong').toString('base64')}` };
  await admin.through({ path: '/phpmyadmin/index.php', headers });
  await signIn(admin, USER.name, USER.password);
  expect(admin.logins().length).toBe(before + 1);
});

test('what can be read in two ways does not reach phpMyAdmin', async ({ admin }) => {
  const { request } = await fillInForm(admin.through, LEAKY.username, LEAKY.password);
  const seen = admin.seen().length;
  for (const more of ['pma_password=other', 'pma_username=other', 'pma.password=other', 'pma_password[]=other']) {
    const doubled: Request = { ...request, body: `${request.body}&${more}` };
    const { status, events } = await sendLogin(admin, doubled);
    expect(status).toBe(400);
    expect(events).toMatchObject([{ event: 'login-unreadable', login: 'cookie' }]);
  }
  expect(admin.seen().length).toBe(seen);
});

test('long queries and imports are no logins, and go on', async ({ admin }) => {
  const { page, request } = await fillInForm(admin.through, USER.name, USER.password);
  const { answer } = await sendLogin(admin, request);
  const cookie = cookiesOf(page, answer);
  const inside = textOf(await admin.through(withCookie({ path: '/phpmyadmin/index.php?route=/' }, cookie)));
  const [, token = ''] = /token:"(\w+)"/.exec(inside) ?? [];
  const sql = `SELECT '${'y'.repeat(90 * 1024)}' AS long_text`;
  const fields = { db: 'shop', import_type: 'database', token, format: 'sql', ajax_request: 'true' };
  const query = { path: '/phpmyadmin/index.php?route=/import', ...formOf({ ...fields, sql_query: sql }) };
  expect(textOf(await admin.through(withCookie(query, cookie)))).toContain('"success":true');
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('import_file', new Blob([`${sql};`], { type: 'application/sql' }), 'shop.sql');
  const encoded = new Response(form);
  const headers = { 'Content-Type': encoded.headers.get('content-type') ?? '' };
  const upload = { ...query, headers, body: Buffer.from(await encoded.arrayBuffer()) };
  expect(textOf(await admin.through(withCookie(upload, cookie)))).toContain('"success":true');
});

test('five failures, then 429 without phpMyAdmin, right passwords too', async ({ admin }) => {
  for (let i = 0; i < 5; i++) {
    const { events } = await signIn(admin, 'guessed', `guess ${i}`, '198.51.100.7');
    expect(events).toMatchObject([{ outcome: 'failure' }]);
  }
  const { request } = await fillInForm(admin.through, 'guessed', LEAKY.password);
  const seen = admin.seen().length;
  for (const address of ['198.51.100.7', '198.51.100.8']) {
    const answer = await admin.through({ ...request, headers: { ...request.headers, 'X-Forwarded-For': address } });
    expect(answer.status).toContain(' 429 ');
  }
  expect(admin.seen().length).toBe(seen);
});
