// What somebody tries who has a session of the provider, or a page of another site, and no factor.

import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createTestClock } from '../../support/clock.ts';
import { Authenticator } from '../../support/gateway/factors/authenticator.ts';
import { appCode } from '../../support/gateway/factors/book.ts';
import { AUTH, type FactorPage, isStepUp, signedIn } from '../../support/gateway/factors/factor-page.ts';
import { startWorld } from '../../support/gateway/identity/sign-in-world.ts';
import { valuesOf } from '../../support/gateway/visit.ts';

const ANN = 'ann@example.com';
const APP = 'http://app.example/page';
const KEYS = 'factors: { methods: [security_key, totp] }';

async function world(more = KEYS) {
  const clock = createTestClock();
  const opened = await startWorld({ more });
  const { browser: ann, own } = await signedIn(opened);
  const key = new Authenticator(AUTH);
  const reply = await own.enrolKey(key, 'security_key', await opened.kept.admin.makeCode(ANN));
  expect(reply.code, JSON.stringify(reply.body)).toBe(200);
  return { ...opened, clock, ann, own, key };
}

/** Forms that change the factors of somebody, and their fields. */
const CHANGES = (factor: string): { readonly [path: string]: Record<string, string> } => ({
  '/factors/rename': { factor, name: 'x' },
  '/factors/remove': { factor },
  '/factors/recovery': {},
});

/** A challenge of Ann's, in her browser. */
async function challenged({ own }: { readonly own: FactorPage }) {
  const { body } = await own.manage();
  return body.challenge;
}

