// Codes from browsers that run no script: by forms of the same pages.

import { describe, expect, test } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { appCode } from '../../support/gateway/factors/book.ts';
import { AUTH, FactorPage, fieldsOf, isStepUp, secretIn } from '../../support/gateway/factors/factor-page.ts';
import { type Browser, HTML, type Page } from '../../support/gateway/identity/browser.ts';
import { startWorld } from '../../support/gateway/identity/sign-in-world.ts';
import { valuesOf } from '../../support/gateway/visit.ts';

const ANN = 'ann@example.com';
const APP = 'http://app.example/page';
const FORM = { ...HTML, 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'application/x-www-form-urlencoded' };

/** Ann with an app, an hour after she enrolled it. */
async function opened() {
  const clock = createTestClock();
  const world = await startWorld({ more: 'factors: { methods: [totp], every: 30m }' });
  const ann = world.browser();
  await ann.open(APP, { stopAt: isStepUp });
  const own = new FactorPage(ann);
  const { secret } = await own.enrolApp(await world.kept.admin.makeCode(ANN));
  const codes = await own.drawCodes();
  expect((await ann.open(APP)).url.pathname).toBe('/page');
  clock.pass(3_600_000);
  return { ...world, clock, ann, codes, right: () => appCode(secret, Date.now()) };
}

/** The fields of the form on the page that asks for a factor. */
async function stepUpForm(browser: Browser): Promise<Record<string, string>> {
  const { url } = await browser.open(APP, { stopAt: isStepUp });
  const { text } = await browser.get(url);
  const [, form = ''] = /<noscript>(<form[\s\S]*?<\/form>)<\/noscript>/.exec(text) ?? [];
  expect(form).toContain('method="post" action="/step-up"');
  return fieldsOf(form);
}

const send = (browser: Browser, fields: Record<string, string>, headers: object = {}): Promise<Page> =>
  browser.send(`${AUTH}/step-up`, {
    method: 'POST',
    path: '',
    headers: { ...FORM, ...headers },
    body: new URLSearchParams(fields).toString(),
  });

const nextOf = (page: Page): string => valuesOf(page, 'refresh')[0]?.replace(/^0;url=/, '') ?? '';

describe('a browser that runs no script', () => {
  test('shows a code of an app, and goes on to the page that it wanted, under a new session', async () => {
    const { ann, right } = await opened();
    const before = ann.jarOf(new URL(AUTH)).get('cv-session');
    const form = await stepUpForm(ann);
    const code = right();
    const page = await send(ann, { ...form, code });
    expect(page.code).toBe(200);
    expect((await ann.open(nextOf(page))).url.href).toBe(APP);
    expect(ann.jarOf(new URL(AUTH)).get('cv-session')).not.toBe(before);
    // Neither the form nor the code counts again.
    expect((await send(ann, { ...form, code })).code).toBe(403);
  });

  test('reads that a code is wrong, types another one, and waits after five', async () => {
    const { ann, right, clock } = await opened();
    for (let i = 1; i <= 5; i++) {
      const wrong = String((Number(right()) + i) % 1e6).padStart(6, '0');
      const page = await send(ann, { ...(await stepUpForm(ann)), code: wrong });
      expect([page.code, page.text.includes('This is not the code')]).toEqual([403, true]);
      expect(page.text).toMatch(/aria-invalid="true" aria-describedby="plain-message"/);
    }
    const form = await stepUpForm(ann);
    expect((await send(ann, { ...form, code: right() })).code).toBe(429);
    clock.pass(30_000);
    expect((await send(ann, { ...form, code: right() })).code).toBe(200);
  });

  test('uses a recovery code, which leads to a new factor alone', async () => {
    const { ann, codes } = await opened();
    const page = await send(ann, { ...(await stepUpForm(ann)), code: codes[0] ?? '' });
    expect(nextOf(page)).toMatch(/^\/enrol\?to=/);
    expect((await ann.open(APP, { stopAt: isStepUp })).url.pathname).toBe('/step-up');
    expect((await send(ann, { ...(await stepUpForm(ann)), code: codes[0] ?? '' })).code).toBe(403);
  });
});

