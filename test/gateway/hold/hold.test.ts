// A login with a leaked password is held back: until its owner confirms it, nobody gets anything of
// the application with what a browser had before the login, or was given by it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HeldLogin } from '../../../gateway/quarantine/held-login.ts';
import { Holds } from '../../../gateway/quarantine/holds.ts';
import { seededPairs } from '../../support/dataset.ts';
import { type HoldWorld, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import { HTML } from '../../support/gateway/identity/browser.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { basicOf, type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { type Answer, cookiesOf, textOf, valuesOf } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const users = { alice: password, bob: 'n3ver-leaked-anywhere' };
/** Of alice once, and leaked too. */
const OLD = 'leaked-but-old-0';
const leaked = { user: 'alice', pass: password };
const clean = { user: 'bob', pass: 'n3ver-leaked-anywhere' };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([password, OLD].map((each) => ({ username: 'alice', password: each })));
});
afterAll(() => leaks.close());

const start = (options = {}): Promise<HoldWorld> => startHoldWorld({ users, leaks, ...options });

const HELD = { app: 'app.example', realm: 'app.example', user: 'alice', typed: 'alice', isSeen: true };

const setCookies = (answer: Answer): string[] => valuesOf(answer, 'set-cookie');

describe('cookies of sessions', () => {
  test('are sealed for their browser, and the application gets its own', async () => {
    const { get, app } = await start();
    const first = await get('/');
    const [session = '', theme, jar = ''] = setCookies(first);
    expect(session).toMatch(/^PHPSESSID=cv1\.[\w-]+; Path=\/; HttpOnly$/);
    expect(theme).toBe('theme=dark; Path=/');
    expect(jar).toMatch(/^cv-jar=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
    const second = await get('/', cookiesOf(first));
    expect(setCookies(second)).toEqual([]);
    expect(app.seen[1]?.cookie).toMatch(/^PHPSESSID=[0-9a-f]{32}; theme=dark$/);
  });

  test.each([
    ['in clear', (id: string) => `PHPSESSID=${id}`],
    ['escaped', (id: string) => `PHPSESSID=%41${id.slice(1)}`],
    ['under an escaped name', (id: string) => `%50HPSESSID=${id}`],
    ['in another case', (id: string) => `phpsessid=${id}`],
    ['quoted', (id: string) => `PHPSESSID="${id}"`],
    ['behind a comma', (id: string) => `a=1, PHPSESSID=${id}`],
    ['behind a space', (id: string) => `a=1 PHPSESSID=${id}`],
    ['with a dollar', (id: string) => `$PHPSESSID=${id}`],
    ['doubled', (id: string, sealed: string) => `${sealed}; PHPSESSID=${id}`],
    ['doubled, the other first', (id: string, sealed: string) => `PHPSESSID=${id}; ${sealed}`],
    ['of another browser', (_: string, sealed: string) => sealed.replace(/cv-jar=[\w-]+/, `cv-jar=${'A'.repeat(43)}`)],
    ['without a handle', (_: string, sealed: string) => sealed.replace(/; cv-jar=[\w-]+/, '')],
    ['with two handles', (_: string, sealed: string) => `${sealed}; cv-jar=${'A'.repeat(43)}`],
    ['under another name', (_: string, sealed: string) => sealed.replace('PHPSESSID', 'PhpSessid')],
    ['spelled otherwise', (_: string, sealed: string) => sealed.replace(/(PHPSESSID=[^;]+)/, '$1=')],
  ])('count for nothing %s', async (_, spell) => {
    const { visitor, login, get, app } = await start();
    const cookie = await visitor();
    await login(clean, cookie);
    const [id = ''] = app.signedIn();
    const answer = await get('/home', spell(id, cookie));
    expect(textOf(answer)).not.toContain(SECRET);
  });

  test.each([
    '/home?PHPSESSID=1',
    '/home?phpsessid=1',
    '/home?PHP%53ESSID=1',
    '/home?x=1&PHP.SESSID=1',
    '/home;PHPSESSID=1',
    '/home/xPHPSESSID=1',
    '/(S(abc))/home',
  ])('are refused in %s', async (path) => {
    const { get, app } = await start();
    expect(statusOf(await get(path))).toBe(400);
    expect(app.seen).toEqual([]);
  });
});

describe('a login', () => {
  test('with a clean password goes on under a new handle, and the old one is worth nothing', async () => {
    const { visitor, login, get } = await start();
    const before = await visitor();
    const answer = await login(clean, before);
    expect(statusOf(answer)).toBe(302);
    expect(textOf(await get('/home', cookiesOf(answer)))).toContain(`${SECRET} <b>bob</b>`);
    expect(textOf(await get('/home', before))).not.toContain(SECRET);
  });

  test('with a wrong password changes nothing, whatever the password', async () => {
    const { visitor, login, get } = await start();
    const cookie = await visitor();
    for (const pass of ['wrong', clean.pass]) {
      const answer = await login({ user: 'alice', pass }, cookie);
      expect(valuesOf(answer, 'location')).toEqual(['/login?error=1']);
      expect(setCookies(answer).filter((line) => !line.startsWith('cv-b='))).toEqual([]);
    }
    expect(setCookies(await get('/', cookie))).toEqual([]);
  });

  test('with a leaked one shows nothing of the application to whoever has all its cookies', async () => {
    const { visitor, login, get, app, events } = await start();
    const before = await visitor();
    const answer = await login(leaked, before);
    expect(statusOf(answer)).toBe(303);
    expect(valuesOf(answer, 'location')[0]).toMatch(/^http:\/\/auth\.example\/hold\?handoff=[\w-]{22}$/);
    expect(valuesOf(answer, 'cache-control')).toEqual(['no-store']);
    expect(setCookies(answer)).toEqual([]);
    expect(app.signedIn()).toHaveLength(1);
    const seen = app.seen.length;
    const page = await get('/home', before, PAGE);
    expect([statusOf(page), valuesOf(page, 'vary')]).toEqual([303, ['Cookie']]);
    expect(statusOf(await get('/home', before))).toBe(401);
    expect(statusOf(await login(leaked, before))).toBe(303);
    expect(app.seen.length).toBe(seen);
    expect(events).toContainEqual(expect.objectContaining({ event: 'login-held', how: 'held' }));
  });

  test('of a browser without cookies is held as well', async () => {
    const { login, get } = await start();
    const answer = await login(leaked);
    expect(statusOf(answer)).toBe(303);
    expect(setCookies(answer)).toHaveLength(1);
    expect(statusOf(await get('/home', cookiesOf(answer), PAGE))).toBe(303);
  });

  test('is held whatever its answer is made to look like', async () => {
    const { visitor, login, get } = await start();
    const cookie = await visitor();
    expect(statusOf(await login({ ...leaked, back: '/login?error=1' }, cookie))).toBe(303);
    expect(statusOf(await get('/home', cookie))).toBe(401);
  });

  test('that did not wait for its answer gives the session up', async () => {
    const { visitor, login, get, app } = await start({ answerMs: 300 });
    const cookie = await visitor();
    const gone = login(leaked, cookie);
    await expect.poll(() => app.signedIn()).toHaveLength(1);
    // Another connection, since the first one waits.
    const others = await Promise.all([get('/home', cookie), get('/home', cookie)]);
    for (const other of others) expect(textOf(other)).not.toContain(SECRET);
    await gone;
  });

  test('of another site is refused', async () => {
    const { login, app } = await start();
    expect(statusOf(await login(leaked, '', { ...PAGE, 'Sec-Fetch-Site': 'cross-site' }))).toBe(403);
    expect(app.seen).toEqual([]);
  });

  test('of a program that sends it with each request is checked once, with cookies too', async () => {
    const { visitor, get, events } = await start();
    const cookie = await visitor();
    const sent = { ...basicOf('bob', clean.pass) };
    for (let i = 0; i < 3; i++) expect(statusOf(await get('/api', cookie, sent))).toBe(200);
    expect(events.filter(({ event }) => event === 'login')).toHaveLength(1);
    expect(statusOf(await get('/home', cookie))).toBe(200);
  });

  test('of a program gets the answer to a wrong password, and its session is worth nothing', async () => {
    const { visitor, login, get, app } = await start();
    const cookie = await visitor();
    const program = { 'Sec-Fetch-Mode': 'cors' };
    const answer = await login(leaked, cookie, program);
    const wrong = await login({ ...leaked, pass: 'wrong' }, '', program);
    expect([statusOf(answer), valuesOf(answer, 'location')]).toEqual([302, ['/login?error=1']]);
    expect(statusOf(wrong)).toBe(302);
    expect(valuesOf(wrong, 'location')).toEqual(valuesOf(answer, 'location'));
    const sent = app.seen.filter(({ line }) => line === 'POST /login').map(({ body }) => new URLSearchParams(body));
    expect(sent.map((form) => form.get('pass')?.length)).toEqual([password.length, password.length, 5]);
    expect(sent[1]?.get('pass')).not.toBe(password);
    for (const jar of [cookie, cookiesOf(answer)]) expect(textOf(await get('/home', jar))).not.toContain(SECRET);
  });

  test('of a program shows no difference between a right and a wrong password that have leaked', async () => {
    const { visitor, login, get } = await start();
    const told = [];
    for (const pass of [password, OLD]) {
      const cookie = await visitor();
      const answer = await login({ user: 'alice', pass }, cookie, { 'Sec-Fetch-Mode': 'cors' });
      const after = await get('/', cookie);
      told.push([
        statusOf(answer),
        ...[answer, after].map((each) => setCookies(each).map((line) => line.split('=')[0])),
      ]);
    }
    expect(told[1]).toEqual(told[0]);
  });
});

describe('its owner', () => {
  const form = (code: string) => ({
    method: 'POST',
    path: '',
    headers: { ...HTML, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ code }).toString(),
  });
  const post = { ...HTML, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' };
  const logIn = (world: HoldWorld, browser = world.browser()) =>
    browser
      .send('http://app.example/login', {
        method: 'POST',
        path: '',
        headers: post,
        body: new URLSearchParams(leaked).toString(),
      })
      .then((page) => ({ browser, page }));
  const codeIn = async ({ mail }: HoldWorld) => {
    await expect.poll(() => mail.mails.some(({ text }) => /is \d{8}\./.test(text))).toBe(true);
    return mail.mails.flatMap(({ text }) => /is (\d{8})\./.exec(text)?.[1] ?? []).at(-1) ?? '';
  };

  test('confirms it with a mailed code, and gets the answer to the login', async () => {
    const world = await start();
    const { browser, page } = await logIn(world);
    const [location = ''] = valuesOf(page, 'location');
    const ask = await browser.get(location);
    expect([ask.code, ask.text]).toEqual([200, expect.stringContaining('Send a code')]);
    await browser.send('http://auth.example/hold/mail', form(''));
    const code = await codeIn(world);
    expect(world.mail.mails.every(({ to }) => to === 'alice@corp.example')).toBe(true);
    const done = await browser.send('http://auth.example/hold/code', form(code));
    const [refresh = ''] = valuesOf(done, 'refresh');
    const back = await browser.get(refresh.replace('0;url=', ''));
    expect([back.code, valuesOf(back, 'location')]).toEqual([303, ['http://app.example/login']]);
    const given = await browser.get('http://app.example/login');
    expect([given.code, valuesOf(given, 'location')]).toEqual([302, ['/home']]);
    expect((await browser.get('http://app.example/home')).text).toContain(`${SECRET} <b>alice</b>`);
    expect((await browser.get('http://app.example/login')).text).not.toContain('moved');
  });

  test('confirms nothing with a link that somebody else has sent', async () => {
    const world = await start();
    const { browser: attacker, page } = await logIn(world);
    const [location = ''] = valuesOf(page, 'location');
    const owner = world.browser();
    await owner.get('http://app.example/');
    await owner.get(location);
    await owner.send('http://auth.example/hold/mail', form(''));
    const done = await owner.send('http://auth.example/hold/code', form(await codeIn(world)));
    const [refresh = ''] = valuesOf(done, 'refresh');
    expect((await owner.get(refresh.replace('0;url=', ''))).code).toBe(400);
    expect((await attacker.get(refresh.replace('0;url=', ''))).code).toBe(400);
    expect((await attacker.get('http://app.example/home')).code).toBe(303);
    expect((await owner.get('http://app.example/home')).text).not.toContain(SECRET);
  });

  test('gets a mail in another network, and in a browser of their own, whoever asks for all others', async () => {
    const world = await start();
    const network = (isKnown: boolean, of: string) => ({ ...HELD, isKnown, network: of }) as HeldLogin;
    const holds = new Holds(world.state, Buffer.alloc(32, 5), () => undefined);
    const needs = { one: 5, all: 20, windowMs: 3_600_000 };
    const ask = (isKnown: boolean, of: string) =>
      world.state.takeSlots(holds.ofUser('held.mails', network(isKnown, of), needs)).then(({ taken }) => taken);
    for (let i = 0; i < 5; i++) expect(await ask(false, 'theirs')).toBe(true);
    expect(await ask(false, 'theirs')).toBe(false);
    expect(await ask(false, 'another')).toBe(true);
    for (let i = 0; i < 30; i++) await ask(false, `network ${i}`);
    expect([await ask(false, 'a new one'), await ask(true, 'theirs')]).toEqual([false, true]);
    const { browser, page } = await logIn(world);
    await browser.get(valuesOf(page, 'location')[0] ?? '');
    const sent = [];
    for (let i = 0; i < 4; i++) sent.push((await browser.send('http://auth.example/hold/mail', form(''))).code);
    expect(sent).toEqual([429, 429, 429, 429]);
  });

  test('has five tries', async () => {
    const world = await start();
    const { browser, page } = await logIn(world);
    await browser.get(valuesOf(page, 'location')[0] ?? '');
    await browser.send('http://auth.example/hold/mail', form(''));
    const code = await codeIn(world);
    const wrong = code.replace(/^./, (digit) => String((Number(digit) + 1) % 10));
    for (let i = 0; i < 5; i++)
      expect((await browser.send('http://auth.example/hold/code', form(wrong))).code).toBe(200);
    expect((await browser.send('http://auth.example/hold/code', form(code))).code).toBe(400);
    expect((await browser.get('http://app.example/home')).text).not.toContain(SECRET);
  });
});
