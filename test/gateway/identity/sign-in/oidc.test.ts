// Signing in with a real provider of OpenID Connect.

import { describe, expect, test } from 'vitest';
import { answerBatch } from '../../../../gateway/state/batches.ts';
import { answerState, RemoteState } from '../../../../gateway/state/remote-state.ts';
import type { State } from '../../../../gateway/state/state.ts';
import { createTestClock } from '../../../support/clock.ts';
import { type Echo, seen } from '../../../support/gateway/gateway.ts';
import { HTML } from '../../../support/gateway/identity/browser.ts';
import { startProvider } from '../../../support/gateway/identity/provider.ts';
import { CLIENT } from '../../../support/gateway/identity/provider-configuration.ts';
import { EVERYONE, startWorld } from '../../../support/gateway/identity/sign-in-world.ts';
import { valuesOf } from '../../../support/gateway/visit.ts';

const APP = 'http://app.example/page?x=1';

describe('a browser', () => {
  test('is sent to the provider, and comes back to the page that it wanted', async () => {
    const { browser, events } = await startWorld();
    const ann = browser();
    const page = await ann.open(APP);
    expect(page.code, page.text).toBe(200);
    const echo = JSON.parse(page.text) as Echo;
    expect(echo.url).toBe('/page?x=1');
    expect(seen(echo, 'cookie')).toEqual([]);
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'signed-in', provider: 'staff', app: 'app.example' }),
    );
    const again = await ann.get('http://app.example/other');
    expect(again.code).toBe(200);
    expect(valuesOf(again, 'set-cookie')).toEqual([]);
    // Nothing that names a person, or opens a session, is told.
    const told = JSON.stringify(events);
    for (const secret of ['ann@', '"ann"', ...[...ann.jars.values()].flatMap((jar) => [...jar.values()])])
      expect(told).not.toContain(secret);
  });

  test('signs in once for all applications', async () => {
    const { browser, provider } = await startWorld();
    const ann = browser();
    await ann.open(APP);
    const asked = provider.asked.get('/auth');
    const page = await ann.open('http://other.example/there');
    expect(page.code).toBe(200);
    expect(provider.asked.get('/auth')).toBe(asked);
    expect(ann.jarOf({ hostname: 'app.example' }).get('cv-access')).not.toBe(
      ann.jarOf({ hostname: 'other.example' }).get('cv-access'),
    );
  });

  test('signs in anew where nothing was done for long, and goes on elsewhere', async () => {
    const clock = createTestClock();
    const { browser, provider } = await startWorld({ access: `${EVERYONE}, session: { idle: 10m, absolute: 1h }` });
    const ann = browser();
    const asked = () => provider.asked.get('/auth');
    await ann.open(APP);
    await ann.open('http://other.example/');
    expect(asked()).toBe(1);
    clock.pass(9 * 60_000);
    expect((await ann.get(APP)).code).toBe(200);
    clock.pass(9 * 60_000);
    expect((await ann.get(APP)).code).toBe(200);
    clock.pass(11 * 60_000);
    expect((await ann.get('http://other.example/')).code).toBe(200);
    // Without its cookie neither.
    ann.jarOf({ hostname: 'app.example' }).delete('cv-access');
    expect((await ann.open(APP)).code).toBe(200);
    expect(asked()).toBe(2);
    for (let i = 0; i < 7; i++) {
      clock.pass(9 * 60_000);
      await ann.open(APP);
    }
    expect(asked()).toBe(3);
  });

  test('signs in anew where a policy wants that it was not long ago', async () => {
    const clock = createTestClock();
    const everyone = 'action: allow, include: [{ everyone: true }]';
    const access = `policies: [{ name: all, ${everyone} }, { name: pay, ${everyone}, paths: /pay, session: { absolute: 10m } }]`;
    const { browser, provider } = await startWorld({ access });
    const ann = browser();
    const asked = () => provider.asked.get('/auth');
    expect((await ann.open('http://app.example/pay')).code).toBe(200);
    clock.pass(9 * 60_000);
    expect((await ann.get('http://app.example/pay/x')).code).toBe(200);
    clock.pass(2 * 60_000);
    expect((await ann.get('http://app.example/')).code).toBe(200);
    // Neither another page nor another application makes it younger.
    expect((await ann.open('http://other.example/')).code).toBe(200);
    expect((await ann.get('http://app.example/pay')).code).toBe(303);
    expect((await ann.get('http://app.example/pay', { Accept: 'application/json' })).code).toBe(401);
    expect(asked()).toBe(1);
    expect((await ann.open('http://app.example/pay')).code).toBe(200);
    expect(asked()).toBe(2);
    expect((await ann.get('http://app.example/pay')).code).toBe(200);
  });

  test('may have several ways open at once', async () => {
    const { browser } = await startWorld();
    const ann = browser();
    const leave = (path: string) =>
      ann.open(`http://app.example${path}`, { stopAt: ({ hostname }) => hostname === '127.0.0.1' });
    const ways = [await leave('/a'), await leave('/b')];
    for (const [i, way] of ways.entries()) {
      const page = await ann.open(way.url);
      expect(page.code).toBe(200);
      expect((JSON.parse(page.text) as Echo).url).toBe(['/a', '/b'][i]);
    }
  });

  test('is told that a form was not sent, and signs in beside it', async () => {
    const { browser } = await startWorld();
    const ann = browser();
    const form = {
      method: 'POST',
      path: '',
      headers: { ...HTML, Referer: 'http://app.example/form', 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'text=long',
    };
    const page = await ann.send('http://app.example/save', form);
    expect(page.code).toBe(401);
    expect(page.text).toContain('was not passed on');
    const end = await ann.open(/href="([^"]+)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? '');
    expect((JSON.parse(end.text) as Echo).url).toBe('/form');
    const again = await ann.send('http://app.example/save', form);
    expect((JSON.parse(again.text) as Echo).body).toBe('text=long');
  });

  test('that gives up is told so, with a way back', async () => {
    const { browser, provider, events } = await startWorld();
    provider.user = undefined;
    const page = await browser().open(APP);
    expect(page.code).toBe(403);
    expect(page.text).toContain('href="http://app.example/page?x=1"');
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'sign-in-failed', fault: 'refused', reason: 'access_denied' }),
    );
  });

  test('chooses among providers, on a page without script', async () => {
    const other = await startProvider({ name: 'partners' });
    const { browser } = await startWorld({
      providers: `  partners: { oidc: "${other.issuer}", clientId: ${CLIENT.id}, label: "Our <partners>" }`,
    });
    const ann = browser();
    const page = await ann.open(APP);
    expect(page.code).toBe(200);
    expect(page.text).toContain('Our &lt;partners&gt;');
    expect(page.text).not.toContain('<script');
    expect(valuesOf(page, 'content-security-policy')).toEqual([
      expect.stringMatching(
        /^default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'/,
      ),
    ]);
    const links = [...page.text.matchAll(/href="(\/sign-in[^"]+)"/g)].map(([, href = '']) =>
      href.replaceAll('&amp;', '&'),
    );
    expect(links).toHaveLength(2);
    const end = await ann.open(new URL(links.find((link) => link.endsWith('with=staff')) ?? '', page.url));
    expect(end.code).toBe(200);
  });

  test('of a provider that an application does not take signs in anew', async () => {
    const other = await startProvider({ name: 'partners' });
    const { browser } = await startWorld({
      providers: `  partners: { oidc: "${other.issuer}", clientId: ${CLIENT.id} }`,
      access: `${EVERYONE}, providers: [staff]`,
    });
    const ann = browser();
    const chooser = await ann.open('http://other.example/');
    const way = [...chooser.text.matchAll(/href="([^"]+with=staff)"/g)][0]?.[1]?.replaceAll('&amp;', '&') ?? '';
    expect((await ann.open(new URL(way, chooser.url))).code).toBe(200);
    expect((await ann.open(APP)).code).toBe(200);
  });
});

