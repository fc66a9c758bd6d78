// The end of a sign-in: by its person, at an application or the gateway's pages, and by the
// provider.

import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { type State, StateError } from '../../../../gateway/state/state.ts';
import { type Browser, HTML } from '../../../support/gateway/identity/browser.ts';
import { CLIENT } from '../../../support/gateway/identity/provider-configuration.ts';
import { startWorld } from '../../../support/gateway/identity/sign-in-world.ts';

const APP = 'http://app.example/page';
const OTHER = 'http://other.example/page';
const FORM = { ...HTML, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' };
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

async function signedIn() {
  const world = await startWorld();
  const ann = world.browser();
  for (const url of [APP, OTHER]) expect((await ann.open(url)).code).toBe(200);
  const isIn = async (browser: Browser, url = APP) => (await browser.get(url)).code === 200;
  const post = (url: string, headers: object, token = '') =>
    ann.send(url, { method: 'POST', path: '', headers: { ...FORM, ...headers }, body: `token=${token}` });
  return { ...world, ann, isIn, post };
}

test.each([
  ['an application', 'http://app.example/.credveil/sign-out'],
  ["the gateway's own pages", 'http://auth.example/sign-out'],
])('a person signs out of all applications at %s, by their own click', async (_, url) => {
  const { ann, isIn, post, provider, browser } = await signedIn();
  const ben = browser();
  provider.user = 'ben';
  await ben.open(APP);
  const page = await ann.get(url);
  expect(page.text).toContain('ann@example.com');
  const [, token = ''] =
    /<form method="post" action="[^"]*sign-out"><input[^>]* name="token" value="([^"]+)"/.exec(page.text) ?? [];
  const [, ofBen = ''] = / name="token" value="([^"]+)"/.exec((await ben.get(url)).text) ?? [];
  expect(ofBen.length).toBe(token.length);
  for (const foreign of [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'none' },
  ])
    expect((await post(url, foreign, token)).code).toBe(403);
  for (const other of ['', ofBen, token.slice(1), `${token}&token=`, token.toLowerCase()])
    expect((await post(url, {}, other)).code, other).toBe(403);
  const { 'Sec-Fetch-Site': _site, ...old } = FORM;
  for (const Origin of ['http://evil.example', 'null', 'http://app.example.evil.example'])
    expect((await ann.send(url, { method: 'POST', path: '', headers: { ...old, Origin } })).code).toBe(403);
  expect((await ann.send(url, { method: 'POST', path: '', headers: old })).code).toBe(403);
  expect(await isIn(ann)).toBe(true);
  const done = await post(url, {}, token);
  expect(done.code).toBe(200);
  expect(await isIn(ann)).toBe(false);
  expect(await isIn(ann, OTHER)).toBe(false);
  expect(await isIn(ben)).toBe(true);
  // The provider is asked for by a link, so that nobody is signed out there unasked.
  const href = /href="(http:[^"]+)"/.exec(done.text)?.[1]?.replaceAll('&amp;', '&') ?? '';
  const there = new URL(href);
  expect(there.origin).toBe(provider.issuer);
  expect(Object.fromEntries(there.searchParams)).toEqual({
    client_id: CLIENT.id,
    logout_hint: 'ann',
    // Many providers end no session without it.
    id_token_hint: expect.any(String),
    post_logout_redirect_uri: 'http://auth.example/signed-out',
  });
  expect(decodeJwt(there.searchParams.get('id_token_hint') ?? '')).toMatchObject({ sub: 'ann', aud: CLIENT.id });
  expect((await ann.open(there)).code).toBe(200);
  expect((await ann.get('http://auth.example/signed-out')).text).toContain('You are signed out');
});

test('a token that makes the address too long for servers is no hint', async () => {
  const groups = Array.from({ length: 600 }, (_, i) => `group ${i}`);
  const { browser } = await startWorld({ claims: { groups }, configuration: { conformIdTokenClaims: false } });
  const ann = browser();
  expect((await ann.open(APP)).code).toBe(200);
  const url = 'http://auth.example/sign-out';
  const [, token = ''] = / name="token" value="([^"]+)"/.exec((await ann.get(url)).text) ?? [];
  const page = await ann.send(url, { method: 'POST', path: '', headers: FORM, body: `token=${token}` });
  expect(page.text).toContain('logout_hint=ann');
  expect(page.text).not.toContain('id_token_hint');
});

