// Signing in with a code that is mailed: bound to its browser, few tries, and no hint of who may.

import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../../gateway/addresses/address.ts';
import type { PinConfig } from '../../../../gateway/identity/identity-schema.ts';
import { sourceOf } from '../../../../gateway/identity/known-people.ts';
import { rememberBrowser, takePinSlot } from '../../../../gateway/identity/routes/pin-limits.ts';
import { SessionStore } from '../../../../gateway/identity/sessions/session-store.ts';
import { deriveKey } from '../../../../gateway/state/gateway-key.ts';
import { createTestClock } from '../../../support/clock.ts';
import { type Browser, HTML, type Page } from '../../../support/gateway/identity/browser.ts';
import { startMailServer } from '../../../support/gateway/identity/mail-server.ts';
import { startWorld } from '../../../support/gateway/identity/sign-in-world.ts';
import { openTestState } from '../../../support/gateway/state/states.ts';
import { valuesOf } from '../../../support/gateway/visit.ts';

const APP = 'http://app.example/page';
const FORM = { ...HTML, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' };

async function world() {
  const mail = await startMailServer();
  const { browser, state, events } = await startWorld({
    providers: `  guests: { pin: { smtp: "${mail.url}", from: gateway@example.com, to: ["@guests.example", ann@example.com] } }`,
    access: 'providers: [guests], policies: [{ name: all, action: allow, include: [{ everyone: true }] }]',
  });
  return { mail, browser, state, events };
}

const wayIn = ({ text }: Page): string => /name="way" value="([^"]+)"/.exec(text)?.[1] ?? '';

const post = (browser: Browser, path: string, fields: Record<string, string>, headers: object = {}) =>
  browser.send(`http://auth.example${path}`, {
    method: 'POST',
    path: '',
    headers: { ...FORM, ...headers },
    body: new URLSearchParams(fields).toString(),
  });

async function askFor(browser: Browser, email: string) {
  const first = await browser.open(APP);
  return post(browser, '/pin/address', { way: wayIn(first), email });
}

async function codeOf(mail: Awaited<ReturnType<typeof startMailServer>>, count = 1): Promise<string> {
  await expect.poll(() => mail.mails.length).toBe(count);
  return /is (\d{8,12})\./.exec(mail.mails.at(-1)?.text ?? '')?.[1] ?? '';
}

const wrong = (code: string): string => code.replace(/^./, (digit) => String((Number(digit) + 1) % 10));

