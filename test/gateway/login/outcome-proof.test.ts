// What a client can make an application answer without the right password, and in spite of one:
// neither buys anything.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { APP, jarOf, setCookies, statusOf } from '../../support/gateway/login/checked-app.ts';
import {
  basicOf,
  type LeakService,
  startGuardedApp,
  startLeakService,
} from '../../support/gateway/login/guarded-app.ts';

const [leaked] = seededPairs(1, 4714) as [{ username: string; password: string }];
const HASH = '0123456789abcdef0123456789abcdef';

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([leaked]);
});
afterAll(() => leaks.close());

const DEVICE = /credveil-device=[\w-]{43}/;
const devices = (answers: readonly Parameters<typeof setCookies>[0][]): string[] =>
  answers.flatMap(setCookies).filter((cookie) => DEVICE.test(cookie));
const FEW = 'loginLimits: [{ name: few, by: [username], allow: 3, window: 1m, for: 1h }]';

/** Some request of the browser comes to the application with the verdict on the pair. */
const expectVerdict = (
  { get, seen }: Pick<Awaited<ReturnType<typeof startGuardedApp>>, 'get' | 'seen'>,
  path: string,
  jar: ReturnType<typeof jarOf>,
): Promise<void> =>
  expect
    .poll(async () => {
      await get(path, jar);
      return seen.map(({ verdict }) => verdict);
    })
    .toContain('1');

describe('a success without a password', () => {
  test('at a page that gives everybody a cookie is checked, and makes no browser known', async () => {
    const { post, logins } = await startGuardedApp({
      leaks,
      keys: `login: generic, ${FEW}`,
      answer: (_, response) => response.writeHead(200, { 'Set-Cookie': 'visit=1' }).end('hello'),
    });
    const answers = [await post('/', { username: 'ann', password: 'guess' })];
    answers.push(await post('/', { username: leaked.username, password: leaked.password }));
    expect(devices(answers)).toEqual([]);
    expect(logins()).toEqual(['unknown clean', 'unknown pair']);
  });

  test('begins no count anew', async () => {
    const { post } = await startGuardedApp({
      leaks,
      keys: 'login: generic, loginLimits: [{ name: row, by: [username], allow: 3, window: 1m, for: 1h, mode: consecutive }]',
      answer: ({ path }, response) =>
        path === '/login' ? response.writeHead(401).end() : response.writeHead(200, { 'Set-Cookie': 'visit=1' }).end(),
    });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) {
      statuses.push(statusOf(await post('/login', { username: 'ann', password: `guess-${i}` })));
      await post('/', { username: 'ann', password: `guess-${i}` }, { Cookie: 'visit=0' });
    }
    expect(statuses).toEqual([401, 401, 429, 429, 429]);
  });

  test('beside a session that the application replaces gets guesses past no limit', async () => {
    const { post, logins } = await startGuardedApp({
      leaks,
      keys: `login: generic, ${FEW}`,
      // It says neither that a password is right nor that it is wrong.
      answer: (_, response) => response.writeHead(302, { Location: '/', 'Set-Cookie': `sid=${Math.random()}` }).end(),
    });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++)
      statuses.push(statusOf(await post('/login', { username: 'ann', password: `g-${i}` }, { Cookie: 'sid=junk' })));
    expect(statuses).toEqual([302, 302, 302, 429, 429]);
    expect(new Set(logins())).toEqual(new Set(['assumed success clean']));
  });

  test('by Basic beside a session of one’s own gives no trust of the name in Basic', async () => {
    const { get, logins } = await startGuardedApp({
      leaks,
      keys: `login: { presets: [basic], sessionCookies: [sid] }, ${FEW}`,
      // It reads no Authorization, and sets its session again.
      answer: ({ cookie }, response) => response.writeHead(200, { 'Set-Cookie': `sid=${cookie('sid')}-2` }).end('mine'),
    });
    const answer = await get('/', { Cookie: 'sid=1', ...basicOf('ann', 'guess') });
    expect(statusOf(answer)).toBe(403);
    expect(setCookies(answer).filter((cookie) => cookie.includes('-2'))).toEqual([]);
    expect(devices([answer])).toEqual([]);
    expect(logins()).toEqual([]);
  });

  test('at an application that answers everybody gets guesses past no limit', async () => {
    const { send } = await startGuardedApp({
      leaks,
      keys: `login: basic, ${FEW}`,
      answer: ({ path, message }, response) => {
        const isRight = message.headers.authorization === basicOf('ann', 'the right one').Authorization;
        response.writeHead(path === '/public' || isRight ? 200 : 401).end();
      },
    });
    // Sixteen users of one address are known, and these spellings are one user of the limit.
    const names = Array.from({ length: 8 }, (_, i) => `${' '.repeat(i)}ann`);
    for (const name of names) await send({ path: '/public', headers: basicOf(name, `guess-${name.length}`) });
    const guesses = names.map((name) => send({ path: '/private', headers: basicOf(name, `guess-${name.length}`) }));
    const statuses = (await Promise.all(guesses)).map(statusOf);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(3);
    expect(statusOf(await send({ path: '/private', headers: basicOf('ann', 'guess-9') }))).toBe(429);
  });

  test('that one of two names could have had begins nothing anew, and knows no browser', async () => {
    const { post } = await startGuardedApp({
      leaks,
      keys: `login: { presets: [generic], sessionCookies: [sid] }, loginLimits: [{ name: row, by: [username], allow: 3, window: 1m, for: 1h, mode: consecutive }]`,
      answer: ({ form }, response) =>
        form.get('email') === 'mallory' && form.get('password') === 'mine'
          ? response.writeHead(302, { Location: '/home', 'Set-Cookie': `sid=${Math.random()}` }).end()
          : response.writeHead(401).end(),
    });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) {
      statuses.push(statusOf(await post('/login', { email: 'ann', password: `guess-${i}` })));
      const own = await post('/login', { email: 'mallory', username: 'ann', password: 'mine' });
      expect(devices([own])).toEqual([]);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
  });
});

