// What was on its way before a login does nothing as whoever it signs in, whatever its answer.

import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HoldRules } from '../../../gateway/quarantine/hold-rules.ts';
import { Holds } from '../../../gateway/quarantine/holds.ts';
import { OpenExchange, OpenExchanges } from '../../../gateway/quarantine/open-exchanges.ts';
import type { State } from '../../../gateway/state/state.ts';
import { seededPairs } from '../../support/dataset.ts';
import { startOrigin } from '../../support/gateway/gateway.ts';
import { APP, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { openTestState } from '../../support/gateway/state/states.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const leaked = { user: 'alice', pass: password };
const FORM = 'Content-Type: application/x-www-form-urlencoded';
const BODY = 'mail=mallory';

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

/** One session, which `/mail` acts for; what `/late` has sent reads it once the gate opens. */
async function startActing() {
  const gate = Promise.withResolvers<void>();
  let user: string | undefined;
  const begun: string[] = [];
  const acts: string[] = [];
  const { url, server } = await startOrigin(async (request, response) => {
    const path = request.url ?? '';
    begun.push(path);
    response.setHeader('Set-Cookie', 'PHPSESSID=one; Path=/');
    request.on('error', () => undefined);
    let body = '';
    try {
      for await (const piece of request) body += String(piece);
    } catch {
      return;
    }
    if (path === '/late') await gate.promise;
    if (path === '/late' || (path === '/mail' && body === BODY)) acts.push(`${path} of ${user}`);
    if (path !== '/login') return response.end(user === undefined ? 'nobody' : `<b>${user}</b>`);
    const form = new URLSearchParams(body);
    if (form.has('act')) acts.push(`/login of ${user}`);
    if (form.get('pass') === password) user = 'alice';
    response.writeHead(302, { Location: '/home' }).end();
  });
  const app = { url, server, seen: [], signedIn: () => [] };
  const announced = Promise.withResolvers<void>();
  const through = (state: State): State =>
    new Proxy(state, {
      get: (of, name) => {
        const member = Reflect.get(of, name) as unknown;
        if (typeof member !== 'function') return member;
        return (...given: unknown[]) => {
          if (name === 'announce') announced.resolve();
          return (member as (...all: unknown[]) => unknown).apply(of, given);
        };
      },
    });
  const world = await startHoldWorld({ users: {}, leaks, app, through });
  const cookie = await world.visitor();
  const open = (method: string, path: string, more: readonly string[], body = ''): net.Socket => {
    const head = [`${method} ${path} HTTP/1.1`, `Host: ${APP}`, `Cookie: ${cookie}`, ...more, '', body];
    const socket = net.connect(world.port, '127.0.0.1', () => socket.write(head.join('\r\n')));
    return socket.on('error', () => undefined).resume();
  };
  const hasBegun = (path: string) => expect.poll(() => begun.includes(path)).toBe(true);
  return { ...world, cookie, open, hasBegun, begun, acts, openGate: gate.resolve, announced: announced.promise };
}

test.each([
  ['', []],
  [' that waited for 100', ['Expect: 100-continue']],
])('a body%s that is still to come is cut off', async (_, more) => {
  const { open, hasBegun, login, cookie, acts } = await startActing();
  // A shorter one is read as a whole first: it may be a login.
  const read = `m=${'x'.repeat(70_000)}&`;
  const slow = open('POST', '/mail', [FORM, `Content-Length: ${read.length + BODY.length}`, ...more], read);
  await hasBegun('/mail');
  const closed = new Promise((resolve) => slow.on('close', resolve));
  expect(statusOf(await login(leaked, cookie))).toBe(303);
  slow.write(BODY);
  await closed;
  expect(acts).toEqual([]);
});

test.each([
  ['POST', [FORM, `Content-Length: ${BODY.length}`], BODY, false],
  ['POST', [FORM, `Content-Length: ${BODY.length}`], BODY, true],
  ['POST', [FORM, 'Expect: 100-continue', `Content-Length: ${BODY.length}`], BODY, true],
  ['GET', [], '', true],
])('a login waits for a %s (%j) that the application has', async (method, more, body, leaves) => {
  const { open, hasBegun, login, cookie, acts, begun, openGate, announced } = await startActing();
  const waiting = open(method, '/late', more, body);
  await hasBegun('/late');
  // The whole of it has come once the application waits at its gate.
  await sleep(50);
  if (leaves) {
    waiting.destroy();
    await sleep(50);
  }
  const held = login(leaked, cookie);
  await announced;
  await sleep(50);
  expect(begun).not.toContain('/login');
  openGate();
  expect(statusOf(await held)).toBe(303);
  expect(acts).toEqual(['/late of undefined']);
});

test('what was still read at the place of a login is never sent', async () => {
  const { open, login, cookie, acts, begun } = await startActing();
  const slow = open('POST', '/login', [FORM, 'Connection: close', 'Content-Length: 5'], 'act=');
  await sleep(50);
  expect(statusOf(await login(leaked, cookie))).toBe(303);
  const closed = new Promise((resolve) => slow.on('close', resolve));
  slow.write('1');
  await closed;
  expect(acts).toEqual([]);
  expect(begun.filter((path) => path === '/login')).toHaveLength(1);
});

test('an application that does not answer in time keeps a login from being sent', async () => {
  const exchanges = new OpenExchanges();
  const open = new OpenExchange(
    () => undefined,
    () => true,
  );
  exchanges.add('one', open);
  const answered = Promise.withResolvers<void>();
  open.send(answered.promise);
  await expect(exchanges.beginLogin('one', 5)).rejects.toMatchObject({ code: 'STATE_BUSY' });
  await exchanges.beginLogin('another', 5);
  answered.resolve();
  await exchanges.beginLogin('one', 10_000);
});

test('such a login leaves its browser as it was', async () => {
  const holds = new Holds(openTestState().state, Buffer.alloc(32, 5), () => undefined);
  const begin = holds.open.beginLogin.bind(holds.open);
  holds.open.beginLogin = (browser) => begin(browser, 5);
  const open = new OpenExchange(
    () => undefined,
    () => true,
  );
  holds.open.add('one', open);
  const answered = Promise.withResolvers<void>();
  open.send(answered.promise);
  const rules = { lockMs: 60_000, lifeMs: 3_600_000 } as HoldRules;
  expect(await holds.lock('one', rules)).toBe('locked');
  expect(await holds.read('one')).toBe('free');
  answered.resolve();
  expect(await holds.lock('one', rules)).toEqual(expect.any(Number));
});
