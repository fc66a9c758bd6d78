// The application's own name of a user: in the check, in the limits, and for sessions that no login
// began. The application names its users as WordPress does, and has a plug-in that nobody knows.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LimitKeys } from '../../../gateway/limits/limit-keys.ts';
import type { SettleQuestion } from '../../../gateway/limits/limit-messages.ts';
import type { LimitPeer } from '../../../gateway/limits/limit-peer.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type MadeDataset, makeDataset } from '../../support/dataset.ts';
import { serve, startOrigin } from '../../support/gateway/gateway.ts';
import { jarOf, setCookies, statusOf, writeSecret } from '../../support/gateway/login/checked-app.ts';
import { createMemoryState } from '../../support/gateway/memory-state.ts';
import { createMemoryLimits } from '../../support/gateway/state/states.ts';
import { type Answer, formOf, textOf, visit } from '../../support/gateway/visit.ts';
import { keyPinOf } from '../../support/pins.ts';

const APP = 'app.example';
const KEY = new Uint8Array(32).fill(9);
const VICTIM = { user: 'victim', mail: 'v@mail.example', password: 'leaked under the name' };
const MALLORY = { user: 'mallory', mail: 'm@mail.example', password: 'n3ver-leaked-anywhere' };
const PEOPLE = [VICTIM, MALLORY];

let made: MadeDataset;
let server: CredveilServer;

beforeAll(async () => {
  made = await makeDataset({ pairs: [{ username: VICTIM.user, password: VICTIM.password }] });
  server = await startServer(made.folder, { port: 0 });
});
afterAll(async () => {
  await server.close();
  made.dispose();
});

const sessionOf = (user: string) => ({
  'Set-Cookie': [`wordpress_sec_1=${user}%7C1%7Ct%7Ch; Path=/wp-admin`, `wordpress_logged_in_1=${user}%7C1%7Ct%7Ch`],
});

/** A plug-in asks for a code behind a right password. */
const WITH_CODES = `, locations: [${JSON.stringify({
  name: 'codes',
  when: 'http.request.uri.path == "/wp-login.php"',
  username: 'http.request.body.form["log"][0]',
  password: 'http.request.body.form["pwd"][0]',
  success: 'http.response.code == 302',
  failure: 'credveil.response.body == "login_error"',
  secondFactor: 'credveil.response.body == "a code, please"',
})}]`;

/** Whoever knows `?as=` is logged in by the plug-in, whatever else the request is. */
async function world(keys = '') {
  const { url } = await startOrigin(async (request, response) => {
    let body = '';
    for await (const piece of request) body += String(piece);
    const form = new URLSearchParams(body);
    const target = new URL(request.url ?? '/', 'http://app.example');
    const as = target.searchParams.get('as');
    if (as !== null) return response.writeHead(200, sessionOf(as)).end('in');
    if (target.searchParams.has('refused')) return response.writeHead(400).end('no');
    if (target.pathname !== '/wp-login.php') return response.end('a page');
    const who = PEOPLE.find(({ user, mail }) => [user, mail].includes(form.get('log') ?? ''));
    if (who?.password !== form.get('pwd')) return response.end('login_error');
    if (target.searchParams.has('code')) return response.writeHead(200).end('a code, please');
    return response.writeHead(302, { Location: '/wp-admin/', ...sessionOf(who?.user ?? '') }).end();
  });
  const settled: SettleQuestion[] = [];
  const forgotten: string[] = [];
  const book = createMemoryLimits();
  const limits: LimitPeer = {
    ...book,
    settle: (question) => {
      settled.push(question);
      return book.settle(question);
    },
    forgetDevices: async (name) => {
      forgotten.push(name);
      await book.forgetDevices(name);
    },
  };
  const state = createMemoryState();
  const config = `listen: 127.0.0.1:0
leaks: { url: "${server.url}", timeoutMs: 20000, keyFile: "${writeSecret(keyPinOf(made).key)}" }
apps:
  ${APP}: { to: "${url}", login: { presets: [wordpress]${keys} }, loginLimits: failures }
`;
  const { port, events } = await serve(config, { state: { state, key: KEY, limits } });
  const send = (path: string, headers = {}): Promise<Answer> => visit(port, APP, { path, headers });
  const logIn = (log: string, pwd: string, query = '', headers = {}): Promise<Answer> => {
    const form = formOf({ log, pwd });
    return visit(port, APP, { ...form, path: `/wp-login.php${query}`, headers: { ...form.headers, ...headers } });
  };
  const verdicts = () => events.flatMap((event) => (event.event === 'login' ? [event.verdict] : []));
  const post = (path: string, headers = {}): Promise<Answer> => {
    const form = formOf({ pass1: 'new', user_id: '1', user_login: VICTIM.user });
    return visit(port, APP, { ...form, path, headers: { ...form.headers, ...headers } });
  };
  return { send, post, logIn, verdicts, settled, forgotten, state };
}

function expectRefused(answer: Answer): void {
  expect(statusOf(answer)).toBe(403);
  expect(textOf(answer)).toContain('SESSION_UNCHECKED');
  expect(setCookies(answer).filter((cookie) => !/^wordpress_\w+=; Max-Age=0(?:;|$)/.test(cookie))).toEqual([]);
}

