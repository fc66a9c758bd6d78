// Logins of Debian's WordPress that are held back: the preset alone tells what a session is, and
// whose. apt-get install wordpress wordpress-theme-twentytwentythree mariadb-server nginx php-fpm
// php-cli php-mysql

import { expect, onTestFinished, test } from 'vitest';
import { installWordPress, startWordPress, type WordPress } from '../../support/gateway/applications/wordpress.ts';
import { PAGE, startHolding, statusOf } from '../../support/gateway/hold/holding-gateway.ts';
import { basicOf } from '../../support/gateway/login/guarded-app.ts';
import {
  type Answer,
  cookiesOf,
  formOf,
  type Request,
  textOf,
  valuesOf,
  withCookie,
} from '../../support/gateway/visit.ts';

const LEAKY = { username: 'leaky', password: 'Correct-Horse 9 Battery' };
const TESTER = { username: 'tester', password: 'only for tests: 1 & 2' };
const SIGNED_IN = 'Howdy';

const addUser = (blog: WordPress, { username, password }: typeof LEAKY): void =>
  blog.runPhp(`wp_insert_user(['user_login' => '${username}', 'user_pass' => wp_slash('${password}'),
    'user_email' => '${username}@example.com', 'role' => 'administrator']);`);

const login = ({ username, password }: typeof LEAKY, cookie: string, headers: object = PAGE): Request => {
  const form = formOf({ log: username, pwd: password, testcookie: '1' });
  return withCookie({ ...form, path: '/wp-login.php', headers: { ...form.headers, ...headers } }, cookie);
};

test('a leaked pair opens nothing until the owner confirms it', async () => {
  const blog = await startWordPress({ leaked: [LEAKY] });
  onTestFinished(() => blog.close());
  await installWordPress(blog);
  for (const user of [LEAKY, TESTER]) addUser(blog, user);
  const { to, leaks, place } = blog.site;
  const { send, confirm } = await startHolding({
    ...{ place, to, leaks, host: blog.host, preset: 'wordpress', user: LEAKY.username },
    account: {
      ...TESTER,
      login: '/wp-login.php',
      fields: { log: TESTER.username, pwd: TESTER.password, testcookie: '1' },
      page: '/wp-admin/profile.php',
      signedIn: SIGNED_IN,
    },
  });
  const admin = (cookie: string): Promise<Answer> => send(withCookie({ path: '/wp-admin/profile.php' }, cookie));

  const first = await send({ path: '/wp-login.php' });
  const clean = await send(login(TESTER, cookiesOf(first)));
  expect(statusOf(clean)).toBe(302);
  expect(textOf(await admin(cookiesOf(first, clean)))).toContain(SIGNED_IN);
  expect(cookiesOf(clean)).toMatch(/wordpress_logged_in_\w+=cv1\./);

  const form = await send({ path: '/wp-login.php' });
  const held = await send(login(LEAKY, cookiesOf(form)));
  expect([statusOf(held), valuesOf(held, 'location')[0]]).toEqual([
    303,
    expect.stringMatching(/^http:\/\/auth\.example:\d+\/hold\?handoff=/),
  ]);
  const jar = cookiesOf(form, held);
  expect(jar).not.toContain('wordpress_logged_in');
  expect(statusOf(await admin(jar))).toBe(401);
  const wrong = await send(login({ ...LEAKY, password: 'wrong' }, cookiesOf(await send({ path: '/wp-login.php' }))));
  expect(textOf(wrong)).toContain('login_error');

  // Programs have no page.
  const call = `<?xml version="1.0"?><methodCall><methodName>wp.getUsersBlogs</methodName><params><param><value><string>${LEAKY.username}</string></value></param><param><value><string>${LEAKY.password}</string></value></param></params></methodCall>`;
  const xml = await send({ method: 'POST', path: '/xmlrpc.php', headers: { 'Content-Type': 'text/xml' }, body: call });
  // It acts at once: nothing of it reaches WordPress.
  expect([statusOf(xml), textOf(xml)]).toEqual([401, expect.stringContaining('LOGIN_HELD')]);
  expect(statusOf(await send({ path: '/wp-json/wp/v2/users/me', headers: basicOf('leaky', LEAKY.password) }))).toBe(
    401,
  );

  const back = await confirm(held, jar);
  expect([statusOf(back), valuesOf(back, 'location')[0]]).toEqual([303, `http://${blog.host}/wp-login.php`]);
  const given = await send(withCookie({ path: '/wp-login.php', headers: PAGE }, cookiesOf(form, held, back)));
  expect([statusOf(given), valuesOf(given, 'location')[0]]).toEqual([302, expect.stringContaining('/wp-admin/')]);
  expect(textOf(await admin(cookiesOf(form, held, back, given)))).toContain(SIGNED_IN);
});
