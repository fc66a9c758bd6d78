// What is on its way while a login is, and what comes after: neither shows what the login opened.

import type { IncomingMessage } from 'node:http';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type State, StateError } from '../../../gateway/state/state.ts';
import { seededPairs } from '../../support/dataset.ts';
import { startOrigin } from '../../support/gateway/gateway.ts';
import { APP, type HoldWorld, PAGE, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { SECRET, startInPlaceApp } from '../../support/gateway/hold/in-place-app.ts';
import { startMailServer } from '../../support/gateway/identity/mail-server.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { openTestState } from '../../support/gateway/state/states.ts';
import { cookiesOf, textOf } from '../../support/gateway/visit.ts';

const ROUNDS = Number(process.env.CREDVEIL_HOLD_ROUNDS ?? 2);
const PARALLEL = 20;
const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const users = { alice: password, bob: 'n3ver-leaked-anywhere' };
const leaked = { user: 'alice', pass: password };

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

const start = (options = {}): Promise<HoldWorld> => startHoldWorld({ users, leaks, answerMs: 40, ...options });

/** A connection whose bytes a test reads as they come. */
function connect(port: number, bytes: string) {
  const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
  let text = '';
  let isClosed = false;
  socket.setEncoding('latin1').on('error', () => undefined);
  socket.on('data', (piece: string) => {
    text += piece;
  });
  socket.on('close', () => {
    isClosed = true;
  });
  return { socket, text: () => text, isClosed: () => isClosed };
}

const headOf = (line: string, cookie: string, more: readonly string[] = []): string =>
  [`${line} HTTP/1.1`, `Host: ${APP}`, `Cookie: ${cookie}`, ...more, '', ''].join('\r\n');

describe('while a login is on its way', () => {
  test('no parallel request shows what it opens', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { visitor, login, get, app } = await start();
      const cookie = await visitor();
      // One that has begun to leave is cut off.
      const early = Array.from({ length: PARALLEL }, () => get('/home', cookie).catch(() => undefined));
      const held = login(leaked, cookie);
      await expect.poll(() => app.signedIn(), { interval: 1 }).toHaveLength(1);
      const late = Array.from({ length: PARALLEL }, () => get('/home', cookie).catch(() => undefined));
      const pages = await Promise.all([...early, ...late]);
      expect(pages.filter((page) => page && textOf(page).includes(SECRET))).toEqual([]);
      expect(statusOf(await held)).toBe(303);
    }
  });

  test('a slow body that began before it gets no answer of the application', async () => {
    const { port, visitor, login, app } = await start();
    const cookie = await visitor();
    const slow = connect(port, headOf('POST /home', cookie, ['Content-Length: 4', 'Connection: close']));
    await expect.poll(() => slow.socket.bytesWritten).toBeGreaterThan(0);
    slow.socket.write('a');
    await login(leaked, cookie);
    expect(app.signedIn()).toHaveLength(1);
    slow.socket.write('bcd');
    await expect.poll(slow.isClosed).toBe(true);
    expect(slow.text()).toContain('LOGIN_HELD');
    expect(app.seen.map(({ line }) => line)).not.toContain('POST /home');
  });

  test.each([
    [
      'a WebSocket',
      '/ws',
      [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      ],
    ],
    ['a stream', '/stream', []],
  ])('%s is cut off before', async (_, path, more) => {
    const { port, visitor, login } = await start();
    const cookie = await visitor();
    const open = connect(port, headOf(`GET ${path}`, cookie, more));
    await expect.poll(open.text).toContain('login form');
    await login(leaked, cookie);
    await expect.poll(open.isClosed).toBe(true);
    expect(open.text()).not.toContain(SECRET);
  });

  test('a stream that began its session is cut off too', async () => {
    const { port, login } = await start();
    const open = connect(port, [`GET /stream HTTP/1.1`, `Host: ${APP}`, '', ''].join('\r\n'));
    await expect.poll(open.text).toContain('login form');
    const cookie = [...open.text().matchAll(/^Set-Cookie: ([^;]+)/gm)].map(([, pair]) => pair).join('; ');
    expect(cookie).toMatch(/PHPSESSID=cv1\.[\w-]+; .*cv-jar=/);
    await login(leaked, cookie);
    await expect.poll(open.isClosed).toBe(true);
    expect(open.text()).not.toContain(SECRET);
  });

  test('who leaves before its answer has lost the session', async () => {
    const { port, visitor, get, app } = await start();
    const cookie = await visitor();
    const body = new URLSearchParams(leaked).toString();
    const type = 'Content-Type: application/x-www-form-urlencoded';
    const gone = connect(port, headOf('POST /login', cookie, [type, `Content-Length: ${body.length}`]) + body);
    await expect.poll(() => app.signedIn(), { interval: 1 }).toHaveLength(1);
    gone.socket.destroy();
    const pages = await Promise.all(Array.from({ length: 4 }, () => get('/home', cookie)));
    for (const page of [...pages, await get('/home', cookie)]) expect(textOf(page)).not.toContain(SECRET);
  });

  test('a second one waits for it, and is no way around', async () => {
    const { visitor, login } = await start();
    const cookie = await visitor();
    const answers = await Promise.all([login(leaked, cookie), login({ user: 'alice', pass: 'wrong' }, cookie)]);
    expect(answers.map((answer) => textOf(answer)).join()).not.toContain(SECRET);
    expect(answers.map(statusOf)).toContain(303);
  });
});

