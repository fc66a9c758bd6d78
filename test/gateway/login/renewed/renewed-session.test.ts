// An application that renews the session of whoever is in, with any answer: his own proves no
// password of somebody else.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededPairs } from '../../../support/dataset.ts';
import { jarOf, setCookies, statusOf } from '../../../support/gateway/login/checked-app.ts';
import { type LeakService, startGuardedApp, startLeakService } from '../../../support/gateway/login/guarded-app.ts';

const [leaked] = seededPairs(1, 4721) as [{ username: string; password: string }];
const right = { user: leaked.username, key: leaked.password };
const own = { user: 'mallory', key: 'own own own' };
const PAGE = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' };
let leaks: LeakService;

beforeAll(async () => {
  leaks = await startLeakService([leaked]);
});
afterAll(() => leaks.close());

/** @param refusal status of the answer to a wrong password */
function start(cookieName: string, refusal: number, keys = '') {
  const users = new Map<string, string>();
  const location = {
    name: 'enter',
    when: 'http.request.uri.path == "/enter"',
    username: 'http.request.body.form["user"][0]',
    password: 'http.request.body.form["key"][0]',
    failure: 'http.response.code == 401 or credveil.response.body contains "wrong"',
    changePassword: '/new',
  };
  return startGuardedApp({
    leaks,
    keys: `login: { locations: [${JSON.stringify(location)}], sessionCookies: [sid, remember], onLeaked: { pair: [header, redirect] } }${keys}`,
    answer: ({ path, form, cookie }, response) => {
      let user = users.get(cookie(cookieName) ?? '');
      const isRight = path === '/enter' && [own, right].some((one) => one.key === form.get('key'));
      if (isRight) user = form.get('user') ?? '';
      const next = `s${users.size + 1}`;
      if (user !== undefined) users.set(next, user);
      const cookies = user === undefined ? {} : { 'Set-Cookie': `${cookieName}=${next}` };
      if (path === '/enter' && !isRight) return response.writeHead(refusal, cookies).end('wrong');
      return response.writeHead(isRight ? 302 : 200, { ...cookies, ...(isRight && { Location: '/' }) }).end('page');
    },
  });
}

describe.each([
  ['sid', 401],
  ['sid', 200],
  ['remember', 401],
  ['remember', 200],
] as const)('a session of the cookie %s renewed beside a status %d', (cookieName, refusal) => {
  test('proves no guess, and is no way around limits', async () => {
    const { post, logins } = await start(cookieName, refusal, ', loginLimits: failures');
    const jar = jarOf(await post('/enter', own));
    const statuses: number[] = [];
    for (let i = 0; i < 7; i++) {
      const answer = await post('/enter', { user: leaked.username, key: `guess-${i}` }, { ...PAGE, ...jar });
      statuses.push(statusOf(answer));
      // The one before stays.
      expect(setCookies(answer).filter((cookie) => !cookie.startsWith('cv-b='))).toEqual([]);
    }
    expect(statuses).toEqual([...Array(5).fill(refusal), 429, 429]);
    expect(logins().slice(1, 6)).toEqual(Array(5).fill('unknown username'));
  });
});

test('a login in an open session is checked, assumed, and goes on', async () => {
  const { post, get, seen, logins } = await start('sid', 401);
  const answer = await post('/enter', right, { ...PAGE, Cookie: 'sid=of-last-week' });
  expect(statusOf(answer)).toBe(302);
  expect(logins()).toEqual(['assumed success pair']);
  const next = await get('/', jarOf(answer));
  expect(statusOf(next)).toBe(200);
  expect(seen.at(-1)?.verdict).toBe('1');
  expect(setCookies(next)).toEqual([expect.stringMatching(/^sid=/)]);
});

test('without an open session its login is proven', async () => {
  const { post, logins } = await start('sid', 401);
  expect(statusOf(await post('/enter', right, { ...PAGE, Cookie: 'theme=dark' }))).toBe(303);
  expect(logins()).toEqual(['proven success pair']);
});