describe('a program', () => {
  test('is told where somebody signs in, and comes back to the page that asked', async () => {
    const { browser } = await startWorld();
    const ann = browser();
    const headers = { Accept: 'application/json', 'Sec-Fetch-Mode': 'cors', Referer: 'http://app.example/mail' };
    const answer = await ann.get('http://app.example/api', headers);
    expect(answer.code).toBe(401);
    expect(valuesOf(answer, 'www-authenticate')).toEqual(['Credveil']);
    const problem = JSON.parse(answer.text) as { code: string; signIn: string };
    expect(problem.code).toBe('SIGN_IN_REQUIRED');
    const page = await ann.open(problem.signIn);
    expect((JSON.parse(page.text) as Echo).url).toBe('/mail');
  });
});

describe('a person', () => {
  test('has an e-mail if the provider has verified it', async () => {
    const access = 'policies: [{ name: own, action: allow, include: [{ emailDomain: example.com }] }]';
    const open = async (claims: object) =>
      (await (await startWorld({ access, claims: { ...claims } })).browser().open(APP)).code;
    expect(await open({})).toBe(200);
    expect(await open({ email_verified: false })).toBe(403);
    expect(await open({ email_verified: undefined })).toBe(403);
    expect(await open({ email: 'ann@evil.example@example.com' })).toBe(403);
    expect(await open({ email: 'ann@evil.example,x@example.com' })).toBe(403);
    expect(await open({ email: 'ANN@Example.COM' })).toBe(200);
  });

  test('has groups and other claims', async () => {
    const policy = (selector: string) => `policies: [{ name: own, action: allow, include: [{ ${selector} }] }]`;
    const open = async (selector: string) =>
      (await (await startWorld({ access: policy(selector), claims: { groups: ['red', 'blue'] } })).browser().open(APP))
        .code;
    expect(await open('group: blue')).toBe(200);
    expect(await open('group: green')).toBe(403);
    expect(await open('claim: { name: name, value: ann }')).toBe(200);
    expect(await open('provider: staff')).toBe(200);
  });

  test('with more claims than a session keeps is none, and none is cut off', async () => {
    const groups = Array.from({ length: 2_000 }, (_, i) => `group ${i}`);
    const { browser, events } = await startWorld({ claims: { groups } });
    expect((await browser().open(APP)).code).toBe(502);
    expect(events).toContainEqual(expect.objectContaining({ event: 'sign-in-failed', reason: 'claims too long' }));
  });
});