describe('a request whose client has left', () => {
  /** An application that answers nothing, and hears who leaves. */
  async function waiting(cookieOfVisitor: boolean) {
    const asked: IncomingMessage[] = [];
    let left = 0;
    const { url } = await startOrigin((request, response) => {
      if (request.url !== '/slow') return response.setHeader('Set-Cookie', 'PHPSESSID=1').end();
      asked.push(request);
      request.socket.on('close', () => left++);
    });
    const world = await start({ app: { url, seen: [], signedIn: () => [] } });
    const gone = connect(world.port, headOf('GET /slow', cookieOfVisitor ? await world.visitor() : 'a=b'));
    await expect.poll(() => asked.length).toBe(1);
    // One that only ends its side may wait for the answer.
    gone.socket.resetAndDestroy();
    return { ...world, left: () => left };
  }

  test('leaves the application too, where no login can wait for it', async () => {
    const { left } = await waiting(false);
    await expect.poll(left).toBe(1);
  });

  test('keeps no gateway from its end', async () => {
    const { left, gateway } = await waiting(true);
    expect(left()).toBe(0);
    await gateway.close({ deadlineMs: 50 });
    await expect.poll(left).toBe(1);
  });
});

describe('what cannot be read for sure', () => {
  test.each([
    ['a long body', { body: `pad=${'a'.repeat(66_000)}&user=alice&pass=${encodeURIComponent(password)}` }, 413],
    ['an unknown coding', { body: 'x', coding: 'zstd-of-mine' }, 415],
  ])('%s never reaches the application', async (_, { body, coding }: { body: string; coding?: string }, status) => {
    const { send, app } = await start();
    const headers = {
      'Content-Type': 'application/x-www-form-urlencoded',
      ...(coding && { 'Content-Encoding': coding }),
    };
    expect(statusOf(await send({ method: 'POST', path: '/login', headers, body }))).toBe(status);
    expect(app.signedIn()).toEqual([]);
  });

  test('a compressed body is read', async () => {
    const { send, visitor, get } = await start();
    const Cookie = await visitor();
    const headers = {
      ...PAGE,
      Cookie,
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Encoding': 'gzip',
    };
    const body = gzipSync(new URLSearchParams(leaked).toString());
    await send({ method: 'POST', path: '/login', headers, body });
    expect(textOf(await get('/home', Cookie))).not.toContain(SECRET);
  });
});

describe('the state', () => {
  test('keeps a browser frozen over a restart', async () => {
    const app = await startInPlaceApp({ users });
    const mail = await startMailServer();
    const state = openTestState();
    const first = await start({ app, mail, state });
    const cookie = await first.visitor();
    await first.login(leaked, cookie);
    await first.gateway.close({ deadlineMs: 10 });
    const second = await start({ app, mail, state });
    expect(statusOf(await second.get('/home', cookie, PAGE))).toBe(303);
    expect(statusOf(await second.get('/home', cookie))).toBe(401);
    expect(statusOf(await second.get('/'))).toBe(200);
  });

  test('that is away lets nothing pass', async () => {
    let isAway = false;
    const through = (state: State): State =>
      new Proxy(state, {
        get: (of, name) => {
          const member = Reflect.get(of, name) as unknown;
          if (typeof member !== 'function') return member;
          const isRead = name !== 'subscribe';
          return (...given: unknown[]) =>
            isAway && isRead
              ? Promise.reject(new StateError('STATE_AWAY', 'it is away', 'Wait.'))
              : (member as (...all: unknown[]) => unknown).apply(of, given);
        },
      });
    const { visitor, login, get, app } = await start({ through });
    const cookie = await visitor();
    isAway = true;
    const seen = app.seen.length;
    expect(statusOf(await login(leaked, cookie))).toBe(503);
    expect(statusOf(await get('/home', cookie))).toBe(503);
    expect(app.seen.length).toBe(seen);
    isAway = false;
    expect(statusOf(await get('/home', cookie))).toBe(200);
  });

  test('holds three logins of a user at once, and lets a fourth pass nowhere', async () => {
    const { login, get } = await start();
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(await login(leaked));
    expect(answers.map(statusOf)).toEqual([303, 303, 303, 503]);
    for (const answer of answers) expect(statusOf(await get('/home', cookiesOf(answer)))).not.toBe(500);
  });
});
