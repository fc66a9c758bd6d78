// A form whose session had expired when it was sent: kept for the same person in the same browser,
// and sent on by their own click. Nothing that another site may have sent is kept.

import { describe, expect, test } from 'vitest';
import { createTestClock } from '../../../support/clock.ts';
import { type Echo, seen } from '../../../support/gateway/gateway.ts';
import { type Browser, HTML, type Page } from '../../../support/gateway/identity/browser.ts';
import { EVERYONE, startWorld } from '../../../support/gateway/identity/sign-in-world.ts';
import { valuesOf } from '../../../support/gateway/visit.ts';

const URL_OF_FORM = 'http://app.example/transfer?to=7';
const OWN = {
  ...HTML,
  'Sec-Fetch-Site': 'same-origin',
  Origin: 'http://app.example',
  Referer: 'http://app.example/form',
  'Content-Type': 'application/x-www-form-urlencoded',
};
const LOGIN = `{ name: own, when: 'http.request.uri.path == "/login"', username: 'http.request.body.form["user"][0]', password: 'http.request.body.form["pass"][0]', failure: http.response.code == 401 }`;
const BASIC = `{ name: own, when: 'http.request.uri.path == "/login"', username: credveil.basic.username, password: credveil.basic.password, failure: http.response.code == 401 }`;
const BODY = 'amount=100&note=%C3%A4';

async function world() {
  const clock = createTestClock();
  const started = await startWorld({
    access: `${EVERYONE}, session: { idle: 10m }`,
    more: '',
  });
  /** A browser whose session has expired. */
  const expired = async (): Promise<Browser> => {
    const own = started.browser();
    expect((await own.open('http://app.example/form')).code).toBe(200);
    clock.pass(11 * 60_000);
    return own;
  };
  return { ...started, clock, expired };
}

const post = (browser: Browser, url = URL_OF_FORM, headers: object = {}, body: string | Buffer = BODY) =>
  browser.send(url, { method: 'POST', path: '', headers: { ...OWN, ...headers }, body });

/** To the page that shows what was kept. */
async function signInAnew(browser: Browser, sent: Page): Promise<Page> {
  expect(sent.code).toBe(303);
  const [location = ''] = valuesOf(sent, 'location');
  expect(location).toContain('http://auth.example/sign-in?to=');
  return browser.open(location);
}

const tokenIn = ({ text }: Page): string => /name="credveil-form" value="([^"]+)"/.exec(text)?.[1] ?? '';
const click = (browser: Browser, token: string, url = URL_OF_FORM, headers: object = {}) =>
  post(browser, url, headers, `credveil-form=${token}`);

