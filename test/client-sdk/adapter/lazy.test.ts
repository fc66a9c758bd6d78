// Handlers that ask: wrong passwords cost nothing, and the verdict is on what the handler compared.

import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leakCheck as onExpress } from '../../../client-sdk/adapter/express.ts';
import { leakCheck as onFastify } from '../../../client-sdk/adapter/fastify.ts';
import { type AskLeaks, leakCheck as onFetch } from '../../../client-sdk/adapter/fetch.ts';
import { leakCheck as onHono } from '../../../client-sdk/adapter/hono.ts';
import { leakCheck as onNext } from '../../../client-sdk/adapter/next.ts';
import type { Credential, LeakChecker, Verdict } from '../../../client-sdk/index.ts';
import { TEST_CREDENTIALS } from '../../../protocol/test-credentials.ts';
import { type AdapterWorld, createAdapterWorld } from '../../support/worlds/adapter-world.ts';

const { pair, clean } = TEST_CREDENTIALS;

let world: AdapterWorld;
beforeAll(async () => {
  world = await createAdapterWorld('hmac');
});
afterAll(() => world.close());

type Login = (body: Credential) => Promise<Response>;
/** Compares the password, and asks once it is right. */
type Compare = (body: Credential, ask: AskLeaks) => Promise<Verdict | 'wrong'>;

/** The same login in each framework. */
const LOGINS: Readonly<Record<string, (checker: LeakChecker, compare: Compare) => Promise<Login>>> = {
  async express(checker, compare) {
    const app = express();
    // Before the parser: a handler that asks needs the body later.
    app.post('/', onExpress(checker), express.json(), async (request, response) => {
      response.json(await compare(request.body, request.leaks));
    });
    return async (body) => {
      const server = app.listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as AddressInfo;
      const answer = await fetch(`http://127.0.0.1:${port}/`, post(body));
      server.close();
      return answer;
    };
  },
  async fastify(checker, compare) {
    const app = fastify();
    await app.register(onFastify, { checker });
    app.post('/', async (request) => JSON.stringify(await compare(request.body as Credential, request.leaks)));
    return async (body) => {
      const { body: text } = await app.inject({ method: 'POST', url: '/', payload: body });
      return new Response(text);
    };
  },
  async hono(checker, compare) {
    const app = new Hono().post('/', onHono(checker), async (c) =>
      c.json(await compare(await c.req.json(), c.var.leaks)),
    );
    return async (body) => app.request('/', post(body));
  },
  async fetch(checker, compare) {
    const login = onFetch(checker)(async (request) =>
      Response.json(await compare((await request.json()) as Credential, request.leaks)),
    );
    return (body) => login(new Request('http://app.test/', post(body)));
  },
  async next(checker, compare) {
    const login = onNext(checker)(async (request) =>
      Response.json(await compare((await request.json()) as Credential, request.leaks)),
    );
    return (body) => login(new Request('http://app.test/', post(body)));
  },
};

function post(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

describe.each(Object.entries(LOGINS))('%s', (_name, start) => {
  const counted = (): { checker: LeakChecker; asked: (Credential | undefined)[] } => {
    const asked: (Credential | undefined)[] = [];
    const check: LeakChecker['check'] = (credential, options) => {
      asked.push(credential);
      return world.checker.check(credential, options);
    };
    return { checker: { ...world.checker, check }, asked };
  };

  test('spends nothing on a wrong password, and one check on a right one', async () => {
    const { checker, asked } = counted();
    const login = await start(checker, async ({ password }, ask) =>
      password === pair.password ? ask() : ('wrong' as const),
    );
    for (let i = 0; i < 20; i++) expect(await (await login({ ...pair, password: `guess ${i}` })).json()).toBe('wrong');
    expect(asked).toEqual([]);
    expect(await (await login(pair)).json()).toMatchObject({ status: 'pair', action: 'challenge' });
    expect(asked).toHaveLength(1);
  });

  test('asks once however often the handler does', async () => {
    const { checker, asked } = counted();
    const login = await start(checker, async (_body, ask) => {
      const [first, second] = await Promise.all([ask(), ask()]);
      expect(first).toBe(second);
      return ask();
    });
    expect(await (await login(clean)).json()).toMatchObject({ status: 'clean', action: 'allow' });
    expect(asked).toHaveLength(1);
  });

  test('checks the credential that the handler compared, if it passes one', async () => {
    const { checker, asked } = counted();
    const typed = { username: '+49 151', password: ` ${pair.password} ` };
    const compared = { usernames: ['+49 151', pair.username], password: pair.password };
    const login = await start(checker, async (_body, ask) => ask(compared));
    expect(await (await login(typed)).json()).toMatchObject({ status: 'pair', action: 'challenge' });
    expect(asked).toEqual([compared]);
  });

  test('rejects a malformed credential of the handler', async () => {
    const login = await start(world.checker, async (_body, ask) => {
      await expect(ask({ email: 'x', password: 'y' } as Credential)).rejects.toMatchObject({
        code: 'ARGUMENT_MALFORMED',
        hint: expect.stringContaining('Did you mean username?'),
      });
      return 'wrong';
    });
    expect(await (await login(clean)).json()).toBe('wrong');
  });

  test('challenges a request without a password: the handler found one elsewhere', async () => {
    const login = await start(world.checker, async (_body, ask) => ask());
    expect(await (await login({ username: pair.username })).json()).toMatchObject({
      status: 'unknown',
      reason: 'CREDENTIAL_UNREADABLE',
      action: 'challenge',
    });
  });

  test('passes the options of the call on', async () => {
    const passwordChangedAt = new Date();
    const given: unknown[] = [];
    const check: LeakChecker['check'] = (credential, options) => {
      given.push(options);
      return world.checker.check(credential, options);
    };
    const login = await start({ ...world.checker, check }, async (_body, ask) => {
      await ask(undefined, { passwordChangedAt });
      return ask(pair, { passwordChangedAt });
    });
    expect(await (await login(pair)).json()).toMatchObject({ status: 'pair' });
    expect(given).toEqual([{ passwordChangedAt }, { passwordChangedAt }]);
  });
});

test('express checks what the parser gave and what the handler left', async () => {
  const app = express();
  app.use(express.json(), onExpress(world.checker));
  app.post('/trimmed', async (request, response) => {
    request.body.password = request.body.password.trim();
    response.json(await request.leaks());
  });
  app.post('/removed', async (request, response) => {
    delete request.body.password;
    response.json(await request.leaks());
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const spaced = { ...pair, password: `  ${pair.password}` };
  expect(await (await fetch(`${url}/trimmed`, post(spaced))).json()).toMatchObject({ status: 'pair' });
  expect(await (await fetch(`${url}/removed`, post(pair))).json()).toMatchObject({ status: 'pair' });
  server.close();
});

test('a body of HTTP/2 that no parser has read is unreadable beside a query', async () => {
  const app = fastify({ http2: true });
  app.addContentTypeParser('application/octet-stream', (_request, _payload, done) => done(null));
  await app.register(onFastify, { checker: world.checker });
  app.post('/', async (request) => JSON.stringify(await request.leaks()));
  const session = http2.connect(await app.listen({ port: 0, host: '127.0.0.1' }));
  const stream = session.request({
    ':method': 'POST',
    ':path': '/?username=nobody&password=never',
    'content-type': 'application/octet-stream',
  });
  stream.end(JSON.stringify(pair));
  const answer = await text(stream);
  session.close();
  await app.close();
  expect(JSON.parse(answer)).toMatchObject({ reason: 'CREDENTIAL_UNREADABLE', action: 'challenge' });
});
