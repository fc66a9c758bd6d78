// Who drops the browser's handle does not drop the session that he has logged in: its next request
// has the verdict.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { setCookies, statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startGuardedApp, startLeakService } from '../../support/gateway/login/guarded-app.ts';

const [leaked, other] = seededPairs(2, 4717) as [
  { username: string; password: string },
  { username: string; password: string },
];
const right = { username: leaked.username, password: leaked.password };
let leaks: LeakService;

beforeAll(async () => {
  leaks = await startLeakService([leaked, other]);
});
afterAll(() => leaks.close());

const OWN = `locations: [{ name: main, when: 'http.request.uri.path == "/login"', username: 'http.request.body.form["username"][0]', password: 'http.request.body.form["password"][0]' }], sessionCookies: [sid]`;

/** It logs in the session that comes with the password, and else sets the cookies of `begins`. */
const start = (login: string, begins: readonly string[] = [], location = '/home') =>
  startGuardedApp({
    leaks,
    keys: `login: { ${login} }`,
    answer: ({ message, form }, response) => {
      if (message.method === 'GET') return response.end('a page');
      if (![leaked, other].some(({ password }) => form.get('password') === password))
        return response.writeHead(401).end();
      return response
        .writeHead(302, { Location: location, ...(begins.length > 0 && { 'Set-Cookie': [...begins] }) })
        .end();
    },
  });
type App = Awaited<ReturnType<typeof start>>;

/** A check may end after the answer. */
async function untilChecked({ logins }: App, count = 1): Promise<void> {
  await expect.poll(() => logins().filter((one) => !one.endsWith('failure')).length).toBe(count);
  // What is kept of it is kept in memory here, before anything else happens.
  await new Promise((resolve) => setImmediate(resolve));
}
const verdicts = async ({ get, seen }: App, cookies: readonly string[]): Promise<unknown[]> => {
  const before = seen.length;
  for (const cookie of cookies) await get('/home', { Cookie: cookie });
  return seen.slice(before).map(({ verdict }) => verdict);
};

describe('a session that the client brings, without the handle', () => {
  test.each([
    ['as it was', 'PHPSESSID=m1ne5e55i0n2b3d4f'],
    ['with escapes', 'PHPSESSID=%6d1ne5e55i0n2b3d4f'],
    ['in quotes', 'PHPSESSID="m1ne5e55i0n2b3d4f"'],
    ['behind others', 'a=1; PHPSESSID=x; PHPSESSID=m1ne5e55i0n2b3d4f'],
    ['with octal escapes', String.raw`PHPSESSID="\155\061ne5e55i0n2b3d4f"`],
    ['with backslashes', String.raw`PHPSESSID="\m1ne5e55\i0n2b3d4f"`],
    ['of another name', 'visit=K4mZ0q81nX7tR2bC'],
  ])('brings the verdict %s, once', async (_, cookie) => {
    const app = await start('presets: [generic]');
    const brought = 'PHPSESSID=m1ne5e55i0n2b3d4f; visit=K4mZ0q81nX7tR2bC; theme=dark';
    expect(statusOf(await app.post('/login', right, { Cookie: brought }))).toBe(302);
    await untilChecked(app);
    expect(app.logins()).toEqual(['unknown pair']);
    expect(await verdicts(app, ['PHPSESSID=yours; theme=dark', 'theme=dark', cookie, cookie, brought])).toEqual([
      undefined,
      undefined,
      '1',
      undefined,
      undefined,
    ]);
  });

  test('is not displaced by decoys: a login with too many is refused', async () => {
    const app = await start('presets: [generic]');
    const decoys = Array.from({ length: 64 }, (_, i) => `sid${i}=m1ne5e55i0n2b3d4f`).join('; ');
    const answer = await app.post('/login', right, { Cookie: `${decoys}; PHPSESSID=m1ne5e55i0n2b3d4f` });
    expect([statusOf(answer), app.seen]).toEqual([400, []]);
  });

  test.each(['is_authenticated=true', 'session_kind=staffmemberofthehouse', 'login=1111111111111111a'])(
    'is none by a flag that others have too: %s',
    async (flag) => {
      const app = await start('presets: [generic]', [flag]);
      await app.post('/login', right, { Cookie: flag });
      await untilChecked(app);
      expect(await verdicts(app, [flag])).toEqual([undefined]);
    },
  );

  test('is not freed by a guess in it', async () => {
    const app = await start('presets: [generic]');
    const headers = { Cookie: 'PHPSESSID=m1ne5e55i0n2b3d4f' };
    await app.post('/login', right, headers);
    await untilChecked(app);
    await app.post('/login', { username: 'nobody', password: other.password }, headers);
    await untilChecked(app, 2);
    await app.post('/login', { username: 'nobody', password: 'n0-leak' }, headers);
    expect(await verdicts(app, Array(3).fill('PHPSESSID=m1ne5e55i0n2b3d4f'))).toEqual(['1', '4', undefined]);
  });

  test('tells nobody of a guess where the application has named its sessions', async () => {
    const app = await start(OWN);
    await app.post('/login', right, { Cookie: 'sid=own' });
    await untilChecked(app);
    expect(app.logins()).toEqual(['unknown pair']);
    expect(await verdicts(app, ['sid=own', 'sid=own'])).toEqual([undefined, undefined]);
  });
});

describe('a session that the application begins, without the handle', () => {
  test.each([
    [
      'of a login that nobody described',
      'presets: [generic]',
      ['sid=s1e55i0n2b3d4f5h6'],
      '/home',
      'sid=s1e55i0n2b3d4f5h6',
    ],
    [
      'behind an answer that looks like a failure',
      'presets: [generic]',
      ['sid=s1e55i0n2b3d4f5h6'],
      '/login/welcome',
      'sid=s1e55i0n2b3d4f5h6',
    ],
    ['with a comma in its value', OWN, ['sid=s1e5,5i0n'], '/home', 'sid=s1e5,5i0n'],
    ['of a name that says nothing', 'presets: [generic]', ['x=K4mZ0q81nX7tR2bC'], '/home', 'x=K4mZ0q81nX7tR2bC'],
    ['that is proven', OWN, ['sid=s1', 'theme=dark'], '/home', 'sid=s1'],
  ])('%s brings the verdict', async (_, login, begins, location, cookie) => {
    const app = await start(login, begins, location);
    const answer = await app.post('/login', right);
    expect(setCookies(answer)).toEqual([...begins, expect.stringMatching(/^cv-b=/)]);
    await untilChecked(app);
    expect(app.logins()[0]).toMatch(/ pair$/);
    expect(await verdicts(app, ['theme=dark', cookie, cookie])).toEqual([undefined, '1', undefined]);
  });
});

test('the handle and the session bring a verdict once', async () => {
  const app = await start(OWN, ['sid=s1']);
  const answer = await app.post('/login', right);
  const [handle = ''] = setCookies(answer).flatMap((cookie) => /^cv-b=[^;]+/.exec(cookie) ?? []);
  expect(await verdicts(app, [`${handle}; sid=s1`, 'sid=s1', handle])).toEqual(['1', undefined, undefined]);
});
