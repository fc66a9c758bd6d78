// Programs that send their password with each request: which of them are attempts.

import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Exchange } from '../../../gateway/exchange.ts';
import type { Attempt, Login } from '../../../gateway/login/attempt.ts';
import { KnownCredentials } from '../../../gateway/login/known-credentials.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { serve, startOrigin } from '../../support/gateway/gateway.ts';
import { APP, statusOf, writeSecret } from '../../support/gateway/login/checked-app.ts';
import { createMemoryState } from '../../support/gateway/memory-state.ts';
import { createMemoryLimits } from '../../support/gateway/state/states.ts';
import { visit } from '../../support/gateway/visit.ts';
import { keyPinOf } from '../../support/pins.ts';

const [leaked] = seededPairs(1, 4712) as [{ username: string; password: string }];

let made: MadeDataset;
let server: CredveilServer;
beforeAll(async () => {
  made = await makeDataset({ pairs: [leaked] });
  server = await startServer(made.folder, { port: 0 });
});
afterAll(async () => {
  await server.close();
  made.dispose();
});

const basicOf = (username: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
});
const right = basicOf(leaked.username, leaked.password);

/** `/public` takes any password; everything else takes the right one, and says 401. */
async function startWebDav(more = '') {
  const taken = new Set<string>([right.Authorization]);
  const verdicts: unknown[] = [];
  const isTaken = (request: http.IncomingMessage): boolean => {
    verdicts.push(request.headers['exposed-credential-check']);
    return request.url === '/public' || taken.has(request.headers.authorization ?? '');
  };
  const origin = await startOrigin(async (request, response) => {
    const status = isTaken(request) ? 200 : 401;
    let length = 0;
    for await (const piece of request) length += piece.length;
    response.writeHead(status).end(`${length} bytes`);
  });
  origin.server.on('upgrade', (request: http.IncomingMessage, socket: Duplex) => {
    const isRight = isTaken(request);
    socket.end(
      isRight
        ? 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello'
        : 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n',
    );
  });
  const leaks = `{ url: "${server.url}", timeoutMs: 20000, keyFile: "${writeSecret(keyPinOf(made).key)}" }`;
  const served = await serve(
    `listen: 127.0.0.1:0\nleaks: ${leaks}\napps:\n  ${APP}: { to: "${origin.url}", login: basic${more} }\n`,
    { state: { state: createMemoryState(), key: new Uint8Array(32).fill(8), limits: createMemoryLimits() } },
  );
  const ask = async (path: string, headers = right): Promise<number> =>
    statusOf(await visit(served.port, APP, { path, headers }));
  const outcomes = () => served.events.flatMap((event) => (event.event === 'login' ? [event.outcome] : []));
  return { ...served, ask, outcomes, taken, verdicts };
}

async function upgrade(port: number, headers: { readonly Authorization: string }): Promise<string> {
  const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
  socket.write(
    `GET /socket HTTP/1.1\r\nHost: ${APP}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: ${headers.Authorization}\r\n\r\n`,
  );
  let text = '';
  socket.on('data', (piece: string) => {
    text += piece;
  });
  await once(socket, 'close');
  return text;
}

