// Logins of Debian's WordPress behind the gateway: what became of each, and what WordPress got of
// its check. apt-get install wordpress wordpress-theme-twentytwentythree mariadb-server nginx
// php-fpm php-cli php-mysql

import { test as base, expect } from 'vitest';
import { sendLogin } from '../support/gateway/applications/watched.ts';
import { installWordPress, startWordPress, type WordPress } from '../support/gateway/applications/wordpress.ts';
import {
  type Answer,
  cookiesOf,
  formOf,
  type Request,
  textOf,
  valuesOf,
  withCookie,
} from '../support/gateway/visit.ts';
import { perFile } from '../support/per-file.ts';

const LEAKY = { username: 'leaky', password: 'Correct-Horse 9 Battery' };
const CLEAN = { username: 'clean', password: 'a pässword & of “nobody” + else%41' };
/** Users who have the passwords of CLEAN, for tests that count failures. */
const OTHERS = ['slow', 'guessed', 'reader'] as const;
const APP_PASSWORD = 'abcdEFGH1234ijklMNOP5678';
const KEYS = `    login: wordpress
    loginLimits: failures
`;
const APPS = `  redirect.example:
    to: TO
    login: { presets: [wordpress], onLeaked: { pair: redirect } }
`;

const test = base.extend<{ readonly blog: WordPress }>({
  blog: perFile(
    async () => {
      const app = { username: LEAKY.username, password: APP_PASSWORD };
      const blog = await startWordPress({ leaked: [LEAKY, app], keys: KEYS, apps: APPS });
      await installWordPress(blog);
      const users = [LEAKY, CLEAN, ...OTHERS.map((username) => ({ ...CLEAN, username }))];
      // Users of the API are administrators, who may list users.
      for (const { username, password } of users)
        blog.runPhp(`$id = wp_insert_user(['user_login' => ${quoted(username)}, 'user_pass' => wp_slash(${quoted(password)}),
          'user_email' => ${quoted(`${username}@example.com`)}, 'role' => 'administrator']);
          $entry = ['uuid' => wp_generate_uuid4(), 'app_id' => '', 'name' => 'cli', 'created' => time(),
            'password' => wp_hash_password(${quoted(APP_PASSWORD)}), 'last_used' => null, 'last_ip' => null];
          update_user_meta($id, '_application_passwords', [$entry]);
          update_network_option(get_main_network_id(), 'using_application_passwords', true);`);
      return blog;
    },
    ({ close }) => close(),
  ),
});

const quoted = (text: string): string => `base64_decode('${Buffer.from(text).toString('base64')}')`;

const TEST_COOKIE = 'wordpress_test_cookie=WP%20Cookie%20check';
const login = (username: string, password: string, path = '/wp-login.php'): Request =>
  withCookie({ path, ...formOf({ log: username, pwd: password, testcookie: '1' }) }, TEST_COOKIE);

const call = (method: string, ...values: readonly string[]): Request => ({
  method: 'POST',
  path: '/xmlrpc.php',
  headers: { 'Content-Type': 'text/xml' },
  body: `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${values
    .map((value) => `<param><value><string>${value.replaceAll('&', '&amp;')}</string></value></param>`)
    .join('')}</params></methodCall>`,
});

