// What somebody has open, a WebSocket, a stream or an upload, lasts no longer than what they have
// shown for it.

import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { GivenFactor } from '../../../gateway/factors/factor.ts';
import { SessionStore } from '../../../gateway/identity/sessions/session-store.ts';
import { APP_COOKIE } from '../../../gateway/identity/sessions/sessions.ts';
import { OwnCookie } from '../../../gateway/request/own-cookies.ts';
import { createTestClock } from '../../support/clock.ts';
import { peopleWorld } from '../../support/gateway/identity/access-world.ts';
import { DURATIONS, personOf } from '../../support/gateway/identity/people.ts';

const MINUTE = 60_000;
const EVERYONE = '      policies: [{ name: all, action: allow, include: [{ everyone: true }] }]\n';
const UPGRADE = [
  ...['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'],
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const KINDS = {
  'a WebSocket': ['GET', ...UPGRADE],
  'a stream': ['GET', 'Accept: text/event-stream'],
  'an upload': ['POST', 'Content-Length: 1000000'],
} as const;

type Kind = readonly string[];
type World = Awaited<ReturnType<typeof peopleWorld>>;

/** Somebody who has shown a key. @returns headers of their browser */
async function entered({ store }: World, name: string, given: Partial<GivenFactor> = {}) {
  const [own, ofApp] = [OwnCookie.draw(), OwnCookie.draw()];
  const person = personOf(name);
  const now = Date.now();
  const factor = { method: 'security_key', factor: `key of ${name}`, at: now, trustedFrom: now, ...given } as const;
  const times = { signedInAt: now, authenticatedAt: now, seenAt: now, untilMs: now + 24 * 60 * MINUTE };
  const durations = { ...DURATIONS, idleMs: 24 * 60 * MINUTE };
  await store.createPerson(own, { person, ...times, factors: [factor] }, durations);
  await store.createApp(
    ofApp,
    { host: 'app.example', personId: SessionStore.idOf(own), seenAt: now, person },
    durations,
  );
  const [cookie = ''] = APP_COOKIE.format(ofApp, true).split(';');
  return ['X-Forwarded-Proto: https', `Cookie: ${cookie}`];
}

function open({ port }: World, [method, ...more]: readonly string[], headers: readonly string[]) {
  const socket = net
    .connect(port, '127.0.0.1')
    .on('error', () => undefined)
    .resume();
  onTestFinished(() => void socket.destroy());
  let isOver = false;
  const ended = once(socket, 'close').then(() => {
    isOver = true;
  });
  const head = [`${method} /lasting HTTP/1.1`, 'Host: app.example', 'X-Forwarded-For: 192.0.2.7', ...headers, ...more];
  socket.write([...head, '', ''].join('\r\n'));
  if (method === 'POST') socket.write('begun');
  return { socket, ended, isOver: () => isOver };
}

/** Once the application has them. */
async function openAll(world: World, headers: readonly string[], kinds: readonly Kind[] = Object.values(KINDS)) {
  const before = world.asked();
  const all = kinds.map((kind) => open(world, kind, headers));
  await expect.poll(world.asked).toBe(before + kinds.length);
  return all;
}
const allEnded = (all: readonly { readonly ended: Promise<void> }[]) => Promise.all(all.map(({ ended }) => ended));
const KEY = 'factors: { methods: [security_key], every: 30m }';

describe('a WebSocket, a stream and an upload', () => {
  test('end once the factor was shown too long ago, and nobody else’s do', async () => {
    const clock = createTestClock();
    const world = await peopleWorld(`${EVERYONE}      ${KEY}\n`);
    const ann = await openAll(world, await entered(world, 'ann'));
    const cy = await openAll(world, await entered(world, 'cy', { at: Date.now() + 20 * MINUTE }));
    clock.pass(30 * MINUTE);
    await allEnded(ann);
    expect(cy.map(({ isOver }) => isOver())).toEqual([false, false, false]);
    clock.pass(20 * MINUTE);
    await allEnded(cy);
  });

  test('end with the factor, which is removed', async () => {
    const world = await peopleWorld(`${EVERYONE}      ${KEY}\n`);
    const ann = await openAll(world, await entered(world, 'ann'));
    const cy = await openAll(world, await entered(world, 'cy'));
    await world.store.endFactor('key of ann');
    await allEnded(ann);
    expect(cy.map(({ isOver }) => isOver())).toEqual([false, false, false]);
  });

  test('end with the session, by whatever it ends', async () => {
    const world = await peopleWorld(`${EVERYONE}      session: { idle: 1h }\n`);
    const clock = createTestClock();
    const ann = await openAll(world, await entered(world, 'ann'));
    await world.store.endAllOf(personOf('ann'));
    await allEnded(ann);
    const cy = await openAll(world, await entered(world, 'cy'));
    clock.pass(60 * MINUTE);
    await allEnded(cy);
  });
});

test('what a path or a policy asks for counts, and what is asked for from now on', async () => {
  const clock = createTestClock();
  const factors = '      factors: { methods: [security_key], every: 12h, paths: { /lasting: { every: 10m } } }\n';
  const world = await peopleWorld(EVERYONE + factors);
  const ofPath = await openAll(world, await entered(world, 'ann'), [KINDS['a stream']]);
  clock.pass(10 * MINUTE);
  await allEnded(ofPath);
  const selected =
    '      policies: [{ name: all, action: allow, include: [{ everyone: true }], require: [{ factor: totp }] }]\n';
  const later = await openAll(world, await entered(world, 'cy'), [KINDS['a stream']]);
  await world.gateway.reload(world.config(selected));
  await allEnded(later);
});
