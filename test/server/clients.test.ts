// Access control of a server, over real HTTP. PROTOCOL.md §18.

import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { addClient, revokeClient } from '../../access/client-file.ts';
import { encodeElementsRequest } from '../../protocol/oprf-messages.ts';
import { blindedElements, codeOf, postMessage } from '../support/post-message.ts';
import { getTls, makeTlsFiles, pairOf } from '../support/tls-files.ts';
import { test } from '../support/worlds/clients-world.ts';

describe('a server with a client list', () => {
  const BEHIND = ['/v1/head', '/v1/datasets', '/v1/account/0', '/v1/password/0'];

  test('a client with a key gets a response', async ({ world }) => {
    const key = world.add('a');
    await world.start();
    for (const path of ['/v1/head', '/v1/datasets', '/v1/account/0'])
      expect((await world.get(path, key)).status, path).toBe(200);
    // RFC 9110 §11.1: scheme names are case-insensitive.
    expect((await fetch(`${world.server.url}/v1/head`, { headers: { authorization: `bEARER ${key}` } })).status).toBe(
      200,
    );
  });

  test('a client without a key gets 401 and WWW-Authenticate', async ({ world }) => {
    world.add('a');
    await world.start();
    for (const path of BEHIND) {
      const answer = await world.get(path);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="credveil"');
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
      expect(await codeOf(answer), path).toEqual([401, 'CLIENT_REQUIRED']);
    }
    const message = encodeElementsRequest(blindedElements(world.sodium, 1));
    for (const path of ['/v1/lookup', '/v1/evaluate', '/v1/prove'])
      expect(await codeOf(await postMessage(world.server.url + path, message)), path).toEqual([401, 'CLIENT_REQUIRED']);
    expect(await codeOf(await world.get(`/d/${world.made.dataset.id}/v1/head`))).toEqual([401, 'CLIENT_REQUIRED']);
  });

  test('a key that is not exactly one of the list is rejected and not repeated', async ({ world }) => {
    const [key, other] = [world.add('a'), world.add('b')];
    await world.start();
    const [label, id, secret] = key.split('.') as [string, string, string];
    const [, otherId, otherSecret] = other.split('.') as [string, string, string];
    for (const wrong of [
      `${label}.${id}.${otherSecret}`,
      `${label}.${otherId}.${secret}`,
      `${label}.0000000000000000.${secret}`,
      `${label}.${id}.${secret.toLowerCase()}x`.slice(0, key.length),
      key.slice(0, -1),
      `${key}A`,
      `${key} ${key}`,
      secret,
      '',
    ]) {
      const answer = await fetch(`${world.server.url}/v1/head`, { headers: { authorization: `Bearer ${wrong}` } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="credveil", error="invalid_token"');
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({ status: 401, code: 'CLIENT_UNKNOWN' });
      expect(text).not.toContain(secret);
    }
    for (const authorization of [key, `Basic ${Buffer.from(`a:${key}`).toString('base64')}`])
      expect((await fetch(`${world.server.url}/v1/head`, { headers: { authorization } })).status).toBe(401);
  });

  test('health, documents and preflights need no key', async ({ world }) => {
    world.add('a');
    await world.start();
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/reference'])
      expect((await world.get(path)).status, path).toBe(200);
    expect((await world.get('/nothing')).status).toBe(404);
    const preflight = await fetch(`${world.server.url}/v1/account/0`, { method: 'OPTIONS' });
    expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
      204,
      expect.stringContaining('Authorization'),
    ]);
  });

  test('responses to clients with a key are not stored in shared caches', async ({ world }) => {
    const key = world.add('a', { 'requests-per-day': 100 });
    await world.start();
    expect((await world.get('/v1/account/0', key)).headers.get('cache-control')).toBe(
      'private, no-cache, no-transform',
    );
    const snapshot = (await world.get('/v1/head', key)).headers.get('credveil-snapshot');
    expect((await world.get(`/v1/account/0?snapshot=${snapshot}`, key)).headers.get('cache-control')).toBe(
      'private, max-age=604800, immutable, no-transform',
    );
  });

  test('added and revoked clients take effect without a restart', async ({ world }) => {
    const key = world.add('a');
    await world.start();
    const second = world.add('b');
    await world.seen('clients-loaded');
    expect((await world.get('/v1/head', second)).status).toBe(200);
    revokeClient(world.file, 'a');
    await world.seen('clients-loaded', 2);
    expect(await codeOf(await world.get('/v1/head', key))).toEqual([401, 'CLIENT_UNKNOWN']);
    revokeClient(world.file, 'b');
    await world.seen('clients-loaded', 3);
    // An empty list is not the same as no list.
    expect(await codeOf(await world.get('/v1/head'))).toEqual([401, 'CLIENT_REQUIRED']);
  });

  test('the previous client list stays in force if the new one is broken or missing', async ({ world }) => {
    const key = world.add('a');
    await world.start();
    fs.writeFileSync(world.file, 'nonsense');
    await world.seen('clients-refused');
    expect(world.events.at(-1)).toMatchObject({ event: 'clients-refused', code: 'CLIENTS_MALFORMED' });
    fs.rmSync(world.file);
    await world.seen('clients-refused', 2);
    expect(world.events.at(-1)).toMatchObject({ code: 'CLIENTS_MISSING', hint: expect.stringContaining('restart') });
    expect([(await world.get('/v1/head', key)).status, (await world.get('/v1/head')).status]).toEqual([200, 401]);
  });

  test('a client is identified by its certificate', async ({ world }) => {
    const tls = makeTlsFiles();
    const { certFile, keyFile, caFile } = tls;
    const fingerprint = new X509Certificate(pairOf('client').cert).fingerprint256.replaceAll(':', '').toLowerCase();
    addClient(world.file, 'cert', { 'requests-per-day': 1 }, { certificate: fingerprint });
    await world.start({ tls: { certFile, keyFile, caFile } });
    const { address } = world.server;
    const ask = async (pair: object) => (await getTls(address, '/v1/account/0', pair)).status;
    expect(await ask({})).toBe(401);
    expect(await ask(pairOf('stranger'))).toBe(401);
    expect([await ask(pairOf('client')), await ask(pairOf('client'))]).toEqual([200, 429]);
    tls.dispose();
  });
});