const basic = (username: string, password: string, path = '/wp-json/wp/v2/users/me'): Request => ({
  path,
  headers: { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` },
});

/** What WordPress got with the first page after an answer, and with the one after it. */
async function verdictsAfter(blog: WordPress, answer: Answer): Promise<(string | null | undefined)[]> {
  const verdicts = [];
  for (let i = 0; i < 2; i++) {
    await blog.through(withCookie({ path: '/wp-admin/profile.php' }, cookiesOf(answer)));
    verdicts.push(blog.seen().at(-1)?.verdict);
  }
  return verdicts;
}

test.for([
  ['the leaked pair', LEAKY.username, LEAKY.password, { outcome: 'success', verdict: 'pair' }, '1'],
  ['in capitals', 'LEAKY', LEAKY.password, { outcome: 'success', verdict: 'pair' }, '1'],
  ['a clean pair', CLEAN.username, CLEAN.password, { outcome: 'success', verdict: 'clean' }, null],
] as const)(
  '%s: the verdict is with the next page, and with that alone',
  async ([, name, password, event, header], { blog }) => {
    const { answer, status, events } = await sendLogin(blog, login(name, password));
    expect(events[0]).toMatchObject({ event: 'login', login: 'wp-login', ...event });
    expect(status).toBe(302);
    expect(blog.seen().at(-1)).toEqual({ line: 'POST /wp-login.php', verdict: null });
    expect(await verdictsAfter(blog, answer)).toEqual([header, null]);
  },
);

test('a wrong password is a failure, though it leaked, and for nobody', async ({ blog }) => {
  for (const name of [CLEAN.username, 'nobody']) {
    const { answer, status, events } = await sendLogin(blog, login(name, LEAKY.password));
    expect(status).toBe(200);
    expect(events).toMatchObject([{ event: 'login', outcome: 'failure' }]);
    expect(events[0]).not.toHaveProperty('verdict');
    expect(await verdictsAfter(blog, answer)).toEqual([null, null]);
  }
});

test('the address of mail is a username too', async ({ blog }) => {
  const { events } = await sendLogin(blog, login('leaky@example.com', LEAKY.password));
  expect(events[0]).toMatchObject({ outcome: 'success', verdict: 'pair' });
});

test.for(['l\u00e9aky', 'le%41aky', 'leaky&x;', ' leaky'])(
  'WordPress reads %s as the user of the leaked pair',
  async (name, { blog }) => {
    const { events } = await sendLogin(blog, login(name, LEAKY.password));
    expect(events[0]).toMatchObject({ outcome: 'success', verdict: 'pair' });
  },
);

test.for(['/wp-login.php?action=x', '//wp-login.php', '/./WP-LOGIN.php/../wp-login.php'])(
  '%s logs in, and is a login',
  async (path, { blog }) => {
    const { events } = await sendLogin(blog, login(LEAKY.username, LEAKY.password, path));
    expect(events[0]).toMatchObject({ login: 'wp-login', outcome: 'success', verdict: 'pair' });
  },
);

test('XML-RPC: right and wrong passwords, and many calls in one', async ({ blog }) => {
  const { username, password } = LEAKY;
  const right = await sendLogin(blog, call('wp.getUsersBlogs', username, password));
  expect(textOf(right.answer)).toContain('isAdmin');
  expect(right.events[0]).toMatchObject({ login: 'xmlrpc-users-blogs', outcome: 'success', verdict: 'pair' });
  const other = await sendLogin(blog, call('wp.getProfile', '1', CLEAN.username, CLEAN.password));
  expect(other.events).toMatchObject([{ login: 'xmlrpc', outcome: 'success', verdict: 'clean' }]);
  const posts = await sendLogin(blog, call('blogger.getRecentPosts', '', '1', username, password, '1'));
  expect(posts.events[0]).toMatchObject({ login: 'xmlrpc-posts', outcome: 'success', verdict: 'pair' });
  const wrong = await sendLogin(blog, call('wp.getUsersBlogs', username, 'wrong'));
  expect(textOf(wrong.answer)).toContain('403');
  expect(wrong.events).toMatchObject([{ login: 'xmlrpc-users-blogs', outcome: 'failure' }]);
  const seen = blog.seen().length;
  const many = await sendLogin(blog, call('system.multicall', 'any'));
  expect(many.status).toBe(400);
  expect(many.events).toMatchObject([{ event: 'login-unreadable' }]);
  expect(blog.seen().length).toBe(seen);
});

test('application passwords', async ({ blog }) => {
  const right = await sendLogin(blog, basic(LEAKY.username, APP_PASSWORD));
  expect(right.status).toBe(200);
  expect(right.events[0]).toMatchObject({ login: 'application-password', outcome: 'success', verdict: 'pair' });
  const clean = await sendLogin(blog, basic(CLEAN.username, APP_PASSWORD));
  expect(clean.events).toMatchObject([{ outcome: 'success', verdict: 'password' }]);
  const wrong = await sendLogin(blog, basic(CLEAN.username, 'wrong'));
  expect(wrong.status).toBe(401);
  expect(wrong.events).toMatchObject([{ login: 'application-password', outcome: 'failure' }]);
  // WordPress looks at none while nobody has one.
  const setInUse = (value: boolean): void =>
    blog.runPhp(`update_network_option(get_main_network_id(), 'using_application_passwords', ${value});`);
  setInUse(false);
  const ignored = await sendLogin(blog, basic(CLEAN.username, 'wrong', '/wp-json/wp/v2/posts'));
  expect(ignored.status).toBe(200);
  expect(ignored.events).toMatchObject([{ login: 'application-password', outcome: 'unknown' }]);
  setInUse(true);
});

test('a right credential beside a guess does not count as a success', async ({ blog }) => {
  const { headers } = basic(LEAKY.username, APP_PASSWORD);
  const guess = call('wp.getUsersBlogs', CLEAN.username, 'guess');
  const { events } = await sendLogin(blog, { ...guess, headers: { ...guess.headers, ...headers } });
  expect(events[0]).toMatchObject({ event: 'login' });
  expect(events[0]?.outcome).not.toBe('success');
});

test('what can be read in two ways, or not at all, does not reach WordPress', async ({ blog }) => {
  const seen = blog.seen().length;
  const { body = '' } = login(LEAKY.username, LEAKY.password);
  const bodyOf = (text: string): Request => ({ ...login('', ''), body: text });
  for (const [request, status] of [
    [bodyOf(`${body}&x=${'y'.repeat(65 * 1024)}`), 413],
    [bodyOf(`${body}&pwd=other`), 400],
    [bodyOf(`${body}&log=other`), 400],
    [bodyOf(`${body}&pwd[]=other`), 400],
    [bodyOf(`${body}&+pwd=other`), 400],
    [login('<b>leaky</b>', LEAKY.password), 400],
  ] as const) {
    const refused = await sendLogin(blog, request);
    expect(refused.status).toBe(status);
    expect(refused.events).toMatchObject([{ event: 'login-unreadable', login: 'wp-login' }]);
  }
  expect(blog.seen().length).toBe(seen);
});

test('five failures, then 429 without WordPress, right passwords too; others log in', async ({ blog }) => {
  for (let i = 0; i < 5; i++) {
    const { events } = await sendLogin(blog, login('guessed', `guess ${i}`), '198.51.100.7');
    expect(events).toMatchObject([{ outcome: 'failure' }]);
  }
  const seen = blog.seen().length;
  for (const [address, name] of [
    ['198.51.100.7', 'guessed'],
    ['198.51.100.7', CLEAN.username],
    ['198.51.100.8', 'GUESSED'],
  ] as const) {
    const request = login(name, CLEAN.password);
    const answer = await blog.through({ ...request, headers: { ...request.headers, 'X-Forwarded-For': address } });
    expect(answer.status).toContain(' 429 ');
    expect(valuesOf(answer, 'retry-after')).toHaveLength(1);
  }
  expect(blog.seen().length).toBe(seen);
  const { events } = await sendLogin(blog, login('slow', CLEAN.password), '198.51.100.9');
  expect(events).toMatchObject([{ outcome: 'success' }]);
});

test('a session that no login began does not leave', async ({ blog }) => {
  // A plug-in that logs in whoever knows a link.
  blog.runPhp(`mkdir('wp-content/mu-plugins'); file_put_contents('wp-content/mu-plugins/link.php',
    '<?php add_action("init", function () { if (isset($_GET["link"])) { wp_set_auth_cookie(get_user_by("login", $_GET["link"])->ID); exit("in"); } });');`);
  const direct = await blog.direct({ path: '/?link=leaky' });
  expect(cookiesOf(direct)).toContain('wordpress_logged_in_');
  const { answer: loggedIn } = await sendLogin(blog, login('slow', CLEAN.password));
  for (const [path, cookie] of [
    ['/?link=leaky', ''],
    ['/?link=leaky', cookiesOf(loggedIn)],
    ['/wp-admin/profile.php?link=leaky', cookiesOf(direct)],
    ['/index.php/wp/v2/users/?link=leaky', cookiesOf(direct)],
  ] as const) {
    const answer = await blog.through(withCookie({ path }, cookie));
    expect(answer.status).toContain(' 403 ');
    expect(cookiesOf(answer)).toBe('');
  }
  const beside = await blog.through(basic('slow', APP_PASSWORD, '/?rest_route=/&link=leaky'));
  expect(beside.status).toContain(' 403 ');
  const again = await blog.through(withCookie({ path: '/?link=slow' }, cookiesOf(loggedIn)));
  expect(cookiesOf(again)).toContain('wordpress_logged_in_');
});

test('who changes a password goes on in the same browser', async ({ blog }) => {
  const { answer } = await sendLogin(blog, login('reader', CLEAN.password));
  const cookie = cookiesOf(answer);
  const page = textOf(await blog.through(withCookie({ path: '/wp-admin/profile.php' }, cookie)));
  const inForm = (name: string): string =>
    new RegExp(`name="${name}"[^>]*value="([^"]*)"`).exec(page)?.[1] ?? expect.fail(name);
  const fields = { _wpnonce: inForm('_wpnonce'), checkuser_id: inForm('checkuser_id'), user_id: inForm('user_id') };
  const form = {
    ...fields,
    action: 'update',
    from: 'profile',
    nickname: 'reader',
    email: 'reader@example.com',
    pass1: 'another pässword',
    pass2: 'another pässword',
  };
  const changed = await blog.through(withCookie({ path: '/wp-admin/profile.php', ...formOf(form) }, cookie));
  expect(changed.status).toContain(' 302 ');
  expect(cookiesOf(changed)).toContain('wordpress_logged_in_');
});

test('a leaked pair is led to the page for a new password, a clean one is not', async ({ blog }) => {
  const led = { logins: blog.logins, through: (request: Request) => blog.throughAs('redirect.example', request) };
  const asBrowser = (request: Request): Request => ({
    ...request,
    headers: { ...request.headers, Accept: 'text/html' },
  });
  const redirected = await sendLogin(led, asBrowser(login(LEAKY.username, LEAKY.password)));
  expect(redirected.status).toBe(303);
  expect(valuesOf(redirected.answer, 'location')).toEqual(['/wp-admin/profile.php']);
  expect(cookiesOf(redirected.answer)).toContain('wordpress_logged_in_');
  const entered = await sendLogin(led, asBrowser(login(CLEAN.username, CLEAN.password)));
  expect(entered.status).toBe(302);
});

test('a forged verdict does not arrive', async ({ blog }) => {
  await blog.through({ path: '/?forged', headers: { 'Exposed-Credential-Check': '1' } });
  expect(blog.seen().at(-1)).toEqual({ line: 'GET /?forged', verdict: null });
});
