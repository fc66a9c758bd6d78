// A login is checked under every name of its user, in every spelling that an application may take.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckedCredential, Checks } from '../../../gateway/checks/checks.ts';
import { spellingsOf } from '../../../gateway/checks/password-spellings.ts';
import type { LeakVerdict } from '../../../gateway/checks/verdict.ts';
import { withKnownNames } from '../../../gateway/phases/check/known-names.ts';
import { seededPairs } from '../../support/dataset.ts';
import { type Handled, type Handler, leadTo, pageOf, startHandledApp } from '../../support/gateway/hold/handled-app.ts';
import { formAt, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { type Answer, cookiesOf, textOf, valuesOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const SCRIPT = { Accept: '*/*', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'same-origin' };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([
    { username: 'alice@corp.example', password },
    { username: 'dave@corp.example', password: 'of dave, leaked' },
    { username: 'bob', password: 'of bob, leaked' },
  ]);
});
afterAll(() => leaks.close());

const start = async (handler: Handler, locations: string) =>
  startHoldWorld({ users: {}, leaks, app: await startHandledApp(handler), locations });

test('by every spelling that an application may take, before it acts', async () => {
  const world = await start(
    ({ response }) => response.end('done'),
    `
        - { name: api, when: 'http.request.uri.path == "/api"', username: credveil.basic.username,
            password: credveil.basic.password }`,
  );
  await world.kept.admin.importUsers([{ email: 'dave@corp.example', app: 'app.example', user: 'd.ave@corp.example' }]);
  const statusOfBasic = async (name: string, secret: string): Promise<number> => {
    const credential = Buffer.from(`${name}:${secret}`).toString('base64');
    return Number(statusOf(await world.send({ path: '/api', headers: { Authorization: `Basic ${credential}` } })));
  };
  const names = ['ALICE', '\uff41lice', 'alic\u00e9', 'al\u200bice', 'CORP\\Alice', 'alice@elsewhere', ' al.ice '];
  for (const name of [...names, 'alice+x@corp.example', 'ALICE@CORP.EXAMPLE', `${' '.repeat(600)}alice`])
    expect([name, await statusOfBasic(name, password)]).toEqual([name, 401]);
  // Whatever the application makes of it, nobody has imported such a name.
  for (const name of ['uid=alice', 'alice x', 'phone-4711', '<i>alice</i>', 'alic*', ''])
    expect([name, await statusOfBasic(name, password)]).toEqual([name, 401]);
  // Of a name that looks like an imported one, somebody else may be the user.
  const others = [{ email: 'zoe@corp.example', app: 'app.example', user: 'zo\u00eb' }];
  await world.kept.admin.importUsers(others);
  for (const name of ['b\u00f3b', 'BOB', 'zoe'])
    expect([name, await statusOfBasic(name, password)]).toEqual([name, 401]);
  // The application may add the domain.
  expect(await statusOfBasic('DAVE', 'of dave, leaked')).toBe(401);
  expect(world.app.seen).toEqual([]);
  expect(await statusOfBasic('alice', 'never leaked at all')).toBe(200);
  for (const name of ['bob', 'zo\u00eb', 'Zoe@corp.example'])
    expect([name, await statusOfBasic(name, password)]).toEqual([name, 200]);
});

test('by no name that nobody has imported, unless the application names one who was imported', async () => {
  const world = await start(
    ({ line, form, query, session, response }) => {
      if (query.has('lang')) session.other = 'a notice that comes first';
      if (line === 'GET /home' && session.other !== undefined) return response.end(session.other);
      if (line !== 'POST /login') return false;
      const isRight = ['phone-4711', 'zo\u00e9'].includes(form.get('user') ?? '') && form.get('pass') === password;
      if (isRight) session.user = form.get('user') === 'zo\u00e9' ? 'zoe' : 'alice';
      return leadTo(response, isRight ? '/home' : '/login?error=1');
    },
    formAt('main', '/login'),
  );
  await world.kept.admin.importUsers([{ email: 'zoe@corp.example', app: 'app.example', user: 'zoe' }]);
  const logIn = async (user: string, page: string) =>
    world.login({ user, pass: password }, cookiesOf(await world.get(page)));
  const isHeld = (answer: Answer): boolean => (valuesOf(answer, 'location')[0] ?? '').includes('/hold?');
  expect(isHeld(await logIn('phone-4711', '/?lang=de'))).toBe(true);
  expect(isHeld(await logIn('phone-4711', '/'))).toBe(true);
  // Her password has leaked as that of others alone, and the application says who she is.
  expect(isHeld(await logIn('zo\u00e9', '/?lang=de'))).toBe(true);
  expect(isHeld(await logIn('zo\u00e9', '/'))).toBe(false);
});

