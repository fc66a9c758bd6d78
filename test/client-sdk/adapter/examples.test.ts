// Starts each example by the steps of its README, and logs in over HTTP: with right, wrong and
// leaked passwords, and during an outage.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Example, startExample } from '../../support/client/example.ts';
import { type InstalledClient, installClient } from '../../support/client/installed-client.ts';
import { forward, type HttpFront, send, startFront } from '../../support/http-front.ts';
import { type AdapterWorld, createAdapterWorld } from '../../support/worlds/adapter-world.ts';

const LEAKED = { username: 'ada@example.com', password: 'Correct Horse 7' };
const CLEAN = { username: 'bob@example.com', password: 'never seen 1234' };

let client: InstalledClient;
let world: AdapterWorld;
let front: HttpFront;
/** The service is down: a user can sign up with a leaked password, which the next login finds. */
let isDown = false;
const running: Example[] = [];

beforeAll(async () => {
  client = await installClient();
  world = await createAdapterWorld('hmac', { pairs: [LEAKED] });
  front = await startFront(async (request, response) => {
    if (isDown) response.writeHead(503).end();
    else send(response, await forward(world.url, request));
  });
});
afterEach(async () => {
  isDown = false;
  for (const example of running.splice(0)) {
    await example.stop();
    expect(example.written()).not.toContain(LEAKED.password);
    expect(example.written()).not.toContain(CLEAN.password);
  }
});
afterAll(async () => {
  await front.close();
  await world.close();
  client.dispose();
});

const keyOf = ({ pin }: AdapterWorld): string => ('key' in pin ? pin.key : '');

async function start(name: string, key = keyOf(world)): Promise<Example> {
  const env = { CREDVEIL_URL: front.url, CREDVEIL_KEY: key };
  const example = await startExample({ home: client.home, name, env });
  running.push(example);
  return example;
}

/** The deadline of the examples is 300 ms, so a check may be `unknown` on a busy machine: retry. */
async function eventually<T>(attempt: (i: number) => Promise<T>, isRight: (value: T) => boolean): Promise<T> {
  for (let i = 0; i < 50; i += 1) {
    const value = await attempt(i);
    if (isRight(value)) return value;
  }
  throw new Error('no attempt succeeded');
}

const withStatus = (status: number) => (response: Response) => response.status === status;
const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';

/** Call this first: earlier checks would fill the cache, which also answers during an outage. */
async function signUpWhileDown(example: Example, at: string, body: object, status: number): Promise<void> {
  isDown = true;
  expect((await example.post(at, body)).status).toBe(status);
  isDown = false;
}

/** Of one password to bcrypt, with texts that a check would take for others. */
const UNEQUAL = [`${LEAKED.password}\0${LEAKED.password}`, 'x'.repeat(73), 'é'.repeat(37)];

test('express-login denies leaked sign-ups and asks a leaked login to confirm', async () => {
  const example = await start('express-login');
  await signUpWhileDown(example, '/sign-up', LEAKED, 201);
  expect((await example.post('/login', { ...LEAKED, password: 'wrong' })).status).toBe(401);
  const { password } = LEAKED;
  const refused = await eventually(
    (i) => example.post('/sign-up', { username: `user${i}@example.com`, password }),
    withStatus(422),
  );
  expect(await refused.json()).toMatchObject({ code: 'PASSWORD_LEAKED' });
  expect((await example.post('/sign-up', CLEAN)).status).toBe(201);
  expect((await example.post('/login', { ...CLEAN, password: 'wrong' })).status).toBe(401);
  const home = await example.post('/login', CLEAN);
  expect([home.status, await home.json()]).toEqual([200, { next: 'home' }]);
  const hello = await fetch(`${example.url}/home`, { headers: { cookie: cookieOf(home) } });
  expect(await hello.json()).toEqual({ hello: CLEAN.username });

  const stepUp = await eventually(() => example.post('/login', LEAKED), withStatus(202));
  const cookie = cookieOf(stepUp);
  expect((await fetch(`${example.url}/home`, { headers: { cookie } })).status).toBe(401);
  const code = example.lines.at(-1)?.match(/\d{6}$/)?.[0];
  expect((await example.post('/login/confirm', { code }, { cookie })).status).toBe(200);
  expect((await fetch(`${example.url}/home`, { headers: { cookie } })).status).toBe(200);

  for (const text of UNEQUAL)
    for (const at of ['/login', '/sign-up'])
      expect((await example.post(at, { ...LEAKED, password: text })).status).toBe(400);
  // One more field does not take the finding back.
  const decoyed = await eventually(() => example.post('/login', { ...LEAKED, email: [] }), withStatus(202));
  expect(await decoyed.json()).toMatchObject({ next: 'confirm' });

  isDown = true;
  expect(await (await example.post('/login', CLEAN)).json()).toEqual({ next: 'home' });
  // The cache of the process still answers.
  expect(await (await example.post('/login', LEAKED)).json()).toMatchObject({ next: 'confirm' });
});