describe('an app', () => {
  const post = (browser: Browser, path: string, fields: Record<string, string>, headers: object = {}) =>
    browser.send(`${AUTH}${path}`, {
      method: 'POST',
      path: '',
      headers: { ...FORM, ...headers },
      body: new URLSearchParams(fields).toString(),
    });

  test('is enrolled with a code of an administrator, and opens the application', async () => {
    const clock = createTestClock();
    const { browser, kept } = await startWorld({ more: 'factors: { methods: [totp] }' });
    const ann = browser();
    await ann.open(APP, { stopAt: isStepUp });
    const { token = '' } = fieldsOf((await ann.get(`${AUTH}/enrol`)).text);
    const wanted = { token, method: 'totp', name: 'phone' };
    const closed = await post(ann, '/enrol', { ...wanted, code: '' });
    expect([closed.code, closed.text.includes('Type the code that you were given.')]).toEqual([403, true]);
    const wrong = await post(ann, '/enrol', { ...wanted, code: '0000-0000-0000-0000' });
    expect([wrong.code, wrong.text.includes('This is not the code')]).toEqual([403, true]);
    const code = await kept.admin.makeCode(ANN);
    for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }])
      expect((await post(ann, '/enrol', { ...wanted, code }, headers)).code).toBe(403);
    const key = await post(ann, '/enrol', { ...wanted, method: 'security_key', code });
    expect([key.code, key.text.includes('need JavaScript')]).toEqual([403, true]);
    const page = await post(ann, '/enrol', { ...wanted, name: '<b>phone</b>', code });
    expect(page.text).not.toContain('<b>phone</b>');
    const form = { ...fieldsOf(page.text), name: 'phone' };
    const secret = secretIn(page.text);
    expect((await post(ann, '/enrol/app', { ...form, code: '000000', token: '' })).code).toBe(403);
    expect((await post(ann, '/enrol/app', { ...form, code: 'x'.repeat(20) })).code).toBe(400);
    const again = await post(ann, '/enrol/app', { ...form, code: '' });
    expect([again.code, again.text.includes('This is not the code')]).toEqual([403, true]);
    expect(again.text).not.toContain(secret.slice(0, 4));
    expect(fieldsOf(again.text)).toEqual({ ...form, to: '' });
    expect((await post(ann, '/enrol/app', { ...form, code: appCode(secret, Date.now()) })).code).toBe(200);
    expect(kept.admin.find(ANN)?.factors).toMatchObject([{ method: 'totp', name: 'phone' }]);
    // It was shown: they go on. Neither the code nor the form counts again.
    expect((await ann.open(APP)).url.pathname).toBe('/page');
    clock.pass(60_000);
    expect((await post(ann, '/enrol/app', { ...form, code: appCode(secret, Date.now()) })).code).toBe(403);
    expect(kept.admin.find(ANN)?.factors).toHaveLength(1);
  });
});

describe('nothing comes of such a form', () => {
  test.each<[string, number, Record<string, string>, object]>([
    ['of another site', 403, {}, { 'Sec-Fetch-Site': 'cross-site' }],
    ['of an application', 403, {}, { 'Sec-Fetch-Site': 'same-site' }],
    ['without its token', 403, { token: '' }, {}],
    ['with the token of another session', 403, { token: 'A'.repeat(43) }, {}],
    ['for what nobody sealed', 410, { to: 'x' }, {}],
    ['with a code that is too long', 400, { code: '1'.repeat(65) }, {}],
  ])('%s', async (_, status, lie, headers) => {
    const { ann, right } = await opened();
    const form = await stepUpForm(ann);
    const code = right();
    const page = await send(ann, { ...form, code, ...lie }, headers);
    expect(page.code).toBe(status);
    expect(page.text).not.toContain('This is not the code');
    // The code is not used.
    expect((await send(ann, { ...form, code })).code).toBe(200);
  });

  test('in a browser that is not signed in', async () => {
    const { ann, browser, right } = await opened();
    const form = await stepUpForm(ann);
    const other = browser();
    expect((await send(other, { ...form, code: right() })).code).toBe(401);
    expect((await other.get(`${AUTH}/step-up?to=${form['to']}`)).text).not.toContain('name="token"');
  });
});