const GENERIC = ` []
      presets: [generic]`;

test('however many names were typed, and however many the user has', async () => {
  const world = await start((handled) => {
    if (handled.line !== 'POST /login') return false;
    if (handled.form.get('pass') === password) handled.session.user = handled.form.get('user') ?? '';
    return leadTo(handled.response, '/home');
  }, GENERIC);
  const more = Array.from({ length: 40 }, (_, i) => ({ email: 'alice@corp.example', user: `alice${i}` }));
  await world.kept.admin.importUsers(more.map((each) => ({ ...each, app: 'app.example' })));
  const junk = ['username', 'email', 'login', 'log', 'user_id', 'identifier', 'uname'];
  const fields = Object.fromEntries(junk.map((name) => [name, `j\u00e9${name}`]));
  expect(statusOf(await world.login({ ...fields, user: 'alice', pass: password }, await world.visitor()))).toBe(303);
  expect(world.events.filter(({ event }) => event === 'login-held')).toHaveLength(1);
});

test('of as many pairs as one login may ask for', async () => {
  let pairs = 0;
  const clean: LeakVerdict = { status: 'clean' };
  const count = async ({ usernames, passwords }: CheckedCredential): Promise<LeakVerdict> => {
    pairs += usernames.length * new Set(passwords.flatMap(spellingsOf)).size;
    return clean;
  };
  const names = Array.from({ length: 60 }, (_, i) => `alice${i}`);
  const people = { namesOf: async () => ({ names, isExact: true as const }) };
  const checks = withKnownNames({ check: count, checkEvenly: count } as unknown as Checks, 'app.example', people);
  const ask = async (passwords: readonly string[]) => {
    pairs = 0;
    const { mayBePair } = await checks.check({ usernames: ['alice'], passwords });
    return { pairs, mayBePair };
  };
  expect(await ask([password])).toEqual({ pairs: 61 * spellingsOf(password).length, mayBePair: undefined });
  const many = await ask(Array.from({ length: 6 }, (_, i) => `a<b>\\\\&amp;\\'${i}`));
  expect(many.mayBePair).toBe('cut');
  expect(many.pairs).toBeLessThanOrEqual(512);
  expect(many.pairs).toBeGreaterThan(100);
});

describe('where the name came before the password', () => {
  const LOCATION = `
        - { name: main, when: 'http.request.method == "POST" and http.request.uri.path == "/password"',
            password: 'http.request.body.form["pass"][0]' }`;
  const handler = ({ line, form, session, response }: Handled) => {
    if (line === 'POST /password') {
      const isRight = session.other === 'alice' && form.get('pass') === password;
      return leadTo(response, isRight ? '/cb?code=T123' : '/password?error=1');
    }
    if (line === 'GET /name') session.other = 'alice';
    return response.end(pageOf(session.user));
  };

  test('a leaked password is held as a pair is, and no other one', async () => {
    const world = await start(handler, LOCATION);
    const post = async (pass: string) => {
      const cookie = cookiesOf(await world.get('/name'));
      const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const body = new URLSearchParams({ pass }).toString();
      const headers = { ...PAGE, ...type, Cookie: cookie };
      return world.send({ method: 'POST', path: '/password', body, headers });
    };
    const held = await post(password);
    expect(valuesOf(held, 'location').join()).toContain('http://auth.example/hold?');
    expect(JSON.stringify([held.rawHeaders, textOf(held)])).not.toContain('T123');
    expect(valuesOf(await post('never leaked at all'), 'location')).toEqual(['/password?error=1']);
  });
});

test('before it is sent, so that a script does not learn which password is right', async () => {
  const users: Record<string, string> = { alice: password };
  const world = await start(
    ({ line, form, response }) => {
      const name = form.get('log') ?? '';
      if (line !== 'POST /wp-login.php') return false;
      if (users[name] !== form.get('pwd')) return response.end('<div id="login_error">wrong</div>');
      const cookie = `wordpress_logged_in_aa=${name}%7C9999999999%7Ctoken%7Chmac; path=/`;
      return leadTo(response, '/wp-admin/', [cookie]);
    },
    ` []
      presets: [wordpress]`,
  );
  const script = async (log: string, pwd: string) => {
    const cookie = await world.visitor();
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ log, pwd }).toString();
    const headers = { ...SCRIPT, ...type, Cookie: cookie };
    const answer = await world.send({ method: 'POST', path: '/wp-login.php', body, headers });
    const names = valuesOf(answer, 'set-cookie').map((each) => each.split('=')[0]);
    const next = await world.get('/home', cookie);
    return [statusOf(answer), textOf(answer), names, valuesOf(next, 'set-cookie').length];
  };
  const right = await script('alice', password);
  expect(right).toEqual(await script('bob', 'of bob, leaked'));
});