describe('a program that sends its password with each request', () => {
  test('is one login, and the application gets the header with what follows', async () => {
    const { ask, outcomes, verdicts, events } = await startWebDav();
    for (const path of ['/a', '/b', '/c/d', '/a']) expect(await ask(path)).toBe(200);
    expect(outcomes()).toEqual(['success']);
    expect(events).toContainEqual(expect.objectContaining({ event: 'login', verdict: 'pair' }));
    expect(verdicts).toEqual([undefined, '1', '1', '1']);
  });

  test('takes slots of no limit, however many requests it sends at once', async () => {
    const { ask } = await startWebDav(', loginLimits: [{ name: few, by: [address], allow: 3, window: 1m, for: 1h }]');
    await ask('/a');
    const statuses = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(`/${i}`)));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test('is an attempt again once the application refuses it', async () => {
    const { ask, outcomes, taken } = await startWebDav();
    await ask('/a');
    taken.clear();
    expect(await ask('/a')).toBe(401);
    taken.add(right.Authorization);
    expect(await ask('/a')).toBe(200);
    expect(outcomes()).toEqual(['success', 'failure', 'success']);
  });

  test('gets past no limit with passwords that a public page took', async () => {
    const { ask } = await startWebDav(', loginLimits: [{ name: few, by: [username], allow: 3, window: 1m, for: 1h }]');
    const guesses = Array.from({ length: 12 }, (_, i) => basicOf('ann', `guess-${i}`));
    for (const guess of guesses) await ask('/public', guess);
    const statuses: number[] = [];
    for (const guess of guesses) statuses.push(await ask('/private', guess));
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(4);
    expect(statuses.slice(4, -1).every((status) => status === 429)).toBe(true);
  });

  test('gets its WebSocket, the first time and later', async () => {
    const { port, outcomes } = await startWebDav();
    for (let i = 0; i < 2; i++) {
      const text = await upgrade(port, right);
      expect(text).toMatch(/^HTTP\/1\.1 101 /);
      expect(text.endsWith('hello')).toBe(true);
    }
    expect(await upgrade(port, basicOf('ann', 'wrong'))).toMatch(/^HTTP\/1\.1 401 /);
    expect(outcomes()).toEqual(['success', 'failure']);
  });

  test('may wait with an upload until it is asked for it', async () => {
    const { port } = await startWebDav();
    const request = http.request({
      port,
      method: 'PUT',
      path: '/file',
      headers: { Host: APP, Expect: '100-continue', 'Content-Length': 9, ...right },
    });
    request.on('continue', () => request.end('the file!')).flushHeaders();
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    let body = '';
    for await (const piece of response) body += String(piece);
    expect(`${response.statusCode} ${body}`).toBe('200 9 bytes');
  });
});

describe('known credentials', () => {
  const loginAt = (place: 'basic' | 'body'): Login =>
    ({ name: 'a', passwords: [{ place, part: 'password', path: ['pass'] }] }) as unknown as Login;
  const login = loginAt('basic');
  const attemptOf = (username: string, password: string, at = login): Attempt => ({
    login: at,
    logins: [at],
    usernames: [username],
    typed: [username],
    passwords: [password],
  });
  const TAKEN = { header: undefined, isProven: true };
  const from = (address: number): Exchange =>
    ({ application: { name: APP }, client: { family: 4, word: address } }) as unknown as Exchange;

  test('are known for ten minutes', () => {
    let now = 0;
    const known = new KnownCredentials(() => now);
    known.remember(from(1), attemptOf('ann', 'x'), undefined, { header: '4', isProven: true });
    now = 599_999;
    expect(known.find(from(1), attemptOf('ann', 'x'), undefined)?.header).toBe('4');
    now = 600_000;
    expect(known.find(from(1), attemptOf('ann', 'x'), undefined)).toBeUndefined();
    expect(known.size).toBe(0);
  });

  test('are those of one address, login, user and password', () => {
    const known = new KnownCredentials();
    known.remember(from(1), attemptOf('ann', 'x'), undefined, TAKEN);
    expect(known.find(from(2), attemptOf('ann', 'x'), undefined)).toBeUndefined();
    expect(known.find(from(1), attemptOf('ann', 'y'), undefined)).toBeUndefined();
    expect(known.find(from(1), attemptOf('bob', 'x'), undefined)).toBeUndefined();
    expect(known.find(from(1), attemptOf('ann', 'x'), undefined)).toBeDefined();
    known.remember(from(1), attemptOf('ann', 'y'), undefined, TAKEN);
    expect(known.find(from(1), attemptOf('ann', 'x'), undefined)).toBeUndefined();
    expect(known.find(from(1), attemptOf('ann', 'y', loginAt('basic')), undefined)).toBeUndefined();
  });

  test('are few for an address, and bounded for all', () => {
    const known = new KnownCredentials();
    for (let i = 0; i < 100; i++) known.remember(from(1), attemptOf(`user${i}`, 'x'), undefined, TAKEN);
    expect(known.size).toBe(16);
    expect(known.find(from(1), attemptOf('user99', 'x'), undefined)).toBeDefined();
    for (let i = 0; i < 10_100; i++) known.remember(from(i + 2), attemptOf(`name${i}`, 'x'), undefined, TAKEN);
    expect(known.size).toBe(10_000);
  });

  test('are none of forms', () => {
    const known = new KnownCredentials();
    known.remember(from(1), attemptOf('ann', 'x', loginAt('body')), undefined, TAKEN);
    expect(known.size).toBe(0);
  });
});
