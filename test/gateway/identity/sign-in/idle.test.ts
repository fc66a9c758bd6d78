// A policy that lets nobody in who was idle, beside others of the application that do.

import { expect, test } from 'vitest';
import { createTestClock } from '../../../support/clock.ts';
import { configOf } from '../../../support/gateway/gateway.ts';
import { startWorld } from '../../../support/gateway/identity/sign-in-world.ts';

const MINUTE = 60_000;
const ALL = 'action: allow, include: [{ everyone: true }]';
const ACCESS = `policies: [{ name: all, ${ALL} }, { name: pay, ${ALL}, paths: /pay, session: { idle: 10m } }]`;
const [HOME, PAY] = ['http://app.example/', 'http://app.example/pay'];

async function world() {
  const clock = createTestClock();
  const { browser, provider } = await startWorld({ access: ACCESS });
  const ann = browser();
  expect((await ann.open(PAY)).code).toBe(200);
  return { clock, ann, asked: () => provider.asked.get('/auth') };
}

test('asks whoever was idle to sign in, and nobody else', async () => {
  const { clock, ann, asked } = await world();
  for (let i = 0; i < 6; i++) {
    clock.pass(7 * MINUTE);
    for (const address of [HOME, PAY]) expect((await ann.get(address)).code).toBe(200);
  }
  expect(asked()).toBe(1);
  clock.pass(10 * MINUTE);
  expect((await ann.get(PAY)).code).toBe(303);
  expect((await ann.get(HOME)).code).toBe(200);
  expect((await ann.open(PAY)).code).toBe(200);
  expect(asked()).toBe(2);
  expect((await ann.get(PAY)).code).toBe(200);
});

test('is not passed by use elsewhere, nor by a new session at the application', async () => {
  const { clock, ann, asked } = await world();
  clock.pass(10 * MINUTE);
  // Another path of it, and another application.
  for (const address of [HOME, 'http://other.example/', HOME]) expect((await ann.open(address)).code).toBe(200);
  expect((await ann.get(PAY)).code).toBe(303);
  ann.jarOf({ hostname: 'app.example' }).clear();
  expect((await ann.open(HOME)).code).toBe(200);
  expect(asked()).toBe(1);
  expect((await ann.get(PAY)).code).toBe(303);
  expect((await ann.open(PAY)).code).toBe(200);
  expect(asked()).toBe(2);
});

test('is no longer than that of the application, and says something', () => {
  const textOf = (idle: string, app = '') =>
    `auth: auth.example\nlisten: 127.0.0.1:0\nidentity: { staff: { oidc: "https://idp.example", clientId: a } }\napps: { app.example: { to: "http://127.0.0.1:1", access: { ${ACCESS.replace('{ idle: 10m }', idle)}${app} } } }`;
  expect(() => configOf(textOf('{ idle: 9h }'))).toThrow('longer than that of the application');
  expect(() => configOf(textOf('{ idle: 10m }', ', session: { idle: 5m }'))).toThrow('longer than that of');
  expect(() => configOf(textOf('{}'))).toThrow('must have absolute, idle or both');
  expect(() => configOf(textOf('{ idle: 10s }'))).toThrow();
  expect(configOf(textOf('{ idle: 10m, absolute: 1h }'))).toBeDefined();
});