test('without a session there is nothing to sign out of', async () => {
  const { browser } = await startWorld();
  for (const url of ['http://app.example/.credveil/sign-out', 'http://auth.example/sign-out']) {
    const page = await browser().get(url);
    expect(page.code).toBe(200);
    expect(page.text).toContain('Not signed in');
  }
});

test('the provider ends the sessions that began there', async () => {
  const { ann, isIn, provider, browser, events } = await signedIn();
  const ben = browser();
  await ben.open(APP);
  // Of the same person, in another browser.
  expect(await isIn(ben)).toBe(true);
  const page = await ann.get(`${provider.issuer}/session/end?client_id=${CLIENT.id}`);
  const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(page.text) ?? [];
  const form = new URLSearchParams({ xsrf, logout: 'yes' });
  await ann.send(`${provider.issuer}/session/end/confirm`, {
    method: 'POST',
    path: '',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  });
  await expect.poll(() => isIn(ann)).toBe(false);
  expect(await isIn(ann, OTHER)).toBe(false);
  expect(await isIn(ben)).toBe(true);
  expect(events).toContainEqual(expect.objectContaining({ event: 'signed-out-by-provider', sessions: 1 }));
});

test('a notice ends sign-ins that go on meanwhile', async () => {
  const { browser, provider } = await startWorld();
  for (const notice of [{ sub: 'ann' }, { sub: 'ann', sid: 'of the provider' }]) {
    const ann = browser();
    const now = Math.floor(Date.now() / 1_000);
    const valid = { iss: provider.issuer, aud: CLIENT.id, iat: now, exp: now + 60, jti: JSON.stringify(notice) };
    const token = await provider.sign({ ...valid, ...notice, events: { [EVENT]: {} } });
    const { url } = await ann.open(APP, { stopAt: ({ pathname }) => pathname === '/callback/staff' });
    let code = 0;
    provider.alter = (path, body) => {
      if (path !== '/token') return undefined;
      const answer = JSON.parse(body) as Record<string, unknown>;
      return JSON.stringify({ ...answer, id_token: given });
    };
    const nonce = ann.visited.find(({ pathname }) => pathname === '/auth')?.searchParams.get('nonce');
    const given = await provider.sign({
      ...{ iss: provider.issuer, aud: CLIENT.id, sub: 'ann', nonce, iat: now, exp: now + 60 },
      ...('sid' in notice && { sid: notice.sid }),
    });
    code = await noticed(browser(), token);
    expect(code).toBe(200);
    expect((await ann.get(url)).code).toBe(400);
    expect([...ann.jarOf({ hostname: 'auth.example' }).keys()]).not.toContain('cv-session');
    provider.alter = undefined;
    // Who begins behind it signs in.
    expect((await ann.open(APP)).code).toBe(200);
  }
});

test('a notice that could not be kept is taken when it comes again', async () => {
  let isAway = false;
  const through = (state: State): State =>
    new Proxy(state, {
      get: (target, name) => {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        return name === 'deleteOwned' && isAway
          ? () => Promise.reject(new StateError('STATE_AWAY', 'away', 'Wait.'))
          : member.bind(target);
      },
    });
  const { browser, provider } = await startWorld({ through });
  const ann = browser();
  await ann.open(APP);
  const now = Math.floor(Date.now() / 1_000);
  const valid = { iss: provider.issuer, aud: CLIENT.id, sub: 'ann', iat: now, exp: now + 60, jti: 'one' };
  const token = await provider.sign({ ...valid, events: { [EVENT]: {} } });
  isAway = true;
  expect(await noticed(browser(), token)).toBe(503);
  isAway = false;
  expect(await noticed(browser(), token)).toBe(200);
  expect((await ann.get(APP)).code).toBe(303);
  expect(await noticed(browser(), token)).toBe(400);
  // Nobody remembers one for ever.
  const long = await provider.sign({ ...valid, exp: now + 200_000, jti: 'long', events: { [EVENT]: {} } });
  expect(await noticed(browser(), long)).toBe(400);
});

async function noticed(browser: Browser, token: string): Promise<number> {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const body = new URLSearchParams({ logout_token: token }).toString();
  const url = 'http://auth.example/back-channel-logout/staff';
  return (await browser.send(url, { method: 'POST', path: '', headers, body })).code;
}

