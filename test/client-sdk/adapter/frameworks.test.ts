// Framework-specific behaviour of each adapter, and malformed options.

import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { validator } from 'hono/validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leakCheck as onExpress } from '../../../client-sdk/adapter/express.ts';
import { leakCheck as onFastify } from '../../../client-sdk/adapter/fastify.ts';
import { leakCheck as onFetch } from '../../../client-sdk/adapter/fetch.ts';
import { leakCheck as onHono } from '../../../client-sdk/adapter/hono.ts';
import { leakProxy, leakCheck as onNext } from '../../../client-sdk/adapter/next.ts';
import type { Verdict } from '../../../client-sdk/index.ts';
import { TEST_CREDENTIALS } from '../../../protocol/test-credentials.ts';
import { headersOf } from '../../support/client/adapter-apps.ts';
import { COPIES, chunk, seenIn, sendRaw, taken } from '../../support/client/adapter-requests.ts';
import { type AdapterWorld, createAdapterWorld } from '../../support/worlds/adapter-world.ts';

const { pair } = TEST_CREDENTIALS;
const PAIR = JSON.stringify(pair);

let world: AdapterWorld;
beforeAll(async () => {
  world = await createAdapterWorld('hmac');
});
afterAll(() => world.close());

const request = (body: string, headers: Record<string, string> = {}): Request =>
  new Request('http://app.test/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

describe('express', () => {
  test('reports CREDENTIAL_UNREADABLE without a body parser, and removes later trailers', async () => {
    const verdicts: (Verdict | undefined)[] = [];
    const app = express();
    const onResult = (verdict: Verdict): void => void verdicts.push(verdict);
    app.use(onExpress(world.checker, { eager: true, onResult }), (message, response) => {
      message.resume().once('end', () => response.json({ headers: headersOf(message) }));
    });
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const head = ['POST / HTTP/1.1', 'Host: 127.0.0.1', 'Content-Type: application/json', 'Connection: close'];
    const trailers = `0\r\n${COPIES.join('\r\n')}\r\nExpires: never\r\n\r\n`;
    const seen = seenIn(await sendRaw(url, [...head, 'Transfer-Encoding: chunked', ...COPIES], chunk(PAIR) + trailers));
    expect(taken(seen)).toEqual([]);
    expect(seen.headers).toContainEqual(['expires', 'never']);
    await fetch(url);
    expect(verdicts.map((verdict) => verdict?.reason)).toEqual(['CREDENTIAL_UNREADABLE']);
    server.close();
  });

  test('a fields function finds a credential outside the body', async () => {
    const app = express();
    app.use(
      onExpress(world.checker, {
        fields: ({ headers: { authorization = '' } }) => {
          const [username = '', password = ''] = atob(authorization.replace(/^Basic /, '')).split(':');
          return authorization === '' ? undefined : { username, password };
        },
      }),
      async (message, response) => {
        const { status, reason } = await message.leaks();
        response.send(reason ?? status);
      },
    );
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const authorization = `Basic ${btoa(`${pair.username}:${pair.password}`)}`;
    expect(await (await fetch(url, { headers: { authorization } })).text()).toBe('pair');
    expect(await (await fetch(url)).text()).toBe('CREDENTIAL_UNREADABLE');
    server.close();
  });

  test('an error thrown by the denial handler reaches the error middleware', async () => {
    const app = express();
    const handler = (): never => {
      throw new Error('a bug in the application');
    };
    const onError: express.ErrorRequestHandler = (_error, _request, response, _next) => void response.status(500).end();
    app.use(express.json(), onExpress(world.checker, { mode: 'deny', handler }), onError);
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: PAIR };
    expect((await fetch(url, sent)).status).toBe(500);
    server.close();
  });
});

