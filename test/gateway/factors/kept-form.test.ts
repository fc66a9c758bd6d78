// A form that asks for a factor first: kept for the same person in the same browser, and sent on by
// their own click. Nothing that another site may have sent is kept.

import { describe, expect, test } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { Authenticator } from '../../support/gateway/factors/authenticator.ts';
import { AUTH, isStepUp, signedIn } from '../../support/gateway/factors/factor-page.ts';
import type { Echo } from '../../support/gateway/gateway.ts';
import { type Browser, HTML, type Page } from '../../support/gateway/identity/browser.ts';
import { EVERYONE, startWorld } from '../../support/gateway/identity/sign-in-world.ts';
import { valuesOf } from '../../support/gateway/visit.ts';

const FORM = 'http://app.example/transfer?to=7';
const BODY = 'amount=100';
const OWN = {
  ...HTML,
  'Sec-Fetch-Site': 'same-origin',
  Origin: 'http://app.example',
  'Content-Type': 'application/x-www-form-urlencoded',
};

/** Ann has a key, and one of her pages is open. */
async function world(access = 'factors: { every: 1h }') {
  const clock = createTestClock();
  const started = await startWorld({ access: `${EVERYONE}, ${access}`, more: 'factors: { methods: [security_key] }' });
  const { browser: ann, own } = await signedIn(started);
  const key = new Authenticator(AUTH);
  await own.enrolKey(key, 'security_key', await started.kept.admin.makeCode('ann@example.com'));
  expect((await ann.open('http://app.example/form')).code).toBe(200);
  /** Shows the key, and comes back. */
  const show = async (page: Page): Promise<Page> => {
    const { body } = await own.open(page.url);
    const { location } = (await own.answerKey(body['challenge'], key)).body as { location: string };
    return ann.open(location);
  };
  const kept = () => started.state.list('once', 'form.', 100);
  return { ...started, clock, ann, own, show, kept };
}

const post = (browser: Browser, headers: object = {}, body = BODY, url = FORM) =>
  browser.send(url, { method: 'POST', path: '', headers: { ...OWN, ...headers }, body });

const tokenIn = ({ text }: Page): string => /name="credveil-form" value="([^"]+)"/.exec(text)?.[1] ?? '';
const click = (browser: Browser, token: string, headers: object = {}) =>
  post(browser, headers, `credveil-form=${token}`);

/** Where the answer to a form leads, as far as a browser comes without its person. */
async function follow(browser: Browser, page: Page): Promise<Page> {
  expect(page.code, page.text).toBe(303);
  const url = new URL(valuesOf(page, 'location')[0] ?? '');
  return isStepUp(url) ? { ...page, url } : browser.open(url, { stopAt: isStepUp });
}

const arrived = ({ code, text }: Page): readonly [number, string, string] => {
  const { method, url, body } = JSON.parse(text) as Echo;
  return [code, `${method} ${url}`, body];
};

describe('a form of whom is asked for a factor', () => {
  test('is kept, shown, and sent on once by their click', async () => {
    const { clock, ann, show, kept } = await world();
    clock.pass(3_600_000);
    const page = await follow(ann, await post(ann));
    expect(page.url.href).toMatch(/^http:\/\/auth\.example\/step-up\?to=/);
    expect(kept()).toHaveLength(1);
    const shown = await show(page);
    expect(shown.code, shown.text).toBe(200);
    expect(shown.text).toContain('POST /transfer?to=7');
    expect(arrived(await click(ann, tokenIn(shown)))).toEqual([200, 'POST /transfer?to=7', BODY]);
    expect((await click(ann, tokenIn(shown))).code).toBe(410);
    expect(kept()).toEqual([]);
  });

  test('is kept too where every page asks', async () => {
    const { clock, ann, show } = await world('factors: { every: 0m }');
    clock.pass(61_000);
    const shown = await show(await follow(ann, await post(ann)));
    expect(arrived(await click(ann, tokenIn(shown)))).toEqual([200, 'POST /transfer?to=7', BODY]);
    // The next page asks again.
    expect((await ann.open('http://app.example/form', { stopAt: isStepUp })).url.pathname).toBe('/step-up');
  });

  test('whose session had expired too is kept until both were done', async () => {
    const { clock, ann, show, kept } = await world('session: { idle: 10m }');
    clock.pass(11 * 60_000);
    const asked = await follow(ann, await post(ann));
    expect(asked.code, asked.text).toBe(200);
    // The session is a new one, in which nothing was shown.
    const shown = await show(await follow(ann, await click(ann, tokenIn(asked))));
    expect(tokenIn(shown)).toBe(tokenIn(asked));
    expect(kept()).toHaveLength(1);
    expect(arrived(await click(ann, tokenIn(shown)))).toEqual([200, 'POST /transfer?to=7', BODY]);
  });
});

describe('nothing is kept', () => {
  test.each([
    ['of another site', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
    ['of another host of the site', { 'Sec-Fetch-Site': 'same-site', Origin: 'http://x.app.example' }],
    ['that nobody vouches for', { 'Sec-Fetch-Site': 'none' }],
    ['of a script', { 'Sec-Fetch-Mode': 'cors', Accept: 'application/json' }],
    ['of plain text', { 'Content-Type': 'text/plain' }],
    ['with credentials', { Authorization: 'Bearer x' }],
  ])('%s', async (_, headers) => {
    const { clock, ann, kept } = await world();
    clock.pass(3_600_000);
    expect((await post(ann, headers)).code).toBe(401);
    expect(kept()).toEqual([]);
  });

  test('of methods that change more, nor by a click on nothing', async () => {
    const { clock, ann, kept } = await world();
    clock.pass(3_600_000);
    for (const method of ['PUT', 'DELETE', 'PATCH'])
      expect((await ann.send(FORM, { method, path: '', headers: OWN, body: BODY })).code).toBe(401);
    expect((await click(ann, 'A'.repeat(43))).code).toBe(410);
    expect(kept()).toEqual([]);
  });
});

describe('what is kept', () => {
  test('is sent on in no other browser, and for nobody else', async () => {
    const { clock, ann, show, browser, provider } = await world();
    clock.pass(3_600_000);
    const page = await follow(ann, await post(ann));
    const shown = await show(page);
    const { url } = shown;
    for (const user of ['ann', 'ben']) {
      provider.user = user;
      const other = browser();
      await other.open('http://app.example/form', { stopAt: isStepUp });
      expect((await other.get(url)).code).toBe(410);
    }
    for (const site of ['cross-site', 'same-site'])
      expect((await click(ann, tokenIn(shown), { 'Sec-Fetch-Site': site })).code).toBe(403);
    expect(arrived(await click(ann, tokenIn(shown)))[0]).toBe(200);
  });
});
