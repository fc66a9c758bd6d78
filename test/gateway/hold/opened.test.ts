// What a login has opened is held, however the application opens it.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { type Handled, type Handler, leadTo, pageOf, startHandledApp } from '../../support/gateway/hold/handled-app.ts';
import { formAt, type HoldWorld, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { type Answer, cookiesOf, textOf, valuesOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const users: Record<string, string> = { alice: password, mallory: 'n3ver-leaked-anywhere' };
const leaked = { user: 'alice', pass: password };
const LOOKS_FAILED = { ...leaked, back: '/login?error=1' };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

async function start(handler: Handler, options: { readonly whoami?: string; readonly locations?: string } = {}) {
  const app = await startHandledApp(handler);
  return startHoldWorld({ users, leaks, app, locations: formAt('main', '/login'), ...options });
}

const rightName = ({ form }: Handled): string | undefined => {
  const name = form.get('user') ?? '';
  return users[name] === form.get('pass') ? name : undefined;
};
const isLogin = ({ line }: Handled): boolean => line === 'POST /login';
const backOf = (handled: Handled): string =>
  rightName(handled) === undefined ? '/login?error=1' : (handled.form.get('back') ?? '/home');

/** As a client that keeps the first cookie of each name. */
const afterAnswer = (cookie: string, answer: Answer): string => {
  const jar = new Map(
    `${cookie}; ${cookiesOf(answer)}`.split('; ').map((pair) => pair.split(/=(.*)/s) as [string, string]),
  );
  for (const line of valuesOf(answer, 'set-cookie').toReversed()) {
    const [, name = '', value = ''] = /^([^=]+)=(cv1[^;]*)/.exec(line) ?? [];
    if (name !== '') jar.set(name, value);
  }
  return [...jar].map((pair) => pair.join('=')).join('; ');
};

/** @returns what somebody with all cookies of a leaked login sees */
async function seen({ login, visitor, get }: HoldWorld, form: { readonly [name: string]: string }, path = '/home') {
  const cookie = await visitor();
  const answer = await login(form, cookie);
  await sleep(0);
  const after = await get(path, afterAnswer(cookie, answer));
  const before = await get(path, cookie);
  return { answer, text: textOf(after) + textOf(before) };
}

describe('a leaked login', () => {
  test.each<[string, (id: string) => readonly string[]]>([
    [
      'sets its cookie and deletes it elsewhere',
      (id) => [`PHPSESSID=${id}; Path=/`, 'PHPSESSID=x; Path=/old; Max-Age=0'],
    ],
    ['sets its cookie for two paths', (id) => [`PHPSESSID=${id}; Path=/`, `PHPSESSID=${'0'.repeat(32)}; Path=/old`]],
  ])('is held whose answer %s', async (_, cookies) => {
    const world = await start((handled) => {
      if (!isLogin(handled)) return false;
      const user = rightName(handled);
      return leadTo(handled.response, backOf(handled), user === undefined ? [] : cookies(handled.begin({ user })));
    });
    expect((await seen(world, LOOKS_FAILED)).text).not.toContain(SECRET);
  });

  test('is held that logs in the session of before, and sets another cookie', async () => {
    const world = await start((handled) => {
      if (!isLogin(handled)) return false;
      handled.session.user = rightName(handled);
      return leadTo(handled.response, backOf(handled), [`PHPSESSID=${handled.begin({})}; Path=/`]);
    });
    expect((await seen(world, LOOKS_FAILED)).text).not.toContain(SECRET);
  });

  test('is held that still answers while the application logs in', async () => {
    const gate = Promise.withResolvers<void>();
    const world = await start(async (handled) => {
      if (!isLogin(handled)) return false;
      handled.response.write('x'.repeat(80_000));
      await gate.promise;
      handled.session.user = rightName(handled);
      handled.response.end();
      return true;
    });
    const { answer } = await seen(world, leaked, '/');
    gate.resolve();
    expect(statusOf(answer)).toBe(303);
  });

  test.each([200, 302])('is held where all of an address get a page of status %i', async (status) => {
    const counts = new Map<string, number>();
    const LIMIT = 20;
    const world = await start((handled) => {
      const address = String(handled.request.headers['x-forwarded-for']);
      const count = (counts.get(address) ?? 0) + 1;
      counts.set(address, count);
      if (count > LIMIT) {
        handled.response.writeHead(status, { Location: '/captcha' }).end('slow down');
        return true;
      }
      if (!isLogin(handled)) return false;
      handled.session.user = rightName(handled);
      return leadTo(handled.response, backOf(handled));
    });
    const cookie = await world.visitor();
    for (let i = 0; i < LIMIT - 4; i++) await world.get('/', cookie);
    await world.login(LOOKS_FAILED, cookie);
    counts.clear();
    expect(textOf(await world.get('/home', cookie))).not.toContain(SECRET);
  });

  test.each<[string, Handler]>([
    ['JSON', ({ response }) => response.setHeader('Content-Type', 'application/json').end('{"token":"secret"}')],
    [
      'JSON under another name',
      ({ response }) => response.setHeader('Content-Type', 'application/json').end('{"key":"secret"}'),
    ],
    ['text', ({ response }) => response.setHeader('Content-Type', 'text/plain').end('secret')],
    ['a header', ({ response }) => response.setHeader('X-Auth-Token', 'secret').end('<p>welcome')],
    ['a fragment', ({ response }) => leadTo(response, '/login#access_token=secret')],
    ['a query', ({ response }) => leadTo(response, '/login?ticket=secret')],
    ['a form', ({ response }) => response.end('<form action="https://other.example"><input name="t" value="secret">')],
  ])('is held whose answer has a token in %s', async (_, give) => {
    const world = await start((handled) => {
      if (!isLogin(handled)) return false;
      if (rightName(handled) === undefined) return leadTo(handled.response, '/login?error=1');
      give(handled);
      return true;
    });
    for (const headers of [PAGE, { 'Sec-Fetch-Mode': 'cors' }]) {
      const answer = await world.login(leaked, await world.visitor(), headers);
      expect(
        JSON.stringify([textOf(answer), valuesOf(answer, 'location'), valuesOf(answer, 'x-auth-token')]),
      ).not.toContain('secret');
    }
    const wrong = await world.login({ ...leaked, pass: 'wrong' }, await world.visitor());
    expect(valuesOf(wrong, 'location')).toEqual(['/login?error=1']);
  });

  const FAILURE = `
          success: 'credveil.response.location == "/home"'
          failure: 'credveil.response.location contains "error"'`;
  test.each<[string, string, (handled: Handled) => unknown]>([
    ['a page', '', ({ response }) => response.setHeader('Content-Type', 'text/html').end('<form action="/role">')],
    ['a redirect', '', ({ response }) => leadTo(response, '/role')],
    ['a redirect that is neither success nor failure', FAILURE, ({ response }) => leadTo(response, '/role')],
    ['a redirect that looks like a failure', FAILURE, ({ response }) => leadTo(response, '/login?error=role')],
  ])('goes on in no second step, behind %s', async (_, told, ask) => {
    const world = await start(
      (handled) => {
        const { line, session, response } = handled;
        if (isLogin(handled)) {
          const name = rightName(handled);
          if (name === 'mallory') session.user = name;
          else session.other = name;
          if (name !== 'alice') return leadTo(response, backOf(handled));
          ask(handled);
          return true;
        }
        if (line !== 'POST /role') return false;
        session.user = session.other ?? session.user;
        return leadTo(response, '/home');
      },
      { locations: formAt('main', '/login') + told },
    );
    for (const others of [[], [{ user: 'mallory', pass: users.mallory ?? '' }]]) {
      const cookie = await world.visitor();
      const jars = [cookie];
      for (const one of [leaked, ...others])
        jars.push(afterAnswer(jars.at(-1) ?? '', await world.login(one, jars.at(-1))));
      for (const Cookie of jars) {
        const step = await world.send({
          method: 'POST',
          path: '/role',
          headers: { ...PAGE, Cookie, 'Content-Length': '0' },
        });
        expect(textOf(await world.get('/home', afterAnswer(Cookie, step)))).not.toContain('<b>alice');
      }
    }
  });

  test('in an area of its own is held, where a page of whoami shows who is signed in there', async () => {
    const page = (path: string) => `{ path: ${path}, after: '<b>', before: '</b>' }`;
    const world = await start(
      (handled) => {
        const { line, session, response } = handled;
        if (line === 'POST /admin/login') {
          session.other = rightName(handled);
          return leadTo(response, backOf(handled));
        }
        if (line !== 'GET /admin') return false;
        response.end(pageOf(session.other));
        return true;
      },
      {
        locations: formAt('main', '/login') + formAt('admin', '/admin/login'),
        whoami: `[${page('/home')}, ${page('/admin')}]`,
      },
    );
    const cookie = await world.visitor();
    const body = new URLSearchParams(LOOKS_FAILED).toString();
    const headers = { ...PAGE, Cookie: cookie, 'Content-Type': 'application/x-www-form-urlencoded' };
    expect(statusOf(await world.send({ method: 'POST', path: '/admin/login', headers, body }))).toBe(303);
    expect(textOf(await world.get('/admin', cookie))).not.toContain(SECRET);
  });
});

test('applications on one host have a jar each: a login at one ends no session at the other', async () => {
  const app = await startHandledApp((handled) => {
    if (handled.line !== 'POST /a/login') return false;
    handled.session.user = rightName(handled);
    return leadTo(handled.response, backOf(handled));
  });
  const whoami = `{ path: /home, after: '<b>', before: '</b>' }`;
  const paths = ['/a', '/b'];
  const world = await startHoldWorld({ users, leaks, app, whoami, paths, locations: formAt('main', '/a/login') });
  const cookies = async (path: string) => cookiesOf(await world.get(path)).split('; ');
  const [[ofA = '', jarA = ''], [ofB = '', jarB = '']] = [await cookies('/a'), await cookies('/b')];
  expect([jarA, jarB].map((each) => each.split('=')[0])).toEqual([
    expect.stringMatching(/^cv-jar-[0-9a-f]{16}$/),
    expect.stringMatching(/^cv-jar-[0-9a-f]{16}$/),
  ]);
  expect(jarA.split('=')[0]).not.toBe(jarB.split('=')[0]);
  const headers = {
    ...PAGE,
    Cookie: [ofA, jarA, jarB].join('; '),
    'Content-Type': 'application/x-www-form-urlencoded',
  };
  const body = new URLSearchParams({ user: 'mallory', pass: users.mallory ?? '' }).toString();
  const answer = await world.send({ method: 'POST', path: '/a/login', headers, body });
  const after = afterAnswer([jarA, jarB].join('; '), answer);
  expect(textOf(await world.get('/a/home', after))).toContain('<b>mallory');
  // What B had goes on: the application gives no other session.
  expect(
    valuesOf(await world.get('/b/home', `${ofB}; ${after.replace(/PHPSESSID=[^;]*;? ?/, '')}`), 'set-cookie'),
  ).toEqual([]);
});
