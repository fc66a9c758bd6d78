// What attackers try on the way to a provider and back. None of it opens a session.

import { type JWTPayload, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import type { Browser } from '../../../support/gateway/identity/browser.ts';
import { startProvider, type TestProvider } from '../../../support/gateway/identity/provider.ts';
import { CLIENT } from '../../../support/gateway/identity/provider-configuration.ts';
import { type SignInWorld, startWorld } from '../../../support/gateway/identity/sign-in-world.ts';
import { valuesOf } from '../../../support/gateway/visit.ts';

const APP = 'http://app.example/page?x=1';
const toCallback = ({ pathname }: URL): boolean => pathname.startsWith('/callback/');
const toHandOver = ({ pathname }: URL): boolean => pathname === '/.credveil/callback';
const toProvider = ({ hostname }: URL): boolean => hostname === '127.0.0.1';

const sessionsIn = (browser: Browser): string[] =>
  [...browser.jars.values()].flatMap((jar) => [...jar.keys()].filter((name) => /cv-(?:session|access)$/.test(name)));

/** A way that one browser began, as far as it is asked for. */
async function wayOf(browser: Browser, stopAt: (url: URL) => boolean): Promise<URL> {
  return (await browser.open(APP, { stopAt })).url;
}

describe('a way', () => {
  test('counts once', async () => {
    const { browser } = await startWorld();
    const ann = browser();
    const callback = await wayOf(ann, toCallback);
    const first = await ann.get(callback);
    expect(first.code).toBe(303);
    ann.jarOf({ hostname: 'auth.example' }).delete('cv-session');
    expect((await ann.get(callback)).code).toBe(400);
    const [handOver = ''] = valuesOf(first, 'location');
    expect((await ann.get(handOver)).code).toBe(303);
    ann.jarOf({ hostname: 'app.example' }).delete('cv-access');
    expect((await ann.get(handOver)).code).toBe(400);
    expect(sessionsIn(ann)).toEqual([]);
  });

  test('ends in the browser in which it began: nobody signs others in as themselves', async () => {
    const { browser } = await startWorld();
    const [mallory, ann] = [browser(), browser()];
    // At the provider, at its end, and with the code for the application.
    for (const stopAt of [toCallback, toHandOver]) {
      const page = await ann.open(await wayOf(mallory, stopAt));
      expect(page.code).toBe(400);
      expect(page.text).toContain('href="http://app.example/page?x=1"');
      expect(sessionsIn(ann)).toEqual([]);
      for (const jar of mallory.jars.values()) jar.clear();
    }
    // Signed in as herself on Mallory's way, she opens nothing of his.
    const page = await ann.open(await wayOf(mallory, ({ pathname }) => pathname === '/sign-in'));
    expect(page.code).toBe(400);
    expect(sessionsIn(ann)).toEqual(['cv-session']);
  });

  test('is of one host, and of one provider', async () => {
    const other = await startProvider({ name: 'partners' });
    const { browser } = await startWorld({
      providers: `  partners: { oidc: "${other.issuer}", clientId: ${CLIENT.id} }`,
      access: 'providers: [staff], policies: [{ name: all, action: allow, include: [{ everyone: true }] }]',
    });
    const ann = browser();
    const callback = await wayOf(ann, toCallback);
    expect((await ann.get(callback.href.replace('/callback/staff', '/callback/partners'))).code).toBe(400);
    expect((await ann.get(callback.href.replace('/callback/staff', '/callback/nobody'))).code).toBe(404);
    const page = await ann.get(callback);
    const [handOver = ''] = valuesOf(page, 'location');
    expect((await ann.get(handOver.replace('app.example', 'other.example'))).code).toBe(400);
    expect((await ann.get(handOver)).code).toBe(400);
  });

  test('has the issuer in its answer (RFC 9207)', async () => {
    const { browser, events } = await startWorld();
    for (const change of [
      (url: URL) => url.searchParams.set('iss', 'http://127.0.0.1:1'),
      (url: URL) => url.searchParams.delete('iss'),
      (url: URL) => url.searchParams.append('iss', 'http://127.0.0.1:1'),
      (url: URL) => url.searchParams.append('code', 'another'),
      (url: URL) => url.searchParams.set('response', 'eyJhbGciOiJub25lIn0.e30.'),
    ]) {
      const ann = browser();
      const callback = await wayOf(ann, toCallback);
      change(callback);
      expect((await ann.get(callback)).code).toBe(502);
      expect(sessionsIn(ann)).toEqual([]);
    }
    expect(events.filter(({ event }) => event === 'sign-in-failed')).toHaveLength(5);
  });

  test('needs the code of its own browser at the provider (PKCE, nonce)', async () => {
    const { browser } = await startWorld();
    const [mallory, ann] = [browser(), browser()];
    const hers = await wayOf(ann, toCallback);
    const his = await wayOf(mallory, toCallback);
    his.searchParams.set('code', hers.searchParams.get('code') ?? '');
    expect((await mallory.get(his)).code).toBe(502);
    expect(sessionsIn(mallory)).toEqual([]);
  });

  test('leads to the application alone, whatever is asked for', async () => {
    const { browser, port } = await startWorld();
    const ann = browser();
    for (const target of ['//evil.example/', '/\t/evil.example', '//evil.example:80/%2e%2e', '/@evil.example']) {
      const page = await ann.open(`http://app.example:${port}${target}`).catch(() => undefined);
      const hosts = new Set(ann.visited.map(({ hostname }) => hostname));
      expect([...hosts].sort(), target).toEqual(expect.not.arrayContaining(['evil.example']));
      expect(page?.code ?? 200).toBeLessThan(500);
    }
    const { url } = await browser().open(APP, { stopAt: ({ pathname }) => pathname === '/sign-in' });
    const to = url.searchParams.get('to') ?? '';
    for (const wrong of [to.slice(0, -1), `${to.slice(0, -2)}AA`, '', 'http://evil.example/', `${to}&to=${to}`]) {
      const page = await browser().get(`http://auth.example/sign-in?to=${wrong}`);
      expect(page.code).toBe(400);
      expect(page.text).not.toContain('href');
    }
  });
});

describe('a token', () => {
  /** The provider's own, with other claims, another header, or another key. */
  async function openWith(
    change: (claims: Record<string, unknown>, world: SignInWorld) => Promise<string>,
  ): Promise<{ readonly code: number; readonly reason: unknown }> {
    const world = await startWorld();
    const { browser, provider, events } = world;
    let altered = Promise.resolve('');
    const ann = browser();
    const callback = await wayOf(ann, toCallback);
    // The answer is made before its body is known to be needed.
    const token = await tokenOf(ann, callback, provider);
    altered = change(token, world);
    const text = await altered;
    provider.alter = (path, body) =>
      path === '/token' ? JSON.stringify({ ...(JSON.parse(body) as object), id_token: text }) : undefined;
    const page = await ann.get(callback);
    if (page.code !== 303) expect(sessionsIn(ann)).toEqual([]);
    const failed = events.find(({ event }) => event === 'sign-in-failed') as { reason?: unknown } | undefined;
    return { code: page.code, reason: failed?.reason };
  }

  /** What the provider would say, with the nonce of this way. */
  async function tokenOf(browser: Browser, _: URL, { issuer }: TestProvider): Promise<Record<string, unknown>> {
    const asked = browser.visited.find(({ pathname }) => pathname === '/auth');
    const now = Math.floor(Date.now() / 1_000);
    const nonce = asked?.searchParams.get('nonce');
    return { iss: issuer, aud: CLIENT.id, sub: 'ann', nonce, iat: now, exp: now + 60, email: 'ann@example.com' };
  }

  test('of the provider, for this gateway and this way, is taken', async () => {
    expect(await openWith((claims, { provider }) => provider.sign(claims))).toEqual({ code: 303, reason: undefined });
  });

  test.each([
    ['of another issuer', { iss: 'http://127.0.0.1:1' }],
    ['for another client', { aud: 'another' }],
    ['for several, by another', { aud: ['another', CLIENT.id], azp: 'another' }],
    ['that has expired', { exp: Math.floor(Date.now() / 1_000) - 60, iat: Math.floor(Date.now() / 1_000) - 120 }],
    ['that is not valid yet', { nbf: Math.floor(Date.now() / 1_000) + 120 }],
    ['of another way', { nonce: 'another' }],
    ['without nonce', { nonce: undefined }],
    ['of nobody', { sub: undefined }],
    ['of an empty name', { sub: '' }],
    ['without end', { exp: undefined }],
  ])('%s is refused', async (_, other) => {
    const { code } = await openWith((claims, { provider }) =>
      provider.sign(JSON.parse(JSON.stringify({ ...claims, ...other })) as JWTPayload),
    );
    expect(code).toBe(502);
  });

  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('without signature is refused', async () => {
    for (const alg of ['none', 'None', 'NONE', ''])
      expect((await openWith(async (claims) => `${encode({ alg })}.${encode(claims)}.`)).code).toBe(502);
  });

  test('signed with what everybody knows, or with the secret of the client, is refused', async () => {
    const pem = (world: SignInWorld) => world.provider.publicKey().export({ type: 'spki', format: 'pem' });
    for (const secret of [
      (world: SignInWorld) => String(pem(world)),
      () => CLIENT.secret,
      () => CLIENT.secret.repeat(2),
    ])
      expect(
        (
          await openWith((claims, world) =>
            new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret(world))),
          )
        ).code,
      ).toBe(502);
  });

  test('of another key, or one that it brings along, is refused', async () => {
    const stranger = await startProvider();
    const jwk = stranger.publicKey().export({ format: 'jwk' });
    for (const header of [{}, { kid: 'unknown' }, { jwk }, { jku: `${stranger.issuer}/jwks` }])
      expect((await openWith((claims) => stranger.sign(claims, header))).code, JSON.stringify(header)).toBe(502);
    expect(stranger.asked.get('/jwks')).toBeUndefined();
  });

  test('whose claims were changed is refused', async () => {
    const changed = async (claims: Record<string, unknown>, { provider }: SignInWorld) => {
      const [head, , signature] = (await provider.sign(claims)).split('.');
      return `${head}.${encode({ ...claims, sub: 'root' })}.${signature}`;
    };
    expect((await openWith(changed)).code).toBe(502);
  });

  test('has the e-mail of the token or of the user information, never one that the other vouches for', async () => {
    const access = 'policies: [{ name: own, action: allow, include: [{ email: root@example.com }] }]';
    const world = await startWorld({ access });
    const { browser, provider } = world;
    const ann = browser();
    const callback = await wayOf(ann, toCallback);
    const claims = { ...(await tokenOf(ann, callback, provider)), email: 'root@example.com' };
    const text = await provider.sign(claims);
    provider.alter = (path, body) =>
      path === '/token' ? JSON.stringify({ ...(JSON.parse(body) as object), id_token: text }) : undefined;
    expect((await ann.open(callback)).code).toBe(403);
  });
});