describe('a form', () => {
  test.each([
    ['application/x-www-form-urlencoded', BODY],
    ['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n'],
    ['application/json', '{"amount":100}'],
  ])('of %s is kept, shown, and sent on once by the click of its person', async (type, body) => {
    const { expired, state, provider } = await world();
    const ann = await expired();
    const asked = provider.asked.get('/auth') ?? 0;
    const page = await signInAnew(ann, await post(ann, URL_OF_FORM, { 'Content-Type': type }, body));
    expect(provider.asked.get('/auth')).toBe(asked + 1);
    expect(page.code).toBe(200);
    expect(page.text).toContain('POST /transfer?to=7');
    // The application may answer the form with a redirect to anywhere.
    expect(valuesOf(page, 'content-security-policy').join()).toContain("form-action *; frame-ancestors 'none'");
    expect(page.text).toContain(`${body.length} bytes`);
    expect(page.text).toContain('action="http://app.example/transfer?to=7"');
    const kept = state.list('once', 'form.', 10);
    expect(kept).toHaveLength(1);
    expect(JSON.stringify(kept)).not.toMatch(/amount|transfer/);
    const answer = await click(ann, tokenIn(page));
    expect(answer.code).toBe(200);
    const echo = JSON.parse(answer.text) as Echo;
    expect([echo.method, echo.url, echo.body]).toEqual(['POST', '/transfer?to=7', body]);
    expect(seen(echo, 'content-type')).toEqual([type]);
    expect(seen(echo, 'content-length')).toEqual([String(body.length)]);
    expect((await click(ann, tokenIn(page))).code).toBe(410);
    expect((await ann.get(page.url)).code).toBe(410);
  });

  test("of 57 bytes that is the application's own arrives as it is", async () => {
    const { browser } = await world();
    const ann = browser();
    await ann.open('http://app.example/form');
    const body = `credveil_form=${'A'.repeat(43)}`;
    expect((JSON.parse((await post(ann, URL_OF_FORM, {}, body)).text) as Echo).body).toBe(body);
    expect((await click(ann, 'A'.repeat(43))).code).toBe(410);
  });

  test.each([
    ['a login', `[${LOGIN}]`, 'user=ann&pass=secret&x='],
    ['a request where a login may be', `[${LOGIN}]`, 'other=1&x='],
    ['a login by another header', `[${BASIC}]`, 'other=1&x='],
  ])('of 57 bytes that is %s arrives as well', async (_, locations, fields) => {
    const { browser } = await startWorld({ access: `${EVERYONE} }, login: { locations: ${locations}` });
    const ann = browser();
    await ann.open('http://app.example/form');
    const body = fields.padEnd(57, 'y');
    const answer = await post(ann, 'http://app.example/login', { Authorization: 'Basic YW5uOnNlY3JldA==' }, body);
    expect((JSON.parse(answer.text) as Echo).body).toBe(body);
  });
});