test('fastify-login denies leaked sign-ups and requires a password change after a leaked login', async () => {
  const example = await start('fastify-login');
  await signUpWhileDown(example, '/sign-up', LEAKED, 201);
  const { password } = LEAKED;
  await eventually((i) => example.post('/sign-up', { username: `user${i}@example.com`, password }), withStatus(422));
  expect((await example.post('/sign-up', CLEAN)).status).toBe(201);
  expect((await example.post('/login', { ...CLEAN, password: 'wrong' })).status).toBe(401);
  expect(await (await example.post('/login', CLEAN)).json()).toMatchObject({ mustChangePassword: false });

  const login = async () =>
    (await (await example.post('/login', LEAKED)).json()) as { token: string; mustChangePassword: boolean };
  const { token } = await eventually(login, ({ mustChangePassword }) => mustChangePassword);
  const headers = { authorization: `Bearer ${token}` };
  for (const text of UNEQUAL) {
    const body = { ...LEAKED, password: text };
    for (const at of ['/login', '/sign-up']) expect((await example.post(at, body)).status).toBe(400);
    expect((await example.post('/password', body, headers)).status).toBe(400);
  }
  expect((await fetch(`${example.url}/home`, { headers })).status).toBe(403);
  expect((await example.post('/password', { password })).status).toBe(401);
  await eventually(() => example.post('/password', { password }, headers), withStatus(422));
  expect((await example.post('/password', { password: 'never seen 5678' }, headers)).status).toBe(200);
  expect((await fetch(`${example.url}/home`, { headers })).status).toBe(200);
});

test('hono-login denies leaked sign-ups and sends a leaked login to the password page', async () => {
  const example = await start('hono-login');
  const form = (email: string, password: string) => new URLSearchParams({ email, password });
  const leaked = form(LEAKED.username, LEAKED.password);
  await signUpWhileDown(example, '/sign-up', leaked, 303);
  const refused = await eventually(
    (i) => example.post('/sign-up', form(`user${i}@example.com`, LEAKED.password)),
    withStatus(422),
  );
  expect(await refused.text()).toContain('data breach');
  const clean = form(CLEAN.username, CLEAN.password);
  expect((await example.post('/sign-up', clean)).status).toBe(303);
  expect((await example.post('/login', form(CLEAN.username, 'wrong'))).status).toBe(401);
  const home = await example.post('/login', clean);
  expect(home.headers.get('location')).toBe('/home');
  expect(await (await fetch(`${example.url}/home`, { headers: { cookie: cookieOf(home) } })).text()).toContain('Hello');

  for (const text of UNEQUAL)
    for (const at of ['/login', '/sign-up'])
      expect((await example.post(at, form(LEAKED.username, text))).status).toBe(400);
  await eventually(
    () => example.post('/login', leaked),
    ({ headers }) => headers.get('location') === '/password',
  );
});

test('better-auth-login denies leaked sign-ups and requires a password change after a leaked login', async () => {
  const example = await start('better-auth-login');
  const { username: email, password } = LEAKED;
  const post = (at: string, body: object, headers = {}) =>
    example.post(`/api/auth${at}`, body, { origin: example.url, ...headers });
  isDown = true;
  expect((await post('/sign-up/email', { email, password, name: 'A' })).status).toBe(200);
  isDown = false;
  const refused = await eventually(
    (i) => post('/sign-up/email', { email: `user${i}@example.com`, password, name: 'A' }),
    withStatus(422),
  );
  expect(await refused.json()).toMatchObject({ code: 'PASSWORD_LEAKED' });
  expect((await post('/sign-in/email', { email, password: 'wrong wrong' })).status).toBe(401);
  const userOf = async (cookie: string) => {
    const answer = await fetch(`${example.url}/api/auth/get-session`, { headers: { cookie } });
    return ((await answer.json()) as { user: { mustChangePassword: boolean } }).user;
  };
  const cookie = await eventually(
    async () => {
      const signedIn = cookieOf(await post('/sign-in/email', { email, password }));
      return (await userOf(signedIn)).mustChangePassword ? signedIn : '';
    },
    (found) => found !== '',
  );
  const change = { currentPassword: password, newPassword: 'never seen 5678' };
  expect((await post('/change-password', change, { cookie })).status).toBe(200);
  expect(await userOf(cookie)).toMatchObject({ mustChangePassword: false });
});

test.each(['express-login', 'fastify-login', 'hono-login', 'better-auth-login'])(
  '%s starts during an outage, and not with the line of another dataset',
  async (name) => {
    isDown = true;
    await start(name);
    isDown = false;
    const digit = keyOf(world).includes('-2.0') ? '1' : '0';
    const ofAnother = keyOf(world).replace(/-2\../, `-2.${digit}`);
    await expect(start(name, ofAnother)).rejects.toThrow('DATASET_MISMATCH');
  },
);
