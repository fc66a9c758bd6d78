// Somebody without a factor is sent to show one, adds one, and comes back to the page that they
// wanted, with script and without, and to nothing that the gateway did not seal.

import { describe, expect, test } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { Authenticator } from '../../support/gateway/factors/authenticator.ts';
import { appCode } from '../../support/gateway/factors/book.ts';
import { AUTH, FactorPage, fieldsOf, isStepUp, secretIn, signedIn } from '../../support/gateway/factors/factor-page.ts';
import { type Browser, HTML, type Page } from '../../support/gateway/identity/browser.ts';
import { startWorld } from '../../support/gateway/identity/sign-in-world.ts';
import { valuesOf } from '../../support/gateway/visit.ts';

const ANN = 'ann@example.com';
const APP = 'http://app.example/page?of=7';
const KEYS = 'factors: { methods: [security_key, totp] }';

const nextOf = (page: Page): string => valuesOf(page, 'refresh')[0]?.replace(/^0;url=/, '') ?? '';

/** Ann was sent to show a factor, and has none. */
async function sent(more = KEYS, access = '') {
  const world = await startWorld({ more, ...(access && { access }) });
  const ann = world.browser();
  const { url } = await ann.open(APP, { stopAt: isStepUp });
  const { text } = await ann.get(url);
  const enrol = /<a class="primary" href="(\/enrol[^"]*)"/.exec(text)?.[1] ?? '';
  const to = new URL(enrol, AUTH).searchParams.get('to') ?? '';
  const code = await world.kept.admin.makeCode(ANN);
  return { ...world, ann, own: new FactorPage(ann), to, code, enrol };
}

/** Adds an app by forms alone. @returns the page behind */
async function addApp(ann: Browser, enrol: string, code: string): Promise<Page> {
  const own = new FactorPage(ann);
  const { text } = await ann.get(AUTH + enrol);
  const first = fieldsOf(text);
  const drawn = await own.form('/enrol', { ...first, method: 'totp', name: 'phone', code });
  return own.form('/enrol/app', { ...fieldsOf(drawn.text), code: appCode(secretIn(drawn.text), Date.now()) });
}

describe('who adds a factor on the way to an application', () => {
  test('comes to the page that they wanted, by a script', async () => {
    const { own, ann, to, code } = await sent();
    const { body } = await own.enrolKey(new Authenticator(AUTH), 'security_key', code, to);
    expect(body).toEqual({ location: `/step-up?to=${to}` });
    const page = await ann.open(AUTH + String(body['location']));
    expect([page.url.href, page.code]).toEqual([APP, 200]);
  });

  test('comes there without one', async () => {
    const { ann, enrol, code } = await sent();
    const added = await addApp(ann, enrol, code);
    expect((await ann.open(new URL(nextOf(added), AUTH))).url.href).toBe(APP);
  });

  test('comes there from a page that is too old, by way of the application', async () => {
    const clock = createTestClock();
    const { ann, enrol, code } = await sent();
    clock.pass(11 * 60_000);
    const added = await addApp(ann, enrol, code);
    expect(nextOf(added)).toBe(APP);
    expect((await ann.open(nextOf(added))).code).toBe(200);
  });

  test('comes there with a recovery code, which was all that they had', async () => {
    const clock = createTestClock();
    const { own, ann, to, code } = await sent();
    await own.enrolKey(new Authenticator(AUTH), 'security_key', code, to);
    const [recovery = ''] = await own.drawCodes();
    clock.pass(7 * 3_600_000);
    await ann.get(AUTH);
    clock.pass(3_600_000);
    const { url } = await ann.open(APP, { stopAt: isStepUp });
    const { body } = await own.open(url);
    const used = (await own.answerCode(body['challenge'], recovery)).body as { location: string };
    const added = await addApp(ann, used.location, '');
    expect((await ann.open(new URL(nextOf(added), AUTH))).url.href).toBe(APP);
  });

  test('is asked for what the application wants, where it takes another one', async () => {
    const { ann, enrol, code } = await sent('factors: { methods: [security_key] }');
    const next = nextOf(await addApp(ann, enrol, code));
    expect(next).toMatch(/^\/step-up\?to=/);
    expect((await ann.open(AUTH + next)).url.pathname).toBe('/step-up');
    expect((await ann.open(APP, { stopAt: isStepUp })).url.pathname).toBe('/step-up');
  });

  test('who has one confirms first, and comes back to the page that adds one, and on', async () => {
    const clock = createTestClock();
    const { own, ann, to, code, enrol } = await sent();
    const key = new Authenticator(AUTH);
    await own.enrolKey(key, 'security_key', code, to);
    clock.pass(5 * 60_000);
    const { text } = await ann.get(AUTH + enrol);
    const [, confirm = ''] = /href="(\/step-up\?to=[^"]+)">Confirm/.exec(text) ?? [];
    const { body } = await own.open(AUTH + confirm);
    const led = (await own.answerKey(body['challenge'], key)).body as { location: string };
    expect(led.location).toBe(AUTH + enrol);
    const added = await addApp(ann, new URL(led.location).pathname + new URL(led.location).search, '');
    expect((await ann.open(new URL(nextOf(added), AUTH))).url.href).toBe(APP);
  });
});

