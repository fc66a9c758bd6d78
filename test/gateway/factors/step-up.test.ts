// A second factor on the way to an application: enrolled, shown, asked for again, and taken away.

import { describe, expect, test } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { Authenticator } from '../../support/gateway/factors/authenticator.ts';
import { appCode } from '../../support/gateway/factors/book.ts';
import { AUTH, isStepUp, signedIn, stepUpOf } from '../../support/gateway/factors/factor-page.ts';
import { peopleWorld } from '../../support/gateway/identity/access-world.ts';
import { HTML } from '../../support/gateway/identity/browser.ts';
import { personOf } from '../../support/gateway/identity/people.ts';
import { EVERYONE, startWorld, type WorldOptions } from '../../support/gateway/identity/sign-in-world.ts';
import { valuesOf } from '../../support/gateway/visit.ts';

const ANN = 'ann@example.com';
const KEYS = 'factors: { methods: [security_key, totp] }';
const APP = 'http://app.example/page';

/** Ann has signed in, and has a key by a code of an administrator. */
async function worldWithKey(options: WorldOptions = { more: KEYS }) {
  const clock = createTestClock();
  const world = await startWorld(options);
  const { browser, own, page } = await signedIn(world);
  const key = new Authenticator(AUTH);
  const enrolled = await own.enrolKey(key, 'security_key', await world.kept.admin.makeCode(ANN));
  expect(enrolled.code, JSON.stringify(enrolled.body)).toBe(200);
  return { ...world, clock, ann: browser, own, key, first: page };
}

describe('who has signed in', () => {
  test('is sent to show a factor, and comes back to the page that they wanted', async () => {
    const world = await startWorld({ more: KEYS });
    const { page, own } = await signedIn(world);
    expect(page.url.origin + page.url.pathname).toBe(`${AUTH}/step-up`);
    const opened = await own.open(page.url);
    expect(opened.body).toMatchObject({ app: 'app.example', methods: [], hasAny: false });
    const key = new Authenticator(AUTH);
    const code = await world.kept.admin.makeCode(ANN);
    expect((await own.enrolKey(key, 'security_key', code)).code).toBe(200);
    // Whoever enrols has shown it.
    const passed = await own.browser.open(APP);
    expect(passed.code, passed.text).toBe(200);
    const told = JSON.stringify([world.events, world.told]);
    for (const secret of [ANN, 'my security_key', code]) expect(told).not.toContain(secret);
    expect(world.told).toContainEqual({
      event: 'factor-changed',
      change: 'enrolled',
      method: 'security_key',
      by: 'code',
    });
  });

  test('shows it again once it is too long ago, under a new session each time', async () => {
    const { clock, ann, own, key } = await worldWithKey();
    expect((await ann.open(APP)).code).toBe(200);
    const before = new Map(ann.jarOf({ hostname: 'app.example' }));
    const ofPerson = ann.jarOf({ hostname: 'auth.example' }).get('cv-session');
    clock.pass(8 * 3_600_000 - 60_000);
    // It is used meanwhile.
    for (let i = 0; i < 2; i++) {
      expect(await stepUpOf(ann)).toBeUndefined();
      clock.pass(i * 120_000);
    }
    const url = await stepUpOf(ann);
    expect(url).toBeDefined();
    const { body } = await own.open(url as URL);
    const answer = await own.answerKey(body.challenge, key);
    expect(answer.code, JSON.stringify(answer.body)).toBe(200);
    const page = await ann.open(String(answer.body.location));
    expect(page.code).toBe(200);
    expect(page.url.pathname).toBe('/page');
    expect(ann.jarOf({ hostname: 'auth.example' }).get('cv-session')).not.toBe(ofPerson);
    expect(ann.jarOf({ hostname: 'app.example' }).get('cv-access')).not.toBe(before.get('cv-access'));
    // Whoever knew the sessions of before has nothing of it.
    ann.jarOf({ hostname: 'app.example' }).set('cv-access', before.get('cv-access') ?? '');
    expect((await ann.get(APP)).code).toBe(303);
    ann.jarOf({ hostname: 'auth.example' }).set('cv-session', ofPerson ?? '');
    expect((await own.read()).token).toBe('');
  });

  test('with a script gets 401 and the address', async () => {
    const { clock, ann } = await worldWithKey();
    await ann.open(APP);
    // Not idle meanwhile.
    clock.pass(8 * 3_600_000 - 60_000);
    await ann.get(APP);
    clock.pass(60_000);
    const script = { Accept: 'application/json', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'same-origin' };
    const reply = await ann.get(APP, script);
    expect(reply.code).toBe(401);
    const problem = JSON.parse(reply.text) as { code: string; stepUp: string };
    expect(problem.code).toBe('FACTOR_NEEDED');
    expect(problem.stepUp).toMatch(/^http:\/\/auth\.example\/step-up\?to=/);
    const form = { ...HTML, 'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Site': 'same-site' };
    const posted = await ann.send(APP, { method: 'POST', path: '', headers: form, body: 'a=b' });
    expect(posted.code).toBe(401);
    expect(posted.text).toContain('/step-up?to=');
  });

  test('is refused after the factor was removed, at once', async () => {
    const { ann, kept, own, key } = await worldWithKey();
    expect((await ann.open(APP)).code).toBe(200);
    await kept.admin.remove(ANN);
    const url = await stepUpOf(ann);
    expect(url).toBeDefined();
    const { body } = await own.open(url as URL);
    expect(body).toMatchObject({ methods: [], hasAny: false });
    expect((await own.answerKey(body.challenge, key)).body).toMatchObject({ code: 'FACTOR_UNKNOWN' });
    // Nothing of the session lets them enrol another one.
    const again = await own.enrolKey(new Authenticator(AUTH));
    expect(again).toMatchObject({ code: 403, body: { code: 'ENROLMENT_CLOSED' } });
    expect((await own.enrolApp()).body).toMatchObject({ code: 'ENROLMENT_CLOSED' });
    const mailed = await own.form('/enrol/mail', {});
    expect(valuesOf(mailed, 'location')).toEqual(['/enrol?done=mailed']);
  });

  test('passes with a code of an app once, of many at once', async () => {
    const { clock, ann, own, key } = await worldWithKey();
    await own.confirm(key);
    const { secret } = await own.enrolApp();
    clock.pass(8 * 3_600_000);
    const { url } = await ann.open(APP, { stopAt: isStepUp });
    const opened = await Promise.all(Array.from({ length: 5 }, () => own.open(url)));
    const code = appCode(secret, Date.now());
    const replies = await Promise.all(opened.map(({ body }) => own.answerCode(body['challenge'], code)));
    expect(replies.filter((reply) => reply.code === 200)).toHaveLength(1);
  });
});