describe('a server without a client list', () => {
  test('anyone on loopback has access until the first client is added', async ({ world }) => {
    await world.start();
    expect((await world.get('/v1/head')).status).toBe(200);
    expect((await world.get('/v1/head', 'whatever')).status).toBe(200);
    const key = world.add('a');
    await world.seen('clients-loaded');
    expect([(await world.get('/v1/head')).status, (await world.get('/v1/head', key)).status]).toEqual([401, 200]);
  });

  test.for(['0.0.0.0', '::', 'credveil.example'])(
    'a server without clients does not start on %s',
    async (host, { world }) => {
      await expect(world.start({ host })).rejects.toMatchObject({ code: 'CLIENTS_REQUIRED', hint: expect.any(String) });
    },
  );

  test('a server with an empty client list does not start beyond loopback', async ({ world }) => {
    world.add('a');
    revokeClient(world.file, 'a');
    await expect(world.start({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'CLIENTS_REQUIRED' });
  });

  test('a server starts beyond loopback with allowAnonymous or with a client', async ({ world }) => {
    await world.start({ host: '0.0.0.0', allowAnonymous: true });
    expect((await fetch(`http://127.0.0.1:${world.server.address.port}/v1/head`)).status).toBe(200);
    await world.server.close();
    world.add('a');
    await world.start({ host: '0.0.0.0' });
    expect((await fetch(`http://127.0.0.1:${world.server.address.port}/v1/head`)).status).toBe(401);
  });

  test('a server with allowAnonymous still rejects a wrong key', async ({ world }) => {
    const key = world.add('a');
    await world.start({ allowAnonymous: true });
    expect((await world.get('/v1/head')).status).toBe(200);
    expect((await world.get('/v1/head', key)).status).toBe(200);
    expect((await world.get('/v1/head', `${key.slice(0, -2)}AA`)).status).toBe(401);
  });
});