test('a form that was kept is sent on by their click alone, behind the factor that they added', async () => {
  const { ann, code } = await sent();
  const headers = {
    ...HTML,
    'Sec-Fetch-Site': 'same-origin',
    'Content-Type': 'application/x-www-form-urlencoded',
    Origin: 'http://app.example',
  };
  const posted = await ann.send(APP, { method: 'POST', path: '', headers, body: 'amount=100' });
  // They have an application's session: the form is kept.
  const to = new URL(valuesOf(posted, 'location')[0] ?? '').searchParams.get('to') ?? '';
  const added = await addApp(ann, `/enrol?to=${to}`, code);
  const shown = await ann.open(new URL(nextOf(added), AUTH));
  expect(shown.text).toContain('POST /page?of=7');
  const token = /name="credveil-form" value="([^"]+)"/.exec(shown.text)?.[1] ?? '';
  const click = () => ann.send(APP, { method: 'POST', path: '', headers, body: `credveil-form=${token}` });
  expect((await click()).text).toContain('amount=100');
  expect((await click()).code).toBe(410);
});

describe('nobody is led', () => {
  test.each(['//evil.example', 'https://evil.example/', 'AAAA', '', 'x'.repeat(8_000), '"><script>'])(
    'to %s',
    async (to) => {
      const { ann, own, code } = await sent();
      const { text } = await ann.get(`${AUTH}/enrol?to=${encodeURIComponent(to)}`);
      expect(fieldsOf(text)['to']).toBe('');
      expect(text).not.toContain('evil');
      expect(text).not.toContain('<script>');
      const { body } = await own.enrolKey(new Authenticator(AUTH), 'security_key', code, to);
      expect(body).toEqual({ location: '/enrol?done=added' });
    },
  );

  test('by what was sealed for something else', async () => {
    const { ann, own, code, browser } = await sent();
    const other = browser();
    const { url } = await other.open(APP, { stopAt: ({ pathname }) => pathname === '/sign-in' });
    const to = url.searchParams.get('to') ?? '';
    expect(to).not.toBe('');
    expect(fieldsOf((await ann.get(`${AUTH}/enrol?to=${to}`)).text)['to']).toBe('');
    const { body } = await own.enrolKey(new Authenticator(AUTH), 'security_key', code, to);
    expect(body).toEqual({ location: '/enrol?done=added' });
  });

  test('into an application by what another browser began', async () => {
    const { own, ann, code, ...world } = await sent();
    const { page } = await signedIn(world, 'eve');
    const to = page.url.searchParams.get('to') ?? '';
    const { body } = await own.enrolKey(new Authenticator(AUTH), 'security_key', code, to);
    const led = await ann.open(AUTH + String(body['location']));
    expect(led.code).toBe(400);
    expect(ann.jarOf({ hostname: 'app.example' }).get('cv-access')).not.toBeUndefined();
  });
});

test('a way on survives a long address, through a confirmation and back', async () => {
  const clock = createTestClock();
  const { own, ann, code } = await sent();
  const key = new Authenticator(AUTH);
  await own.enrolKey(key, 'security_key', code);
  clock.pass(7 * 3_600_000);
  await ann.open('http://app.example/');
  clock.pass(3_600_000);
  const long = `http://app.example/${'x'.repeat(2_000)}`;
  const { url } = await ann.open(long, { stopAt: isStepUp });
  const { text } = await ann.get(`${AUTH}/enrol?to=${url.searchParams.get('to')}`);
  const [, confirm = ''] = /href="(\/step-up\?to=[^"]+)">Confirm/.exec(text) ?? [];
  const { body } = await own.open(AUTH + confirm);
  const led = (await own.answerKey(body['challenge'], key)).body as { location: string };
  const { code: status, text: page } = await ann.get(led.location);
  expect([status, fieldsOf(page)['to']]).toEqual([200, url.searchParams.get('to')]);
});