describe('WebAuthn', () => {
  test.each([
    ['another origin', { origin: 'http://evil.example' }],
    ['the origin of an application', { origin: 'http://app.example' }],
    ['the origin with a port', { origin: 'http://auth.example:8080' }],
    ['another rpId', { rpId: 'example' }],
    ['another challenge', { challenge: 'A'.repeat(43) }],
    ['another ceremony', { type: 'webauthn.create' }],
    ['a page in a frame', { crossOrigin: true }],
    ['a page in a frame of', { topOrigin: 'http://evil.example' }],
    ['another person', { userHandle: 'b3RoZXI' }],
    ['nobody present', { isPresent: false }],
    ['a counter that stands still', { counter: 1 }],
    ['another key', { key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
  ])('of %s is refused, and the right one passes', async (_, lie) => {
    const opened = await world();
    const challenge = await challenged(opened);
    const refused = await opened.own.answerKey(challenge, opened.key, lie);
    expect(refused).toMatchObject({ code: 403, body: { code: 'FACTOR_WRONG' } });
    expect((await opened.own.answerKey(challenge, opened.key)).code).toBe(200);
  });

  test('of somebody else is refused, whoever signed in', async () => {
    const opened = await world();
    const eve = await signedIn(opened, 'eve');
    const keyOfEve = new Authenticator(AUTH);
    const code = await opened.kept.admin.makeCode('eve@example.com');
    expect((await eve.own.enrolKey(keyOfEve, 'security_key', code)).code).toBe(200);
    const challenge = await challenged(opened);
    expect((await opened.own.answerKey(challenge, keyOfEve)).body.code).toBe('FACTOR_WRONG');
    // Nor is it Eve's, in her browser.
    expect((await eve.own.open(`${AUTH}/step-up#${challenge}`)).body.code).toBe('CHALLENGE_GONE');
    expect((await eve.own.answerKey(challenge, keyOfEve)).body.code).toBe('CHALLENGE_GONE');
  });

  test('counts once: neither a response nor a challenge is used again', async () => {
    const { own, key } = await world();
    const first = await challenged({ own });
    const { body: options } = await own.post('/api/challenge/key', { challenge: first });
    const response = key.get(options as unknown as Parameters<Authenticator['get']>[0]);
    const second = await challenged({ own });
    expect((await own.post('/api/challenge/answer', { challenge: second, key: response })).body.code).toBe(
      'FACTOR_WRONG',
    );
    expect((await own.post('/api/challenge/answer', { challenge: first, key: response })).body.code).toBe(
      'FACTOR_WRONG',
    );
    expect((await own.answerKey(first, key)).code).toBe(200);
    await own.read();
    expect((await own.answerKey(first, key)).body.code).toBe('CHALLENGE_GONE');
  });

  test('of a passkey needs its person verified, at each use', async () => {
    const { own, kept } = await world();
    const weak = new Authenticator(AUTH, { isVerifying: false });
    const code = await kept.admin.makeCode(ANN);
    expect((await own.enrolKey(weak, 'biometrics', code)).body.code).toBe('FACTOR_WRONG');
    const passkey = new Authenticator(AUTH);
    expect((await own.enrolKey(passkey, 'biometrics', code)).code).toBe(200);
    const challenge = await challenged({ own });
    expect((await own.answerKey(challenge, passkey, { isVerified: false })).body.code).toBe('FACTOR_WRONG');
    expect((await own.answerKey(challenge, passkey)).code).toBe(200);
  });
});

describe('five wrong answers', () => {
  test('end a challenge, whatever comes then, of many at once', async () => {
    const { own, key } = await world();
    const challenge = await challenged({ own });
    const replies = await Promise.all(
      Array.from({ length: 12 }, () => own.answerCode(challenge, '0000-0000-0000-0000')),
    );
    expect(replies.filter(({ body }) => body.code === 'FACTOR_WRONG').length).toBeLessThan(5);
    expect((await own.answerKey(challenge, key)).body.code).toBe('CHALLENGE_GONE');
  });

  test('of an app make its codes wait, in any number of challenges', async () => {
    const { own, clock } = await world();
    const { secret } = await own.enrolApp();
    clock.pass(60_000);
    for (let i = 0; i < 5; i++) {
      const wrong = String((Number(appCode(secret, Date.now())) + 1) % 1e6).padStart(6, '0');
      expect((await own.answerCode(await challenged({ own }), wrong)).code).toBe(403);
    }
    const challenge = await challenged({ own });
    expect(await own.answerCode(challenge, appCode(secret, Date.now()))).toMatchObject({ code: 429 });
    clock.pass(30_000);
    expect((await own.answerCode(challenge, appCode(secret, Date.now()))).code).toBe(200);
  });
});

describe('a stolen session of the provider', () => {
  test('enrols nothing: neither a first factor nor a further one, nor one after all were removed', async () => {
    const opened = await world();
    const { kept, own, ann } = opened;
    expect((await own.read()).needs).toBe('open');
    const thief = await signedIn(opened);
    const enrol = () => thief.own.enrolKey(new Authenticator(AUTH));
    expect(await enrol()).toMatchObject({ code: 401, body: { code: 'FACTOR_NEEDED' } });
    await kept.admin.remove(ANN);
    expect(await enrol()).toMatchObject({ code: 403, body: { code: 'ENROLMENT_CLOSED' } });
    expect((await thief.own.enrolApp()).body.code).toBe('ENROLMENT_CLOSED');
    expect((await thief.own.enrolApp('0000-0000-0000-0000')).body.code).toBe('FACTOR_WRONG');
    const never = await signedIn(opened, 'ben');
    expect((await never.own.enrolKey(new Authenticator(AUTH))).body.code).toBe('ENROLMENT_CLOSED');
    // Nor does what Ann showed before.
    expect((await own.enrolKey(new Authenticator(AUTH))).body.code).toBe('ENROLMENT_CLOSED');
    expect((await ann.open(APP, { stopAt: isStepUp })).url.pathname).toBe('/step-up');
  });

  test('changes nothing without another factor', async () => {
    const opened = await world();
    const thief = await signedIn(opened);
    await thief.own.read();
    const before = JSON.stringify(opened.kept.admin.find(ANN));
    const factor = opened.kept.admin.find(ANN)?.factors[0]?.id ?? '';
    for (const [path, fields] of Object.entries(CHANGES(factor))) {
      const page = await thief.own.form(path, fields);
      expect([page.code, valuesOf(page, 'location')[0]?.replace(/=.*/, '')]).toEqual([303, '/step-up?to']);
      expect(page.text).not.toContain('<code>');
    }
    expect(JSON.stringify(opened.kept.admin.find(ANN))).toBe(before);
    await opened.own.read();
    expect((await opened.own.form('/factors/remove', { factor })).code).toBe(409);
  });

  test('with a recovery code adds a factor, within ten minutes, and opens nothing else', async () => {
    const { own, ann, clock, kept } = await world();
    const codes = await own.drawCodes();
    clock.pass(8 * 3_600_000 - 1);
    await own.read();
    clock.pass(60_000);
    const page = await ann.open(APP, { stopAt: isStepUp });
    const { body } = await own.open(page.url);
    expect(body).toMatchObject({ hasRecovery: true });
    const used = await own.answerCode(body.challenge, codes[0] ?? '');
    expect(used).toMatchObject({ code: 200, body: { location: expect.stringMatching(/^\/enrol\?to=/) } });
    expect((await ann.open(APP, { stopAt: isStepUp })).url.pathname).toBe('/step-up');
    expect(await own.drawCodes()).toEqual([]);
    expect((await own.enrolKey(new Authenticator(AUTH))).code).toBe(200);
    expect((await ann.open(APP)).url.pathname).toBe('/page');
    expect(kept.admin.find(ANN)?.recoveryLeft).toBe(9);
  });
});

describe('another site', () => {
  const ROUTES = [
    ...['challenge/open', 'challenge/key', 'challenge/answer', 'challenge/cancel'],
    ...['factors/begin', 'factors/finish'],
  ];

  test.each(ROUTES)('changes nothing at %s', async (route) => {
    const { own, kept } = await world();
    const challenge = await challenged({ own });
    const before = JSON.stringify(kept.admin.find(ANN));
    const begun = await own.post('/api/factors/begin', { method: 'security_key' });
    const made = new Authenticator(AUTH).create(begun.body.key as never);
    const bodies: { readonly [route: string]: object } = {
      'challenge/open': { challenge },
      'challenge/key': { challenge },
      'challenge/cancel': { challenge },
      'challenge/answer': { challenge, code: '000000' },
      'factors/begin': { method: 'security_key' },
      'factors/finish': { enrolment: begun.body.enrolment, name: 'x', key: made, to: '' },
    };
    const body = bodies[route] ?? {};
    const send = async (headers: Record<string, string>) => (await own.post(`/api/${route}`, body, headers)).body.code;
    for (const site of ['cross-site', 'same-site', 'none'])
      expect(await send({ 'Sec-Fetch-Site': site })).toBe('FORM_FOREIGN');
    expect(await send({ 'Content-Type': 'text/plain' })).toBe('FORM_MALFORMED');
    // What opens a challenge says the token, to its own browser.
    if (route !== 'challenge/open')
      for (const token of ['', 'x', `${own.token}x`])
        expect(await send({ 'X-Credveil-Token': token })).toBe('FORM_FOREIGN');
    expect(JSON.stringify(kept.admin.find(ANN))).toBe(before);
  });

  test('changes nothing by a form', async () => {
    const { own, kept } = await world();
    // A second one, so that one may be removed.
    const code = await kept.admin.makeCode(ANN);
    expect((await own.enrolKey(new Authenticator(AUTH), 'security_key', code)).code).toBe(200);
    const before = JSON.stringify(kept.admin.find(ANN));
    const factor = kept.admin.find(ANN)?.factors[0]?.id ?? '';
    const enrols = { '/enrol': { method: 'totp', name: 'x' }, '/enrol/mail': {} };
    for (const [path, fields] of Object.entries({ ...CHANGES(factor), ...enrols })) {
      const send = async (more: object, headers: object = {}) =>
        (await own.form(path, { ...fields, ...more }, headers)).code;
      for (const site of ['cross-site', 'same-site', 'none'])
        expect(await send({}, { 'Sec-Fetch-Site': site })).toBe(403);
      for (const token of ['', 'x', `${own.token}x`]) expect(await send({ token })).toBe(403);
      expect(await send({}, { 'Content-Type': 'text/plain' })).toBe(400);
    }
    expect(JSON.stringify(kept.admin.find(ANN))).toBe(before);
    expect((await own.form('/factors/remove', { factor })).code).toBe(303);
    expect(kept.admin.find(ANN)?.factors).toHaveLength(1);
  });
});