describe('a session', () => {
  test('is new at each sign-in, and the one of before is over', async () => {
    const { browser, state } = await startWorld();
    const ann = browser();
    await ann.open(APP);
    const own = ann.jarOf({ hostname: 'auth.example' });
    const [before = '', access = ''] = [own.get('cv-session'), ann.jarOf({ hostname: 'app.example' }).get('cv-access')];
    // Mallory has planted the ids of a session of his own.
    const mallory = browser();
    await mallory.open(APP);
    const planted = mallory.jarOf({ hostname: 'auth.example' }).get('cv-session') ?? '';
    own.set('cv-session', planted);
    ann.jarOf({ hostname: 'app.example' }).delete('cv-access');
    const page = await ann.open('http://auth.example/');
    expect(page.text).toContain('ann@example.com');
    expect(own.get('cv-session')).toBe(planted);
    own.delete('cv-session');
    await ann.open(APP);
    const now = own.get('cv-session') ?? '';
    expect(new Set([before, planted, now]).size).toBe(3);
    own.set('cv-session', now);
    const kept = state.list('session', '', 1_000).map(({ key, value }) => key + value);
    for (const secret of [before, planted, now, access]) expect(kept.join()).not.toContain(secret);
  });

  test('is none of a cookie that is made up, stuffed, doubled or too long', async () => {
    const { browser } = await startWorld();
    const ann = browser();
    await ann.open(APP);
    const value = ann.jarOf({ hostname: 'app.example' }).get('cv-access') ?? '';
    const open = async (cookie: string) =>
      (await browser().send(APP, { path: '', headers: { Accept: 'application/json', Cookie: cookie } })).code;
    expect(await open(`cv-access=${value}`)).toBe(200);
    const others = `x=${'y'.repeat(50)}; `.repeat(100);
    expect(await open(`${others}cv-access=${value}`)).toBe(200);
    for (const cookie of [
      `cv-access=${value}; cv-access=${value}`,
      `cv-access=${value.slice(1)}`,
      `cv-access="${value}"`,
      `cv-access=${value}A`,
      `__Host-cv-access=${value}`,
      `cv-session=${value}`,
      `cv-access=${'A'.repeat(43)}`,
      `cv-access=%41${value.slice(1)}`,
      `CV-ACCESS=${value}`,
    ])
      expect(await open(cookie), cookie.replaceAll(value, 'VALUE')).toBe(401);
    expect(await open(`cv-access=${'A'.repeat(40_000)}`)).toBe(431);
    for (const count of [300, 3_000])
      expect([401, 431]).toContain(await open(`cv-access=${'B'.repeat(43)}; `.repeat(count)));
  });
});

test('a flood of ways that nobody goes to their end leaves nothing in the state', async () => {
  const { browser, state } = await startWorld();
  await Promise.all(Array.from({ length: 200 }, () => browser().open(APP, { stopAt: toProvider })));
  const junk = browser();
  for (let i = 0; i < 50; i++)
    expect((await junk.get(`http://auth.example/callback/staff?state=${i}&code=x`)).code).toBe(400);
  await state.settled();
  expect(state.sizeOf('once') + state.sizeOf('session')).toBe(0);
});
