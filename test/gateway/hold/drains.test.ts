// What is on its way over HTTP/2, and on another connection, while a login freezes its browser.

import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { APP, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET } from '../../support/gateway/hold/in-place-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { secure, tlsKey } from '../../support/gateway/tls.ts';

const PARALLEL = 20;
const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const FORM = 'application/x-www-form-urlencoded';
const BODY = new URLSearchParams({ user: 'alice', pass: password }).toString();

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

/** What a stream has brought so far. */
function collect(stream: ClientHttp2Stream) {
  const got = { status: 0, text: '', isClosed: false, cookies: [] as string[] };
  stream.setEncoding('utf8').on('error', () => undefined);
  stream.on('response', (headers) => {
    got.status = Number(headers[':status']);
    got.cookies = [headers['set-cookie'] ?? []].flat();
  });
  stream.on('data', (piece: string) => {
    got.text += piece;
  });
  stream.on('close', () => {
    got.isClosed = true;
  });
  return got;
}

async function start() {
  const world = await startHoldWorld({ users: { alice: password }, leaks, answerMs: 40, tls: tlsKey('first') });
  const connect = (): ClientHttp2Session => {
    const session = http2.connect(`https://127.0.0.1:${world.port}`, { rejectUnauthorized: false, servername: APP });
    session.on('error', () => undefined);
    onTestFinished(() => session.destroy());
    return session;
  };
  const session = connect();
  const open = (path: string, headers: OutgoingHttpHeaders = {}, on = session): ClientHttp2Stream =>
    on.request(
      { ':method': 'GET', ':path': path, ':authority': APP, ...headers },
      { endStream: headers[':method'] !== 'POST' },
    );
  const first = collect(open('/'));
  await expect.poll(() => first.isClosed).toBe(true);
  const cookie = first.cookies.map((line) => line.split(';')[0]).join('; ');
  expect(cookie).toContain('__Host-cv-jar=');
  const login = async (): Promise<number> => {
    const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin' };
    const stream = open('/login', { ':method': 'POST', cookie, 'content-type': FORM, ...page });
    const got = collect(stream);
    stream.end(BODY);
    await expect.poll(() => got.isClosed).toBe(true);
    return got.status;
  };
  return { ...world, connect, open, cookie, login };
}

test('no parallel stream of the connection, or of another, shows what a login opens', async () => {
  const { open, connect, cookie, login, app } = await start();
  const sessions = [undefined, connect()];
  const logged = login();
  const others = Array.from({ length: PARALLEL }, (_, i) => collect(open('/home', { cookie }, sessions[i % 2])));
  await expect.poll(() => app.signedIn().length, { interval: 1 }).toBe(1);
  for (let i = 0; i < PARALLEL; i++) others.push(collect(open('/home', { cookie }, sessions[i % 2])));
  expect(await logged).toBe(303);
  await expect.poll(() => others.every(({ isClosed }) => isClosed)).toBe(true);
  expect(others.map(({ text }) => text).join()).not.toContain(SECRET);
});

test('a slow body that began before gets no answer of the application', async () => {
  const { open, cookie, login, app } = await start();
  const slow = open('/home', { ':method': 'POST', cookie, 'content-type': 'text/plain', 'content-length': 4 });
  const got = collect(slow);
  slow.write('a');
  await sleep(50);
  expect(await login()).toBe(303);
  slow.end('bcd');
  await expect.poll(() => got.isClosed).toBe(true);
  expect(got.text).not.toContain(SECRET);
  expect(app.seen.map(({ line }) => line)).not.toContain('POST /home');
});

test('a stream, and a WebSocket of HTTP/1.1, are cut off before', async () => {
  const { open, connect, cookie, login, port } = await start();
  const streams = [collect(open('/stream', { cookie })), collect(open('/stream', { cookie }, connect()))];
  const socket = await secure({ port, servername: APP, ALPNProtocols: ['http/1.1'] });
  let text = '';
  let isClosed = false;
  socket.setEncoding('latin1').on('data', (piece: string) => {
    text += piece;
  });
  socket.on('close', () => {
    isClosed = true;
  });
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const head = [
    `GET /ws HTTP/1.1`,
    `Host: ${APP}`,
    `Cookie: ${cookie}`,
    ...upgrade,
    `Sec-WebSocket-Key: ${'A'.repeat(22)}==`,
  ];
  socket.write([...head, '', ''].join('\r\n'));
  await expect
    .poll(() => [text, ...streams.map((each) => each.text)].every((each) => each.includes('login form')))
    .toBe(true);
  expect(await login()).toBe(303);
  await expect.poll(() => isClosed && streams.every((each) => each.isClosed)).toBe(true);
  expect([text, ...streams.map((each) => each.text)].join()).not.toContain(SECRET);
});
