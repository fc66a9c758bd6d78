// Whoever breaks logins off, or signs in by what cannot be read, ends no more sessions than are
// counted: each handle that is dead has to be remembered.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatRange, networkOf } from '../../../gateway/addresses/network.ts';
import { Holds } from '../../../gateway/quarantine/holds.ts';
import { seededPairs } from '../../support/dataset.ts';
import { leadTo, startHandledApp } from '../../support/gateway/hold/handled-app.ts';
import { formAt, startHoldWorld } from '../../support/gateway/hold/hold-world.ts';
import { statusOf } from '../../support/gateway/login/checked-app.ts';
import { type LeakService, startLeakService } from '../../support/gateway/login/guarded-app.ts';
import { textOf, withCookie } from '../../support/gateway/visit.ts';

const [{ password }] = seededPairs(1, 99) as [{ username: string; password: string }];
const users: Record<string, string> = { alice: password, bob: 'n3ver-leaked-anywhere' };
const XML = '<login><user>bob</user><pass>n3ver-leaked-anywhere</pass></login>';

let leaks: LeakService;
beforeAll(async () => {
  leaks = await startLeakService([{ username: 'alice', password }]);
});
afterAll(() => leaks.close());

/** Answers wrong logins once it is let. */
async function start() {
  const waiting: (() => void)[] = [];
  const app = await startHandledApp(async ({ line, form, body, session, response }) => {
    if (line === 'POST /xml') {
      if (body === XML) session.user = 'bob';
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return response.end('read');
    }
    if (line !== 'POST /login') return false;
    const isRight = users[form.get('user') ?? ''] === form.get('pass');
    if (isRight) session.user = form.get('user') ?? '';
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return leadTo(response, isRight ? '/home' : '/login?error=1');
  });
  const world = await startHoldWorld({ users, leaks, app, locations: formAt('main', '/login') });
  const answerAll = () => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  return { ...world, app, waiting, answerAll };
}

test.each([
  ['a form', '/login', 'application/x-www-form-urlencoded', 'user=zed&pass=wrong'],
  ['what cannot be read', '/xml', 'application/xml', '<login><user>zed</user><pass>wrong</pass></login>'],
])('a client that leaves behind %s ends no session', async (_, path, type, body) => {
  const { port, app, state, waiting, answerAll, visitor } = await start();
  const cookies = [`cv-jar=${randomBytes(32).toString('base64url')}`, await visitor(), await visitor()];
  const before = state.sizeOf('hold');
  for (const [i, cookie] of cookies.entries()) {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const head = `POST ${path} HTTP/1.1\r\nHost: app.example\r\nCookie: ${cookie}\r\nContent-Type: ${type}`;
    socket.write(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await expect.poll(() => waiting.length).toBe(i + 1);
    socket.resetAndDestroy();
  }
  expect(state.sizeOf('hold'), 'each is locked').toBe(before + cookies.length);
  answerAll();
  await expect.poll(() => state.sizeOf('hold')).toBe(before);
  expect(app.signedIn()).toEqual([]);
});

test('what cannot be read and signs somebody in ends a thousand handles of a site a day at most', async () => {
  const { send, visitor, state, app, get } = await start();
  const holds = new Holds(state, Buffer.alloc(32, 5), () => undefined);
  const ending = holds.hashOf('network', formatRange(networkOf({ family: 4, word: 0x7f000001 }, 32)));
  for (let i = 0; i < 999; i++) await holds.rises.take('app.example', { ending });
  const xml = { method: 'POST', path: '/xml', body: XML, headers: { 'Content-Type': 'application/xml' } };
  const [first, second] = [await visitor(), await visitor()];
  // One that signs nobody in gives its place back.
  const other = { ...xml, path: '/other' };
  for (let i = 0; i < 2; i++) expect(statusOf(await send(withCookie(other, first)))).toBe(200);
  expect(statusOf(await send(withCookie(xml, first)))).toBe(400);
  const dead = state.sizeOf('hold');
  expect(dead).toBe(1);
  // Beyond, it is sent without the session of its browser, which stays as it is.
  expect(statusOf(await send(withCookie(xml, second)))).toBe(400);
  expect(state.sizeOf('hold')).toBe(dead);
  expect(app.seen.filter(({ line, cookie }) => line === 'POST /xml' && cookie?.includes('PHPSESSID'))).toHaveLength(1);
  expect(textOf(await get('/home', second))).not.toContain('bob');
});