describe('fastify', () => {
  test('the route config selects the check, and earlier hooks see no incoming header', async () => {
    const early: unknown[] = [];
    const app = fastify();
    const results: string[] = [];
    const onResult = ({ status }: Verdict): void => void results.push(status);
    await app.register(onFastify, { checker: world.checker, global: false, eager: true, onResult });
    app.addHook('onRequest', async ({ headers }) => void early.push(headers['exposed-credential-check']));
    const header = (value: unknown): object => ({ header: value ?? 'none' });
    app.post('/one', async (request) => {
      expect(results).toEqual([]);
      return { ...header(request.headers['exposed-credential-check']), status: (await request.leaks()).status };
    });
    app.post('/two', { config: { leakCheck: true } }, async (request) => {
      expect(results).toEqual(['pair', 'pair']);
      return { ...header(request.headers['exposed-credential-check']), status: (await request.leaks()).status };
    });
    await app.register(async (scope) => {
      scope.post('/three', { config: { leakCheck: { mode: 'deny' } } }, async () => 'passed');
    });
    const options = { method: 'POST', payload: { ...pair }, headers: { 'exposed-credential-check': '1' } } as const;
    expect((await app.inject({ ...options, url: '/one' })).json()).toEqual({ header: 'none', status: 'pair' });
    expect((await app.inject({ ...options, url: '/two' })).json()).toEqual({ header: '1', status: 'pair' });
    expect((await app.inject({ ...options, url: '/three' })).statusCode).toBe(422);
    expect((await app.inject({ ...options, url: '/none' })).statusCode).toBe(404);
    expect(early).toEqual([undefined, undefined, undefined, undefined]);
  });
});

test('fastify removes incoming headers and trailers over HTTP/2', async () => {
  const app = fastify({ http2: true });
  await app.register(onFastify, { checker: world.checker, eager: true });
  app.post('/', async (request) => ({
    status: (await request.leaks()).status,
    headers: [request.raw.headers, request.raw.rawHeaders, request.raw.trailers, request.raw.rawTrailers].map((place) =>
      JSON.stringify(place),
    ),
  }));
  const session = http2.connect(await app.listen({ port: 0, host: '127.0.0.1' }));
  const copies = { exposed_credential_check: 'copied', 'exposed-credential-check': 'copied' };
  const head = { ':method': 'POST', ':path': '/', 'content-type': 'application/json', ...copies };
  const stream = session.request(head, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ ...copies, expires: 'never' }));
  stream.end(PAIR);
  let text = '';
  for await (const piece of stream) text += String(piece);
  expect(JSON.parse(text)).toMatchObject({ status: 'pair' });
  expect(text).toContain('never');
  expect(text).not.toContain('copied');
  expect(text.match(/exposed.credential.check\\":\\"1/gi)).toHaveLength(1);
  session.close();
  await app.close();
});

describe('hono', () => {
  test.each(['json', 'form'] as const)('checks a body that a %s validator has read', async (kind) => {
    const app = new Hono();
    const check = onHono(world.checker, { eager: true });
    app.post(
      '/login',
      validator(kind, (value) => value as Record<string, string>),
      check,
      async (c) =>
        c.json({
          status: (await c.get('leaks')()).status,
          valid: c.req.valid(kind),
          header: c.req.header('Exposed-Credential-Check'),
        }),
    );
    const body = kind === 'json' ? PAIR : new URLSearchParams(pair);
    const headers = { exposed_credential_check: '4', ...(kind === 'json' && { 'content-type': 'application/json' }) };
    const answer = await app.request('/login', { method: 'POST', body, headers });
    expect(await answer.json()).toEqual({ status: 'pair', valid: pair, header: '1' });
  });

  test('a body read without Hono is unreadable', async () => {
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req.raw.text();
      await next();
    });
    app.post('/login', onHono(world.checker), async (c) => c.json({ reason: (await c.var.leaks()).reason }));
    expect(await (await app.request(request(PAIR))).json()).toEqual({ reason: 'CREDENTIAL_UNREADABLE' });
  });
});