describe('a code', () => {
  test('signs in whose mail it came with, once', async () => {
    const { mail, browser, state, events } = await world();
    const ann = browser();
    const asked = await askFor(ann, 'Ann@Example.com');
    expect(asked.code).toBe(200);
    const code = await codeOf(mail);
    expect(mail.mails[0]).toMatchObject({ to: 'ann@example.com' });
    expect(mail.mails[0]?.text).toContain('app.example');
    expect(
      state
        .list('once', '', 10)
        .map(({ value }) => value)
        .join(),
    ).not.toContain(code);
    const page = await post(ann, '/pin/code', { way: wayIn(asked), code: ` ${code.slice(0, 4)} ${code.slice(4)}` });
    expect(page.code).toBe(200);
    const [refresh = ''] = valuesOf(page, 'refresh');
    const end = await ann.open(refresh.replace(/^0;url=/, ''));
    expect(end.code).toBe(200);
    expect((JSON.parse(end.text) as { url: string }).url).toBe('/page');
    expect((await post(ann, '/pin/code', { way: wayIn(asked), code })).code).toBe(400);
    expect(JSON.stringify(events)).not.toMatch(new RegExp(`${code}|ann@`));
  });

  test('may be tried five times, whatever is asked for in between', async () => {
    const { mail, browser } = await world();
    const ann = browser();
    const asked = await askFor(ann, 'ann@example.com');
    const code = await codeOf(mail);
    const way = wayIn(asked);
    for (let i = 0; i < 4; i++) {
      const page = await post(ann, '/pin/code', { way, code: wrong(code) });
      expect(page.code).toBe(200);
      expect(page.text).toContain('This is not the code');
    }
    await post(ann, '/pin/address', { way, email: 'ann@example.com' });
    const next = await codeOf(mail, 2);
    expect((await post(ann, '/pin/code', { way, code })).text).toContain('This is not the code');
    expect((await post(ann, '/pin/code', { way, code: next })).code).toBe(400);
  });

  test('of several tries at once is right for one', async () => {
    const { mail, browser } = await world();
    const ann = browser();
    const asked = await askFor(ann, 'ann@example.com');
    const code = await codeOf(mail);
    const pages = await Promise.all([1, 2, 3].map(() => post(ann, '/pin/code', { way: wayIn(asked), code })));
    expect(pages.map((page) => page.code).sort()).toEqual([200, 400, 400]);
  });

  test('is of the browser that asked, and of its own page', async () => {
    const { mail, browser } = await world();
    const [mallory, ann] = [browser(), browser()];
    const asked = await askFor(mallory, 'ann@example.com');
    const code = await codeOf(mail);
    await ann.open(APP);
    expect((await post(ann, '/pin/code', { way: wayIn(asked), code })).code).toBe(400);
    for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }])
      expect((await post(mallory, '/pin/code', { way: wayIn(asked), code }, headers)).code).toBe(403);
    for (const bad of [{ way: '' }, { way: `${wayIn(asked)}A` }, {}] as Record<string, string>[])
      expect((await post(mallory, '/pin/code', { code, ...bad })).code).toBe(400);
    expect((await post(mallory, '/pin/code', { way: wayIn(asked), code }, { 'Content-Type': 'text/plain' })).code).toBe(
      400,
    );
    expect((await mallory.get('http://auth.example/pin/code')).code).toBe(405);
  });

  test('is worth nothing once all sessions of its person were ended', async () => {
    const { mail, browser, state } = await world();
    const ann = browser();
    const asked = await askFor(ann, 'ann@example.com');
    const code = await codeOf(mail);
    const store = new SessionStore(state, deriveKey(Buffer.alloc(32, 3), 'sessions'));
    await store.endAllOf({
      provider: 'guests',
      source: sourceOf({ pin: {} } as PinConfig),
      subject: 'ann@example.com',
    });
    expect((await post(ann, '/pin/code', { way: wayIn(asked), code })).code).toBe(400);
    expect(ann.jarOf({ hostname: 'auth.example' }).get('cv-session')).toBeUndefined();
  });

  test('is good for ten minutes', async () => {
    const { mail, browser } = await world();
    const clock = createTestClock();
    const ann = browser();
    const asked = await askFor(ann, 'ann@example.com');
    const code = await codeOf(mail);
    clock.pass(10 * 60_000 + 1);
    expect((await post(ann, '/pin/code', { way: wayIn(asked), code })).code).toBe(400);
  });
});