describe('a provider', () => {
  test('that is away is reported so, and found again once it is back', async () => {
    let isAway = true;
    const { browser, provider } = await startWorld();
    provider.alter = (path) => (isAway && path.startsWith('/.well-known') ? 'not JSON' : undefined);
    expect((await browser().open(APP)).code).toBe(502);
    isAway = false;
    expect((await browser().open(APP)).code).toBe(200);
    await provider.stop();
    const page = await browser().open(APP, { stopAt: ({ hostname }) => hostname === '127.0.0.1' });
    expect(page.url.hostname).toBe('127.0.0.1');
    const fresh = await startWorld();
    await fresh.provider.stop();
    const away = await fresh.browser().open(APP);
    expect(away.code).toBe(503);
    expect(away.text).toContain('does not answer');
    expect(valuesOf(away, 'retry-after')).toEqual(['5']);
  });

  test('may change its keys at any time', async () => {
    const { browser, provider } = await startWorld();
    for (let i = 0; i < 3; i++) {
      const codes = await Promise.all(Array.from({ length: 4 }, async () => (await browser().open(APP)).code));
      expect(codes).toEqual([200, 200, 200, 200]);
      provider.rotate();
    }
  });

  test('gets no more than one question for its documents', async () => {
    const { browser, provider } = await startWorld();
    await Promise.all(Array.from({ length: 8 }, () => browser().open(APP)));
    expect(provider.asked.get('/.well-known/openid-configuration')).toBe(1);
    expect(provider.asked.get('/jwks')).toBe(1);
  });
});

test('without the state nobody signs in, and the page says so', async () => {
  let isAway = false;
  const through = (state: State) =>
    new RemoteState((questions) =>
      isAway ? Promise.reject(new Error('away')) : answerBatch(questions, (each) => answerState(state, each)),
    );
  const { browser } = await startWorld({ through });
  const [ann, ben] = [browser(), browser()];
  expect((await ann.open(APP)).code).toBe(200);
  const way = await ben.open(APP, { stopAt: ({ pathname }) => pathname.startsWith('/callback/') });
  isAway = true;
  const page = await ben.get(way.url);
  expect(page.code).toBe(503);
  expect(page.text).toContain('Sign-ins cannot be checked now');
  await expect.poll(async () => (await ann.get(APP)).code).toBe(503);
  // Nobody has to be known for it.
  expect((await ann.get('http://open.example/')).code).toBe(200);
  isAway = false;
  await expect.poll(async () => (await ann.get(APP)).code).toBe(200);
});