describe('fetch', () => {
  test('passes further arguments on, and leaves the incoming request unchanged', async () => {
    const handler = onFetch(world.checker, { eager: true })(async (checked, env: { name: string }) =>
      Response.json([
        (await checked.leaks()).status,
        checked.headers.get('exposed-credential-check'),
        env.name,
        await checked.json(),
      ]),
    );
    const incoming = request(PAIR, { 'exposed-credential-check': '4' });
    expect(await (await handler(incoming, { name: 'env' })).json()).toEqual(['pair', '1', 'env', pair]);
    expect(incoming.headers.get('exposed-credential-check')).toBe('4');
  });

  test('a fields function reads a bounded copy of the body', async () => {
    const reasons: (string | undefined)[] = [];
    const check = onFetch(world.checker, {
      maxBodyBytes: 200,
      fields: async (copy) => {
        const [username = '', password = ''] = (await copy.text()).split('\n');
        return { username, password };
      },
      onResult: ({ status, reason }) => void reasons.push(reason ?? status),
    });
    const handler = check(async (checked) => {
      await checked.leaks();
      return new Response(await checked.text());
    });
    for (const text of [`${pair.username}\n${pair.password}`, `${pair.username}\n${'x'.repeat(300)}`])
      expect(await (await handler(request(text))).text()).toBe(text);
    expect(reasons).toEqual(['pair', 'CREDENTIAL_UNREADABLE']);
  });

  test('a body already read is unreadable, and so is none', async () => {
    const handler = onFetch(world.checker)(async (checked) => Response.json(await checked.leaks()));
    const used = request(PAIR);
    await used.text();
    expect(await (await handler(used)).json()).toMatchObject({ reason: 'CREDENTIAL_UNREADABLE' });
    const bodiless = await handler(new Request('http://app.test/'));
    expect(await bodiless.json()).toMatchObject({ reason: 'CREDENTIAL_UNREADABLE', action: 'challenge' });
  });

  test('no error or verdict quotes an unreadable body', async () => {
    const told: unknown[] = [];
    const onError = (verdict: Verdict, _request: Request, cause?: unknown): 'deny' => {
      told.push(JSON.stringify(verdict), String(cause), cause instanceof Error ? cause.cause : undefined);
      return 'deny';
    };
    const handler = onFetch(world.checker, { eager: true, onError })(() => new Response('passed'));
    for (const body of ['password=a&password=marked', '{"password":"marked-password', '["marked-password"'])
      told.push(await (await handler(request(body))).text());
    expect(told).toHaveLength(12);
    expect(told.join()).not.toContain('marked');
  });

  test('cancels a copy of the body that nobody read', async () => {
    const copies: Request[] = [];
    const fields = (copy: Request): undefined => void copies.push(copy);
    const handler = onFetch(world.checker, { fields })(async (checked) => new Response(await checked.text()));
    expect(await (await handler(request(PAIR))).text()).toBe(PAIR);
    await expect(copies[0]?.text()).rejects.toThrow(TypeError);
  });

  test('stops reading a body at maxBodyBytes', async () => {
    let pulled = 0;
    const body = new ReadableStream({
      pull(controller) {
        pulled += 1;
        if (pulled > 1_000) controller.close();
        else controller.enqueue(new Uint8Array(10_000));
      },
    });
    const handler = onFetch(world.checker)(() => new Response('done'));
    const init = { method: 'POST', body, duplex: 'half' };
    expect(await (await handler(new Request('http://app.test/', init))).text()).toBe('done');
    expect(pulled).toBeLessThan(20);
  });
});

describe('next', () => {
  test('the proxy passes headers on and leaves the body unread', async () => {
    const inits: { request: { headers: Headers } }[] = [];
    const proxy = leakProxy(world.checker, {
      next: (init) => {
        inits.push(init);
        return new Response('next');
      },
    });
    const incoming = request(PAIR, { exposed_credential_check: '4', 'x-other': 'kept' });
    expect(await (await proxy(incoming)).text()).toBe('next');
    const headers = [...(inits[0]?.request.headers ?? [])];
    expect(headers).toContainEqual(['exposed-credential-check', '1']);
    expect(headers).toContainEqual(['x-other', 'kept']);
    expect(headers.filter(([name]) => name.startsWith('exposed'))).toHaveLength(1);
    expect(await incoming.json()).toEqual(pair);
    const denying = leakProxy(world.checker, { mode: 'deny', next: () => new Response('next') });
    expect((await denying(request(PAIR))).status).toBe(422);
  });

  test('the handler gets the same request, or a copy if it is immutable', async () => {
    const handler = onNext(world.checker, { eager: true })(async (checked: Request) => checked as unknown as Response);
    const incoming = request(PAIR);
    expect(await handler(incoming)).toBe(incoming);
    const frozen = request(PAIR, { 'exposed-credential-check': '4' });
    const refuse = (): never => {
      throw new TypeError('immutable');
    };
    Object.assign(frozen.headers, { delete: refuse, set: refuse });
    const other = (await handler(frozen)) as unknown as Request;
    expect(other).not.toBe(frozen);
    expect(other.headers.get('exposed-credential-check')).toBe('1');
  });
});