describe('an address', () => {
  test('that may not sign in gets no mail, and the same pages', async () => {
    const { mail, browser } = await world();
    const masked = ({ code, text }: Page): string =>
      `${code} ${text.replace(/value="[^"]+"/, 'value=""').replace(/If \S+ may/, 'If X may')}`;
    const pages = await Promise.all(
      [
        'ann@example.com',
        'bob@guests.example',
        'eve@example.com',
        'eve@sub.guests.example',
        'eve@guests.example.com',
      ].map(async (email) => {
        const own = browser();
        const asked = await askFor(own, email);
        const tries = [];
        for (let i = 0; i < 6; i++)
          tries.push(masked(await post(own, '/pin/code', { way: wayIn(asked), code: '000' })));
        return [masked(asked), ...tries.map((page) => page.replace(/Request \S+/, ''))];
      }),
    );
    expect(new Set(pages.map((each) => JSON.stringify(each))).size).toBe(1);
    await expect.poll(() => mail.mails.length).toBe(2);
    expect(mail.mails.map(({ to }) => to).sort()).toEqual(['ann@example.com', 'bob@guests.example']);
  });

  test('is one, and reads in one way', async () => {
    const { mail, browser } = await world();
    const ann = browser();
    const first = await ann.open(APP);
    for (const email of [
      '',
      'ann',
      'ann@example.com, eve@evil.example',
      'ann@example.com\r\nBcc: eve@evil.example',
      '"a b"@example.com',
      'ann@evil.example@example.com',
      'änn@example.com',
    ])
      expect((await post(ann, '/pin/address', { way: wayIn(first), email })).text).toContain(
        'This is no e-mail address',
      );
    expect(mail.mails).toEqual([]);
  });

  test('is no other spelling of one: what stands behind a plus is listed, or not taken', async () => {
    const { mail, browser } = await world();
    for (const email of ['bob+2@guests.example', 'eve%evil.example@guests.example', 'evil.example!eve@guests.example'])
      await askFor(browser(), email);
    await askFor(browser(), 'bob@guests.example');
    await expect.poll(() => mail.mails.length).toBe(1);
    expect(mail.mails.map(({ to }) => to)).toEqual(['bob@guests.example']);
  });

  test('that strangers ask codes for gets them in browsers of its own', async () => {
    const { mail, browser } = await world();
    const ann = browser();
    const first = await askFor(ann, 'ann@example.com');
    const code = await codeOf(mail);
    expect((await post(ann, '/pin/code', { way: wayIn(first), code })).text).toContain('>Go on<');
    const codes = [];
    for (let i = 0; i < 5; i++) codes.push((await askFor(browser(), 'ann@example.com')).code);
    expect(codes).toEqual([200, 200, 200, 200, 429]);
    ann.jarOf({ hostname: 'auth.example' }).delete('cv-session');
    ann.jarOf({ hostname: 'app.example' }).delete('cv-access');
    expect((await askFor(ann, 'bob@guests.example')).code).toBe(200);
    const again = await askFor(ann, 'ann@example.com');
    const own = await codeOf(mail, 7);
    expect((await post(ann, '/pin/code', { way: wayIn(again), code: own })).text).toContain('>Go on<');
  });

  test('that strangers ask codes for gets them in other networks, and longer ones', async () => {
    const { state } = openTestState();
    const store = new SessionStore(state, createSecretKey(Buffer.alloc(32, 3)));
    const ask = (address: string, cookies: readonly [string, string][] = []) =>
      takePinSlot(
        { head: { ownCookies: new Map(cookies) }, client: parseAddress(address), isSecure: true } as never,
        { provider: 'guests', email: 'ann@example.com' },
        { state, store },
      );
    const [cookie = ''] = (
      await rememberBrowser({ isSecure: true }, { provider: 'guests', email: 'ann@example.com' }, { state, store })
    ).slice(1);
    const own = [/^([^=]+)=([^;]+)/.exec(cookie)?.slice(1) as [string, string]];
    const given = [];
    // Mallory has many networks, and many addresses in each.
    for (let i = 0; i < 6; i++) given.push(await ask(`2001:db8::${i}`));
    expect(given).toEqual([8, 8, 8, 8, 8, undefined]);
    for (let i = 1; i <= 25; i++) expect(await ask(`203.0.113.${i}`)).toBe(12);
    expect(await ask('203.0.113.99')).toBeUndefined();
    for (let i = 0; i < 5; i++) expect(await ask('203.0.113.99', own)).toBe(12);
    expect(await ask('203.0.113.99', own)).toBeUndefined();
  });

  test('gets five codes an hour, and a network asks for twenty', async () => {
    const { browser } = await world();
    const codes = [];
    for (let i = 0; i < 6; i++) codes.push((await askFor(browser(), 'ann@example.com')).code);
    expect(codes).toEqual([200, 200, 200, 200, 200, 429]);
    const others = [];
    for (let i = 0; i < 16; i++) others.push((await askFor(browser(), `guest${i}@guests.example`)).code);
    expect(others.slice(0, 15)).toEqual(Array(15).fill(200));
    expect(others[15]).toBe(429);
  });

  test('whose mail cannot be sent is told to the operator alone', async () => {
    const { mail, browser, events } = await world();
    mail.refuses = true;
    expect((await askFor(browser(), 'ann@example.com')).text).toContain('a code is on its way there');
    await expect
      .poll(() => events)
      .toContainEqual(expect.objectContaining({ event: 'sign-in-failed', provider: 'guests', fault: 'away' }));
  });
});