describe('a first cookie', () => {
  const start = () =>
    startGuardedApp({
      leaks,
      keys: 'login: generic, loginLimits: failures',
      // Middleware gives a session to whoever comes without.
      answer: (_, response) => response.writeHead(200, { 'Set-Cookie': `sid=${Math.random()}` }).end('{"ok":false}'),
    });

  test('does not hide guesses at a user from limits', async () => {
    const { post, logins } = await start();
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) statuses.push(statusOf(await post('/login', { username: 'ann', password: `g-${i}` })));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect(logins()[0]).toBe('unknown clean');
  });

  test('bans no address from which a few people log in, and one that guesses at many', async () => {
    const { post } = await start();
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++)
      statuses.push(statusOf(await post('/login', { username: `user-${i}`, password: 'p' })));
    expect(statuses).toEqual([...Array(20).fill(200), 429, 429]);
  });
});

describe('a session by another way to log in', () => {
  test('proves no password beside it', async () => {
    const { post, logins } = await startGuardedApp({
      leaks,
      keys: `login: { presets: [generic], sessionCookies: [sid] }, loginLimits: [{ name: row, by: [username], allow: 3, window: 1m, for: 1h, mode: consecutive }]`,
      answer: ({ path }, response) =>
        path === '/sso'
          ? response.writeHead(302, { Location: '/home', 'Set-Cookie': `sid=${Math.random()}` }).end()
          : response.writeHead(401).end(),
    });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) {
      statuses.push(statusOf(await post('/login', { username: 'ann', password: `guess-${i}` })));
      const own = await post('/sso?code=own', { username: 'ann', password: 'x' }, { Cookie: 'sid=1' });
      expect(devices([own])).toEqual([]);
    }
    expect(statuses).toEqual([401, 401, 429, 429, 429]);
    expect(logins()[1]).toBe('assumed success clean');
  });

  test('tells no guess apart by a redirect', async () => {
    const { post } = await startGuardedApp({
      leaks,
      keys: 'login: { presets: [roundcube], onLeaked: { pair: [redirect, header] } }',
      answer: (_, response) =>
        response.writeHead(302, { Location: '/?_task=mail', 'Set-Cookie': 'roundcube_sessauth=1' }).end(),
    });
    const form = { _user: leaked.username, _pass: leaked.password, _task: 'login', _action: 'login' };
    const answer = await post('/?_task=login', form, { 'Sec-Fetch-Mode': 'navigate' });
    expect(statusOf(answer)).toBe(302);
  });
});