describe('what is asked', () => {
  test('is said for all, for an application, a policy and a path; the closest counts', async () => {
    const access = `policies: [
      { name: fin, action: allow, include: [{ everyone: true }], paths: [/fin], factors: { methods: [totp] } },
      { name: open, action: allow, include: [{ everyone: true }], paths: [/open], factors: off },
      { name: all, action: allow, include: [{ everyone: true }] } ],
      factors: { every: 1h, paths: { /fin/Public: off, /admin: { methods: [security_key] } } }`;
    const { ann, clock } = await worldWithKey({ access, more: 'factors: { methods: [security_key] }' });
    await ann.open(APP);
    const asks = async (path: string) => (await stepUpOf(ann, `http://app.example${path}`)) !== undefined;
    expect(await asks('/page')).toBe(false);
    expect(await asks('/fin/x')).toBe(true);
    expect(await asks('/fin/Public/x')).toBe(false);
    expect(await asks('/admin')).toBe(false);
    clock.pass(3_600_000);
    expect(await asks('/page')).toBe(true);
    expect(await asks('/ADMIN.json')).toBe(true);
    expect(await asks('/open/x')).toBe(false);
    expect(await asks('/fin/Public/x')).toBe(false);
    // A router may read it as /fin, which asks.
    expect(await asks('/FIN/x')).toBe(true);
  });

  test('0m is a page with what it loads: the next page asks again', async () => {
    const access = `${EVERYONE}, factors: { methods: [security_key], every: 0m }`;
    const { ann, clock, own, key } = await worldWithKey({ access });
    clock.pass(61_000);
    const page = await ann.open(APP, { stopAt: isStepUp });
    const { body } = await own.open(page.url);
    const { location } = (await own.answerKey(body.challenge, key)).body as { location: string };
    expect((await ann.open(location)).code).toBe(200);
    const picture = { Accept: 'image/*', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' };
    const frame = { ...HTML, 'Sec-Fetch-Dest': 'iframe' };
    for (const headers of [picture, frame, picture]) expect((await ann.get(APP, headers)).code).toBe(200);
    expect(await stepUpOf(ann)).toBeDefined();
    clock.pass(60_000);
    expect((await ann.get(APP, picture)).code).toBe(401);
  });

  test('is not what a provider asserts, unless the configuration says so', async () => {
    const access = '      policies: [{ name: all, action: allow, include: [{ everyone: true }] }]';
    const codeFor = async (skip: string, amr: string[]) => {
      const { enter, send } = await peopleWorld(access, `factors: { methods: [totp], skipWhereAmr: [${skip}] }`);
      return (await send('GET / ', ...(await enter(personOf('ann', { amr }))).headers)).status;
    };
    expect(await codeFor('', ['pwd', 'mfa'])).toBe(401);
    expect(await codeFor('mfa', ['pwd', 'mfa'])).toBe(200);
    expect(await codeFor('mfa', ['pwd'])).toBe(401);
  });

  test('by the selector `factor` lets in who has shown it, and leads the others there', async () => {
    const access =
      'policies: [{ name: all, action: allow, include: [{ everyone: true }], require: [{ factor: security_key }] }]';
    const world = await startWorld({ access });
    const { page, own, browser } = await signedIn(world);
    expect(page.url.pathname).toBe('/step-up');
    await own.enrolKey(new Authenticator(AUTH), 'security_key', await world.kept.admin.makeCode(ANN));
    expect((await browser.open(APP)).code).toBe(200);
  });

  test('of a key is not met by one that was enrolled by another factor a moment ago', async () => {
    const { ann, clock, own, key, kept } = await worldWithKey({ more: 'factors: { methods: [biometrics] }' });
    await own.confirm(key);
    const passkey = new Authenticator(AUTH);
    expect((await own.enrolKey(passkey, 'biometrics')).code).toBe(200);
    const stop = { stopAt: isStepUp };
    const page = await ann.open(APP, stop);
    expect((await own.open(page.url)).body).toMatchObject({
      methods: [],
      hasAny: true,
      usableFrom: expect.any(Number),
    });
    clock.pass(23 * 3_600_000);
    expect((await ann.open(APP, stop)).url.pathname).toBe('/step-up');
    clock.pass(3_600_000);
    const later = await ann.open(APP, stop);
    const { body } = await own.open(later.url);
    const { location } = (await own.answerKey(body.challenge, passkey)).body as { location: string };
    expect((await ann.open(location)).code).toBe(200);
    expect(kept.admin.find(ANN)?.factors).toHaveLength(2);
  });
});
