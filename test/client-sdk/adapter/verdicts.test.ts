// Each adapter in its framework, over HTTP, with a real service of each suite: every verdict,
// annotated and denied.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SUITE_NAMES } from '../../../protocol/suite.ts';
import { TEST_CREDENTIALS } from '../../../protocol/test-credentials.ts';
import { ADAPTERS, type App, type Seen } from '../../support/client/adapter-apps.ts';
import { type AdapterWorld, createAdapterWorld, VERDICTS } from '../../support/worlds/adapter-world.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (app: App, path: string, body: unknown, headers = {}): Promise<Response> =>
  fetch(app.url + path, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) });
const seenBy = async (response: Promise<Response>): Promise<Seen> => {
  const answer = await response;
  expect(answer.status).toBe(200);
  return (await answer.json()) as Seen;
};
const header = ({ headers }: Seen): string[] => [
  ...new Set(headers.filter(([name]) => /expos|leak/i.test(name)).map(([, value]) => value)),
];

const SPOOFS = { 'exposed-credential-check': '1', exposed_credential_check: '1', 'Exposed_Credential-Check': '2' };

describe.each(SUITE_NAMES)('suite %s', (suite) => {
  let world: AdapterWorld;
  beforeAll(async () => {
    world = await createAdapterWorld(suite);
  });
  afterAll(() => world.close());

  describe.each(Object.entries(ADAPTERS))('%s', (_name, start) => {
    let app: App;
    let cutOff: App;
    beforeAll(async () => {
      app = await start(world.checker);
      cutOff = await start(world.cutOff);
    });
    afterAll(async () => {
      await app.close();
      await cutOff.close();
    });

    test.each(VERDICTS)('annotates a login with the verdict %s', async (status, credential, value) => {
      const { username, password } = credential;
      const seen = await seenBy(post(app, '/login', credential));
      expect(seen).toMatchObject({ status, body: credential });
      expect(header(seen)).toEqual(value ? [value] : []);
      // As a form with the field `email`. An incoming header is removed whatever the verdict.
      const form = new URLSearchParams({ email: username, password });
      const sent = fetch(`${app.url}/login`, { method: 'POST', headers: SPOOFS, body: form });
      const again = await seenBy(sent);
      expect(again).toMatchObject({ status, body: { email: username, password } });
      expect(header(again)).toEqual(value ? [value] : []);
      // A handler that asks gets no header: it has the verdict.
      const asked = await seenBy(post(app, '/lazy', credential, SPOOFS));
      expect([asked.status, asked.action, header(asked)]).toEqual([status, seen.action, []]);
    });

    test.each(VERDICTS)(
      'denies a sign-up with the verdict %s if the password leaked',
      async (status, credential, value) => {
        const denied = ['pair', 'similar', 'password'].includes(status);
        const response = await post(app, '/sign-up', credential, SPOOFS);
        expect(response.status).toBe(denied ? 422 : 200);
        const custom = await post(app, '/custom', credential);
        if (denied) {
          expect(response.headers.get('content-type')).toContain('application/problem+json');
          const text = await response.text();
          expect(JSON.parse(text)).toMatchObject({ code: 'PASSWORD_LEAKED', status: 422 });
          expect(text).toContain('has appeared in a data breach');
          expect([custom.status, await custom.text()]).toEqual([409, `no: ${status}`]);
          for (const secret of Object.values(credential)) expect(text).not.toContain(secret);
        } else {
          const seen = (await response.json()) as Seen;
          expect(seen).toMatchObject({ status, body: credential });
          expect(header(seen)).toEqual(value ? [value] : []);
          expect(custom.status).not.toBe(409);
        }
      },
    );

    test('denyOn password denies a leaked password even if the pair leaked too', async () => {
      expect((await post(app, '/sign-up/password', TEST_CREDENTIALS.pair)).status).toBe(422);
      expect((await post(app, '/sign-up/password', TEST_CREDENTIALS.similar)).status).toBe(200);
      expect((await post(app, '/sign-up/password', { password: TEST_CREDENTIALS.pair.password })).status).toBe(422);
    });

    test('an outage lets requests in with an unknown verdict and without the header', async () => {
      for (const path of ['/login', '/sign-up']) {
        const seen = await seenBy(post(cutOff, path, TEST_CREDENTIALS.pair, SPOOFS));
        expect(seen).toMatchObject({ status: 'unknown', reason: 'NETWORK', body: TEST_CREDENTIALS.pair });
        expect(header(seen)).toEqual([]);
      }
      for (const path of ['/careful', '/sign-up/closed']) {
        const response = await post(cutOff, path, TEST_CREDENTIALS.clean);
        expect(response.status).toBe(503);
        expect(await response.json()).toMatchObject({ code: 'CHECK_UNAVAILABLE' });
      }
      expect((await post(app, '/careful', TEST_CREDENTIALS.pair)).status).toBe(200);
    });

    test('a request without a password has no header, and is challenged if the handler asks', async () => {
      for (const [path, body] of [
        ['/login', { username: 'ada' }],
        ['/login', ['a list']],
        ['/nested', TEST_CREDENTIALS.pair],
      ] as const) {
        const seen = await seenBy(post(app, path, body, SPOOFS));
        expect(seen).toMatchObject({ status: 'unknown', reason: 'CREDENTIAL_UNREADABLE', action: 'challenge', body });
        expect(header(seen)).toEqual([]);
      }
      const skipped = await seenBy(post(app, '/skipped', TEST_CREDENTIALS.pair, SPOOFS));
      expect([header(skipped), skipped.action]).toEqual([[], 'challenge']);
    });

    test('reads nested fields, and uses custom property and header names', async () => {
      const { username, password } = TEST_CREDENTIALS.pair;
      expect(await seenBy(post(app, '/nested', { user: { email: username, pass: password } }))).toMatchObject({
        status: 'pair',
      });
      const named = await seenBy(post(app, '/named', TEST_CREDENTIALS.similar, { x_leak: '1', ...SPOOFS }));
      expect(named.status).toBe('similar');
      const leaks = named.headers.filter(([name]) => /leak/i.test(name));
      expect([...new Set(leaks.map(([, value]) => value))]).toEqual(['3']);
    });

    test('a second username cannot hide the first', async () => {
      const { username, password } = TEST_CREDENTIALS.pair;
      const decoy = { username: 'nobody@credveil.invalid', email: username, password };
      expect(await seenBy(post(app, '/login', decoy))).toMatchObject({ status: 'pair' });
      const hidden = { username, email: 'nobody@credveil.invalid', password: TEST_CREDENTIALS.similar.password };
      expect(await seenBy(post(app, '/login', hidden))).toMatchObject({ status: 'similar' });
    });

    test('an ambiguous credential is challenged, with what its readings have', async () => {
      const { username, password } = TEST_CREDENTIALS.pair;
      for (const [body, status, value] of [
        [{ username, password: [password] }, 'pair', '1'],
        [{ username: { $ne: '' }, password }, 'password', '4'],
        [{ username, password: 7 }, 'username', '2'],
        [{ username, password: {} }, 'unknown', undefined],
      ] as const) {
        const seen = await seenBy(post(app, '/login', body, SPOOFS));
        expect(seen).toMatchObject({ status, action: 'challenge', body });
        expect(header(seen)).toEqual(value ? [value] : []);
        for (const path of ['/sign-up', '/sign-up/closed', '/sign-up/open'])
          expect((await post(app, path, body)).status).toBe(400);
      }
    });

    test("a bug in the application's options lets no login through unchallenged", async () => {
      const seen = await seenBy(post(app, '/mistaken', TEST_CREDENTIALS.pair, SPOOFS));
      expect(seen).toMatchObject({ status: 'unknown', reason: 'CREDENTIAL_UNREADABLE', action: 'challenge' });
      expect(header(seen)).toEqual([]);
      expect((await post(app, '/mistaken/closed', TEST_CREDENTIALS.clean)).status).toBe(400);
    });
  });
});