describe('a failure in spite of a right password', () => {
  const right = { username: leaked.username, password: leaked.password };

  test.each<[string, { readonly [name: string]: string }, string]>([
    ['a page that it came from', { Referer: `http://${APP}/home` }, '/login'],
    ['a page to go on to', {}, '/login?next=/error-log'],
    ['a session that it holds', { Cookie: 'sid=held' }, '/login'],
  ])('by %s is checked, and the application hears of it', async (_, headers, path) => {
    const { post, get, seen, logins } = await startGuardedApp({
      leaks,
      keys: 'login: generic',
      answer: ({ message, cookie }, response) => {
        const { searchParams } = new URL(message.url ?? '', 'http://app.example');
        const location = searchParams.get('next') ?? '/home';
        const session = cookie('sid') ?? 'new';
        response.writeHead(302, { Location: location, 'Set-Cookie': `sid=${session}` }).end();
      },
    });
    const answer = await post(path, right, headers);
    expect(statusOf(answer)).toBe(302);
    await expect.poll(logins).toEqual(['Cookie' in headers ? 'unknown pair' : 'assumed failure pair']);
    await expectVerdict({ get, seen }, '/home', jarOf(answer));
  });

  test('by a page that shows what the client sent is checked', async () => {
    const { post, logins, seen, get } = await startGuardedApp({
      leaks,
      keys: 'login: generic',
      answer: ({ form }, response) =>
        response.writeHead(200, { 'Set-Cookie': 'sid=1' }).end(`Hello! Your theme is ${form.get('theme')}`),
    });
    const answer = await post('/login', { ...right, theme: '<input type=password>' });
    await expect.poll(logins).toEqual(['assumed failure pair']);
    await expectVerdict({ get, seen }, '/', jarOf(answer));
  });

  test('is a failure for limits all the same', async () => {
    const { post, logins } = await startGuardedApp({
      leaks,
      keys: `login: generic, ${FEW}`,
      answer: (_, response) => response.writeHead(302, { Location: '/login?error=1' }).end(),
    });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push(statusOf(await post('/login', { username: 'ann', password: `g-${i}` })));
    expect(statuses).toEqual([302, 302, 302, 429, 429]);
    // No session came with it, and none with the answer: nobody is told what leaked.
    await expect.poll(logins).toEqual(Array(3).fill('assumed failure'));
  });
});

describe('the verdict of a guess', () => {
  const HELD = `wordpress_logged_in_${HASH}`;
  const FIELDS = String.raw`username: 'http.request.body.form["log"][0]', password: 'http.request.body.form["pwd"][0]'`;
  const OUTCOMES = String.raw`success: 'http.response.code == 302', failure: 'http.response.code == 403', secondFactor: 'credveil.response.body contains "<form name=\"validate_2fa_form\""'`;
  const LOCATION = `{ name: two-factor, when: 'http.request.uri.path == "/wp-login.php"', ${FIELDS}, ${OUTCOMES} }`;
  /** A right password is followed by a code. */
  const start = () =>
    startGuardedApp({
      leaks,
      keys: `login: { presets: [wordpress], locations: [${LOCATION}] }`,
      answer: ({ path, form }, response) => {
        if (path === '/wp-login.php' && form.has('code'))
          response.writeHead(302, { Location: '/wp-admin/', 'Set-Cookie': `${HELD}=${leaked.username}%7C1` }).end();
        else response.writeHead(200).end('<form name="validate_2fa_form"></form>');
      },
    });
  const first = { log: leaked.username, pwd: leaked.password };

  test('waits for a session of the browser', async () => {
    const { post, get, seen, logins } = await start();
    const step = await post('/wp-login.php', first);
    await expect.poll(logins).toEqual(['unknown pair']);
    for (let i = 0; i < 3; i++) await get('/', jarOf(step));
    expect(seen.map(({ verdict }) => verdict)).toEqual(Array(4).fill(undefined));
    const second = await post('/wp-login.php?action=code', { code: '123456' }, jarOf(step));
    expect(statusOf(second)).toBe(302);
    await get('/', jarOf(step));
    await get('/', jarOf(step));
    expect(seen.map(({ verdict }) => verdict).slice(4)).toEqual([undefined, '1', undefined]);
  });

  test('leads nobody to another page', async () => {
    const { post } = await startGuardedApp({
      leaks,
      keys: `login: { presets: [gitlab], onLeaked: { pair: [redirect, header] } }`,
      answer: (_, response) => response.writeHead(302, { Location: '/', 'Set-Cookie': '_gitlab_session=1' }).end(),
    });
    const form = { 'user[login]': leaked.username, 'user[password]': leaked.password };
    expect(statusOf(await post('/users/sign_in', form, { 'Sec-Fetch-Mode': 'navigate' }))).toBe(302);
  });
});