describe('a session that no login began', () => {
  test('leaves for the user whom the browser has logged in, and for nobody else', async () => {
    const { send, logIn } = await world();
    const jar = jarOf(await logIn(MALLORY.user, MALLORY.password));
    expectRefused(await send('/?as=victim', jar));
    expectRefused(await send('/?as=Mallory', jar));
    expectRefused(await send('/wp-admin/profile.php?as=victim', jar));
    expect(setCookies(await send('/?as=mallory', jar)).join()).toContain('wordpress_logged_in_1=mallory');
    expectRefused(await send('/?as=mallory'));
  });

  test.each(['/wp-admin/profile.php', '/x.php/wp/v2/users/', '/wp-json/wp/v2/users/me'])(
    'does not leave at %s either, with a session of its own making',
    async (path) => {
      const { send } = await world();
      expectRefused(await send(`${path}?as=victim`, { Cookie: 'wordpress_logged_in_1=victim%7C1%7Ct%7Ch' }));
    },
  );

  test('does not leave beside a credential that begins none', async () => {
    const { send, verdicts } = await world();
    const basic = { Authorization: `Basic ${btoa(`${MALLORY.user}:${MALLORY.password}`)}` };
    expectRefused(await send('/wp-json/x?as=victim', basic));
    // The same again: a credential that is known by now is no way past either.
    expectRefused(await send('/wp-json/x?as=victim', basic));
    expect(verdicts()).toEqual([]);
  });

  test('leaves for who has logged in, in two steps, by the name of the application', async () => {
    const { send, logIn, state } = await world(WITH_CODES);
    const jar = jarOf(await logIn(MALLORY.user, MALLORY.password, '?code'));
    await expect.poll(() => state.text()).toContain('handle ');
    expect(statusOf(await send('/?as=mallory', jar))).toBe(200);
    expectRefused(await send('/?as=victim', jar));
  });

  test('leaves where the configuration says so', async () => {
    const { send } = await world(`, mayBeginSession: 'http.request.uri.path == "/social"'`);
    expect(statusOf(await send('/social?as=victim'))).toBe(200);
    expectRefused(await send('/other?as=victim'));
  });

  test('leaves for one of two users who have logged in', async () => {
    const { send, logIn } = await world();
    const first = jarOf(await logIn(MALLORY.user, MALLORY.password));
    const second = jarOf(await logIn(VICTIM.user, VICTIM.password, '', first));
    expect(statusOf(await send('/?as=mallory', second))).toBe(200);
    expect(statusOf(await send('/?as=victim', second))).toBe(200);
    expectRefused(await send('/?as=victim', first));
  });
});

describe('the own name of a user', () => {
  test('is checked with the password, whatever was typed', async () => {
    const { logIn, verdicts } = await world();
    await logIn(VICTIM.mail, VICTIM.password);
    await logIn(MALLORY.mail, MALLORY.password);
    expect(verdicts()).toEqual(['pair', 'clean']);
  });

  test('is checked as well where the application has its verdict before', async () => {
    const { logIn, verdicts } = await world(', header: before');
    await logIn(VICTIM.mail, VICTIM.password);
    expect(verdicts()).toEqual(['pair']);
  });

  test('is the one that limits count', async () => {
    const { logIn, settled } = await world();
    const own = new LimitKeys(KEY).nameOf(APP, MALLORY.user);
    await logIn(MALLORY.mail, MALLORY.password);
    await logIn(MALLORY.mail, 'wrong');
    expect(settled.map(({ canonical }) => canonical)).toEqual([own, undefined]);
  });
});

describe('a change of password', () => {
  const nameOf = (user: string): string => new LimitKeys(KEY).nameOf(APP, user);

  test('ends the trust in the devices of the user of this browser, and of nobody else', async () => {
    const { post, logIn, forgotten } = await world();
    const jar = jarOf(await logIn(MALLORY.mail, MALLORY.password));
    const victim = jarOf(await logIn(VICTIM.user, VICTIM.password));
    await post('/wp-admin/profile.php', { Cookie: `${jar.Cookie}; wordpress_logged_in_1=victim%7C1%7Ct%7Ch` });
    await expect.poll(() => forgotten).toEqual([nameOf(MALLORY.user)]);
    await post('/?rest_route=/wp/v2/users/me', victim);
    await expect.poll(() => forgotten).toEqual([nameOf(MALLORY.user), nameOf(VICTIM.user)]);
  });

  test.each<[string, (to: Awaited<ReturnType<typeof world>>, jar: object) => Promise<unknown>]>([
    ['that is refused', ({ post }, jar) => post('/wp-admin/profile.php?refused', jar)],
    ['without a handle', ({ post }) => post('/wp-admin/profile.php', { Cookie: 'wordpress_logged_in_1=victim' })],
    ['elsewhere', ({ post }, jar) => post('/wp-admin/options.php', jar)],
    ['that is only looked at', ({ send }, jar) => send('/wp-admin/profile.php', jar)],
  ])('%s ends nothing', async (_, request) => {
    const to = await world();
    const jar = jarOf(await to.logIn(MALLORY.user, MALLORY.password));
    await request(to, jar);
    await to.post('/wp-admin/profile.php', jar);
    await expect.poll(() => to.forgotten).toEqual([nameOf(MALLORY.user)]);
  });

  test('after a login of nobody that is known, ends nothing', async () => {
    const { post, logIn, forgotten, state } = await world();
    const jar = jarOf(await logIn(VICTIM.user, VICTIM.password, '?code'));
    await expect.poll(() => state.text()).toContain('verdict ');
    await post('/wp-admin/profile.php', jar);
    const own = jarOf(await logIn(MALLORY.user, MALLORY.password));
    await post('/wp-admin/profile.php', own);
    await expect.poll(() => forgotten).toEqual([nameOf(MALLORY.user)]);
  });
});