test('notices of keys that nobody has, while the keys change, keep nobody from signing in', async () => {
  const { provider, browser } = await startWorld();
  expect((await browser().open(APP)).code).toBe(200);
  provider.rotate();
  const before = provider.asked.get('/jwks') ?? 0;
  const now = Math.floor(Date.now() / 1_000);
  const notice = async (i: number): Promise<number> => {
    const claims = { iss: provider.issuer, aud: CLIENT.id, sub: 'ann', iat: now, exp: now + 60, jti: `${i}` };
    const token = await provider.sign({ ...claims, events: { [EVENT]: {} } }, { kid: `unknown-${i}` });
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ logout_token: token }).toString();
    const url = 'http://auth.example/back-channel-logout/staff';
    return (await browser().send(url, { method: 'POST', path: '', headers, body })).code;
  };
  const [refused, signedIn] = await Promise.all([
    Promise.all(Array.from({ length: 40 }, (_, i) => notice(i))),
    Promise.all(Array.from({ length: 5 }, async () => (await browser().open(APP)).code)),
  ]);
  expect(new Set(refused)).toEqual(new Set([400]));
  expect(signedIn).toEqual([200, 200, 200, 200, 200]);
  // One of all notices, and of each sign-in at most.
  expect((provider.asked.get('/jwks') ?? 0) - before).toBeLessThanOrEqual(6);
});

test('a notice is of the provider, for this gateway, and counts once', async () => {
  const { ann, isIn, provider, browser } = await signedIn();
  const now = Math.floor(Date.now() / 1_000);
  const valid = {
    ...{ iss: provider.issuer, aud: CLIENT.id, sub: 'ann', iat: now, exp: now + 60, jti: 'one' },
    events: { [EVENT]: {} },
  };
  const send = async (token: string, more: object = {}) =>
    (
      await browser().send('http://auth.example/back-channel-logout/staff', {
        method: 'POST',
        path: '',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...more },
        body: new URLSearchParams({ logout_token: token }).toString(),
      })
    ).code;
  const wrong: object[] = [
    { iss: 'http://127.0.0.1:1' },
    { aud: 'another' },
    { exp: now - 60 },
    { exp: undefined, iat: now - 300 },
    { iat: undefined },
    { iat: undefined, exp: undefined },
    { jti: undefined },
    { events: {} },
    { events: undefined },
    { nonce: 'a nonce' },
    { sub: undefined },
  ];
  for (const [i, other] of wrong.entries()) {
    const claims = JSON.parse(JSON.stringify({ ...valid, jti: `wrong ${i}`, ...other })) as typeof valid;
    expect(await send(await provider.sign(claims)), JSON.stringify(other)).toBe(400);
  }
  const token = await provider.sign(valid, { typ: 'logout+jwt' });
  const [head, body] = token.split('.');
  for (const forged of ['', 'x', `${head}.${body}.`, `${token.slice(0, -6)}AAAAAA`, 'x'.repeat(20_000)])
    expect(await send(forged)).toBe(400);
  expect(await isIn(ann)).toBe(true);
  expect(await send(token)).toBe(200);
  expect(await isIn(ann)).toBe(false);
  await ann.open(APP);
  expect(await send(token)).toBe(400);
  expect(await isIn(ann)).toBe(true);
  // As by drafts of the specification.
  const { exp: _, ...draft } = valid;
  expect(await send(await provider.sign({ ...draft, jti: 'two' }))).toBe(200);
  expect(await isIn(ann)).toBe(false);
});

test('whom policies do not let in is told who is signed in, and where that ends', async () => {
  const bob = '{ name: bob, action: allow, include: [{ email: bob@example.com }] }';
  const ann = (await startWorld({ access: `policies: [${bob}]` })).browser();
  const page = await ann.open(APP);
  expect(page.code).toBe(403);
  expect(page.text).toContain('You are signed in as <b>ann@example.com</b>.');
  const problem = await ann.send(APP, { path: '', headers: { Accept: 'application/json' } });
  const members = ['code', 'detail', 'hint', 'instance', 'status', 'title', 'type'];
  expect(Object.keys(JSON.parse(problem.text)).sort()).toEqual(members);
  expect(problem.text).not.toContain('ann@');
  const [, href = ''] = /href="([^"]+)">Sign out</.exec(page.text) ?? [];
  expect((await ann.get(`http://app.example${href}`)).text).toContain('You are signed in as ann@example.com');
});
