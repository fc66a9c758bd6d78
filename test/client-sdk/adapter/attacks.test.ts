// What a person at the login can send to be checked for another credential, or for none.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LeakChecker } from '../../../client-sdk/index.ts';
import { TEST_CREDENTIALS } from '../../../protocol/test-credentials.ts';
import { ADAPTERS, type App, type Seen } from '../../support/client/adapter-apps.ts';
import { type AdapterWorld, createAdapterWorld } from '../../support/worlds/adapter-world.ts';

const { pair, similar, password: reused, clean } = TEST_CREDENTIALS;

let world: AdapterWorld;
beforeAll(async () => {
  world = await createAdapterWorld('hmac');
});
afterAll(() => world.close());

describe.each(Object.entries(ADAPTERS))('%s', (name, start) => {
  let app: App;
  let checks = 0;
  beforeAll(async () => {
    const check: LeakChecker['check'] = (credential, options) => {
      checks++;
      return world.checker.check(credential, options);
    };
    app = await start({ ...world.checker, check });
  });
  afterAll(() => app.close());

  const post = (path: string, body: unknown, type = 'application/json'): Promise<Response> =>
    fetch(app.url + path, {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const seenBy = async (path: string, body: unknown, type?: string): Promise<Seen> =>
    (await post(path, body, type)).json() as Promise<Seen>;

  test('a member with a dot in its name does not hide the nested field', async () => {
    const user = { email: pair.username, pass: pair.password };
    const decoy = { user, 'user.email': clean.username, 'user.pass': clean.password };
    expect(await seenBy('/nested', decoy)).toMatchObject({ status: 'pair', action: 'challenge' });
  });

  test.each([
    [[], pair, 'pair'],
    [0, pair, 'pair'],
    [{}, similar, 'similar'],
    [[[]], reused, 'password'],
  ])('a second username %j takes back no finding', async (email, credential, status) => {
    expect(await seenBy('/login', { ...credential, email })).toMatchObject({ status, action: 'challenge' });
    expect((await post('/sign-up', { ...credential, email })).status).toBe(400);
  });

  // The other adapters read no body of this length.
  if (name === 'express' || name === 'fastify')
    test('a second username that is too long takes back no finding', async () => {
      const email = 'a'.repeat(66_000);
      expect(await seenBy('/login', { ...similar, email })).toMatchObject({ status: 'similar', action: 'challenge' });
      expect(await seenBy('/login', { ...clean, email })).toMatchObject({ status: 'unknown', action: 'challenge' });
    });

  test.each([{ email: [] }, { email: 7 }, { password: [clean.password] }, { password: { toString: 'x' } }])(
    'a request with %j beside it is challenged in every policy, and denied in mode deny',
    async (decoy) => {
      for (const path of ['/login', '/lenient'])
        expect(await seenBy(path, { ...clean, ...decoy })).toMatchObject({ status: 'unknown', action: 'challenge' });
      expect((await post('/sign-up', { ...clean, ...decoy })).status).toBe(400);
    },
  );

  test('a username in the body that is no text counts beside a password in the query', async () => {
    const query = `?password=${encodeURIComponent(similar.password)}`;
    for (const body of [
      { username: { $eq: similar.username } },
      { username: ['a', similar.username, 'b'] },
      { email: [[similar.username]], username: clean.username },
    ]) {
      expect(await seenBy(`/login${query}`, body)).toMatchObject({ action: 'challenge' });
      expect((await post(`/sign-up${query}`, body)).status).toBe(400);
    }
  });

  test('mode deny refuses a body without a password', async () => {
    const misspelled = { username: clean.username, pasword: clean.password };
    for (const body of [{}, misspelled, [pair], [[pair]]])
      for (const path of ['/sign-up', '/sign-up/open', '/sign-up/password'])
        expect((await post(path, body)).status, `${path} ${JSON.stringify(body)}`).toBe(400);
  });

  test('what cannot be read costs no check in mode deny', async () => {
    const fields = { username: ['a', 'b'], email: ['c', 'd'], password: ['x\0y', 'z\0y'] };
    checks = 0;
    for (const body of [fields, { ...pair, email: [] }, { ...pair, password: ['b', 'c'] }])
      expect((await post('/sign-up', body)).status).toBe(400);
    expect((await post('/sign-up?password=other', pair)).status).toBe(400);
    expect(checks).toBe(0);
  });

  test('whatever a request has costs one check before the handler', async () => {
    const twice = { username: ['a', pair.username], email: ['c', 'd'], password: [clean.password, pair.password] };
    for (const [body, query, status] of [
      [twice, '', 'pair'],
      [pair, `?password=${clean.password}&username=b`, 'pair'],
      [{ ...pair, password: ` ${pair.password}` }, '', 'pair'],
    ] as const) {
      checks = 0;
      expect(await seenBy(`/login${query}`, body)).toMatchObject({ status, action: 'challenge' });
      expect(checks).toBe(1);
    }
  });

  test('a password with blanks around it is checked without them too, as handlers trim', async () => {
    for (const padded of [` ${pair.password}`, `${pair.password}\n`, `\u00a0${pair.password}\ufeff`]) {
      const body = { ...pair, password: padded };
      expect(await seenBy('/login', body)).toMatchObject({ status: 'pair', action: 'challenge' });
      expect((await post('/sign-up', body)).status).toBe(422);
    }
    for (const password of [` ${clean.password}`, '  '])
      expect(await seenBy('/login', { ...clean, password })).toMatchObject({ status: 'clean', action: 'allow' });
  });

  // Fastify refuses the name.
  if (name !== 'fastify')
    test('a __proto__ does not hide a field that a handler inherits', async () => {
      const body = `{"username":${JSON.stringify(pair.username)},"__proto__":{"password":"${pair.password}"}}`;
      expect(await seenBy('/login', body)).toMatchObject({ status: 'pair', action: 'challenge' });
      expect((await post('/sign-up', body)).status).toBe(400);
    });
});