describe('nothing is kept', () => {
  test.each([
    ['of another site', { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
    ['of another host of the site', { 'Sec-Fetch-Site': 'same-site', Origin: 'http://x.app.example' }],
    ['that nobody vouches for', { 'Sec-Fetch-Site': 'none' }],
    ['of a program', { 'Sec-Fetch-Mode': 'cors', Accept: 'application/json' }],
    ['of plain text', { 'Content-Type': 'text/plain' }],
    ['without type', { 'Content-Type': '' }],
    ['with credentials', { Authorization: 'Bearer x' }],
    ['that is compressed', { 'Content-Encoding': 'gzip' }],
  ])('%s', async (_, headers) => {
    const { expired, state } = await world();
    const ann = await expired();
    expect((await post(ann, URL_OF_FORM, headers)).code).toBe(401);
    expect(state.list('once', 'form.', 10)).toEqual([]);
  });

  test('of old browsers without the Origin of the application', async () => {
    const { expired, state } = await world();
    const ann = await expired();
    const { 'Sec-Fetch-Site': _site, Origin: _origin, ...old } = OWN;
    const send = (Origin?: string) =>
      ann.send(URL_OF_FORM, { method: 'POST', path: '', headers: { ...old, ...(Origin && { Origin }) }, body: BODY });
    for (const origin of [undefined, 'null', 'http://evil.example', 'http://app.example.evil.example'])
      expect((await send(origin)).code).toBe(401);
    expect(state.list('once', 'form.', 10)).toEqual([]);
    expect((await send('http://app.example')).code).toBe(303);
  });

  test('of methods that change more, of more than a form has, and of nobody', async () => {
    const { expired, state, browser, clock } = await world();
    const ann = await expired();
    for (const method of ['PUT', 'DELETE', 'PATCH'])
      expect((await ann.send(URL_OF_FORM, { method, path: '', headers: OWN, body: BODY })).code).toBe(401);
    expect((await post(ann, URL_OF_FORM, {}, 'x'.repeat(65_537))).code).toBe(401);
    expect((await post(browser())).code).toBe(401);
    const stranger = browser();
    stranger.jarOf({ hostname: 'app.example' }).set('cv-access', 'A'.repeat(43));
    expect((await post(stranger)).code).toBe(401);
    // Of another host.
    await ann.open('http://other.example/');
    stranger
      .jarOf({ hostname: 'app.example' })
      .set('cv-access', ann.jarOf({ hostname: 'other.example' }).get('cv-access') ?? '');
    expect((await post(stranger)).code).toBe(401);
    clock.pass(24 * 3_600_000);
    expect((await post(ann)).code).toBe(401);
    expect(state.list('once', 'form.', 10)).toEqual([]);
  });

  test('of a login: what is typed there is typed anew', async () => {
    const clock = createTestClock();
    const { browser, state } = await startWorld({
      access: `${EVERYONE}, session: { idle: 10m } }, login: { locations: [${LOGIN}]`,
    });
    const ann = browser();
    await ann.open('http://app.example/form');
    clock.pass(11 * 60_000);
    expect((await post(ann, 'http://app.example/login', {}, 'user=ann&pass=secret')).code).toBe(401);
    expect(state.list('once', 'form.', 10)).toEqual([]);
    expect((await post(ann)).code).toBe(303);
  });
});

describe('what is kept', () => {
  test('is of the same person', async () => {
    const { expired, provider } = await world();
    const ann = await expired();
    ann.jars.delete('127.0.0.1');
    provider.user = 'ben';
    const page = await signInAnew(ann, await post(ann));
    expect(page.code).toBe(410);
    expect(page.text).not.toContain('transfer');
    const token = page.url.searchParams.get('kept') ?? '';
    expect((await click(ann, token)).code).toBe(410);
  });

  test('is of the same browser, and of one page', async () => {
    const { expired, browser } = await world();
    const ann = await expired();
    const page = await signInAnew(ann, await post(ann));
    const token = tokenIn(page);
    const other = browser();
    await other.open('http://app.example/form');
    expect((await other.get(page.url)).code).toBe(410);
    for (const headers of [{ 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }])
      expect((await click(ann, token, URL_OF_FORM, headers)).code).toBe(403);
    // A page that is still there, in another tab.
    expect((await ann.get(page.url)).code).toBe(200);
    expect((await click(ann, token, 'http://app.example/transfer?to=8')).code).toBe(410);
    expect((await click(ann, token)).code).toBe(410);
  });

  test('is used up by whoever tries it elsewhere, and sent nowhere', async () => {
    const { expired, browser, state } = await world();
    const ann = await expired();
    const page = await signInAnew(ann, await post(ann));
    const other = browser();
    await other.open('http://app.example/form');
    expect((await click(other, tokenIn(page))).code).toBe(410);
    expect((await click(ann, tokenIn(page))).code).toBe(410);
    expect(state.list('once', 'form.', 10)).toEqual([]);
  });

  test('is not kept again by a click that comes too late', async () => {
    const { expired, state, clock } = await world();
    const ann = await expired();
    const page = await signInAnew(ann, await post(ann));
    clock.pass(11 * 60_000);
    expect((await click(ann, tokenIn(page))).code).toBe(410);
    expect(state.list('once', 'form.', 10)).toEqual([]);
  });

  test('is kept for ten minutes, and eight of one person', async () => {
    const { expired, state, clock } = await world();
    const ann = await expired();
    for (let i = 0; i < 12; i++) expect((await post(ann)).code).toBe(303);
    expect(state.list('once', 'form.', 100)).toHaveLength(8);
    const page = await signInAnew(ann, await post(ann));
    clock.pass(9 * 60_000 + 59_000);
    expect((await ann.get(page.url)).code).toBe(200);
    clock.pass(2_000);
    expect((await ann.get(page.url)).code).not.toBe(200);
    expect((await click(ann, tokenIn(page))).code).not.toBe(200);
  });

  test('leads to the application alone, whatever its target is', async () => {
    const { expired } = await world();
    const ann = await expired();
    const sent = await ann.send('http://app.example/', { method: 'POST', path: '', headers: OWN, body: BODY });
    expect((await signInAnew(ann, sent)).text).toContain('action="http://app.example/"');
  });
});
