// The Express example while its service is stopped, stalled, slow, sends garbage or has another
// key: a thousand logins in each state, and none of them gets a wrong answer.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { VerdictEvent } from '../../../client-sdk/index.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type Example, startExample } from '../../support/client/example.ts';
import { type InstalledClient, installClient } from '../../support/client/installed-client.ts';
import { type MadeDataset, makeDataset, type Pair, seededPairs } from '../../support/dataset.ts';
import {
  FAILURE_NAMES,
  FAILURES,
  type FailingService,
  HANGS,
  startFailingService,
} from '../../support/failing-service.ts';
import { program } from '../../support/paths.ts';
import { keyPinOf } from '../../support/pins.ts';
import { TIMEOUT_MS } from '../../support/worlds/client-world.ts';

const LOGINS = 1000;
const AT_ONCE = 20;
/** Users with a leaked password, and as many with a clean one. */
const USERS = 20;
const DEADLINE_MS = 300;

const leaked = seededPairs(USERS);
const clean = seededPairs(USERS, 2).map(({ username, password }) => ({ username, password: `${password} unseen` }));

let client: InstalledClient;
let made: MadeDataset;
let other: MadeDataset;
let servers: CredveilServer[];
let service: FailingService;
let example: Example;
let events: VerdictEvent[] = [];

beforeAll(async () => {
  client = await installClient();
  made = await makeDataset({ pairs: leaked });
  other = await makeDataset({ keySeed: 2, pairs: seededPairs(10, 3) });
  servers = [await startServer(made.folder, { port: 0 }), await startServer(other.folder, { port: 0 })];
  const [right, wrong] = servers as [CredveilServer, CredveilServer];
  service = await startFailingService(right.url, wrong.url);
  example = await startExample({
    home: client.home,
    name: 'express-login',
    env: { CREDVEIL_URL: service.url, CREDVEIL_KEY: keyPinOf(made).key },
    preload: program('watched-example.js'),
    onMessage: (event) => events.push(event as VerdictEvent),
  });
  // The service is down, so that sign-up accepts the leaked passwords.
  await service.fail('stopped');
  for (const user of [...leaked, ...clean]) expect((await example.post('/sign-up', user)).status).toBe(201);
  await service.heal();
}, 300_000);
afterAll(async () => {
  await example?.stop();
  await service?.close();
  for (const server of servers ?? []) await server.close();
  for (const dataset of [made, other]) dataset?.dispose();
  client?.dispose();
});

interface Login {
  readonly user: Pair;
  readonly kind: 'leaked' | 'clean' | 'wrong';
}

/** One third each: leaked passwords, clean passwords and wrong passwords. */
function makeLogins(): Login[] {
  return Array.from({ length: LOGINS }, (_, i): Login => {
    const user = (users: readonly Pair[]): Pair => users[i % USERS] as Pair;
    if (i % 3 === 0) return { kind: 'leaked', user: user(leaked) };
    if (i % 3 === 1) return { kind: 'clean', user: user(clean) };
    return { kind: 'wrong', user: { ...user(clean), password: `wrong ${i}` } };
  });
}

/** Logs in, `AT_ONCE` at a time. @returns counts by kind of login, status and next step */
async function logIn(logins: readonly Login[]): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  const queue = [...logins];
  const lane = async (): Promise<void> => {
    for (let login = queue.pop(); login; login = queue.pop()) {
      const response = await example.post('/login', login.user);
      const { next = '' } = (await response.json()) as { next?: string };
      const answer = `${login.kind} ${response.status} ${next}`.trim();
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return answers;
}

/** Waits for `count` events since the last call, and removes them. */
async function takeEvents(count: number): Promise<VerdictEvent[]> {
  await vi.waitFor(() => expect(events).toHaveLength(count), { timeout: TIMEOUT_MS });
  return events.splice(0);
}

function longest(checks: readonly VerdictEvent[]): number {
  return checks.reduce((most, { durationMs }) => Math.max(most, durationMs), 0);
}

const stepsUp = async (): Promise<void> => {
  const response = await example.post('/login', leaked[0] as Pair);
  expect(response.status).toBe(202);
};

describe('express-login', () => {
  test.each(FAILURE_NAMES)('answers a thousand logins correctly with the service %s', async (failure) => {
    await vi.waitFor(stepsUp, { timeout: TIMEOUT_MS });
    events = [];
    await service.fail(failure);
    const logins = makeLogins();
    const answers = await logIn(logins);
    // A wrong password costs no check.
    const checks = await takeEvents(logins.filter(({ kind }) => kind !== 'wrong').length);

    // Every right password is let in, or asked to confirm at most; no wrong password is.
    const right = new Set(['leaked 200 home', 'leaked 202 confirm', 'clean 200 home', 'wrong 401']);
    expect([...answers.keys()].filter((answer) => !right.has(answer))).toEqual([]);
    expect([...answers.values()].reduce((sum, count) => sum + count, 0)).toBe(LOGINS);
    // Only leaked users are asked to confirm: cached buckets may still contain their passwords.
    const findings = checks.filter(({ action }) => action !== 'allow').length;
    expect(answers.get('leaked 202 confirm') ?? 0).toBe(findings);

    // A check that hangs times out at its deadline. On a busy machine other checks may time out
    // too.
    const reasons = new Set(checks.flatMap(({ reason }) => reason ?? []));
    const expected: readonly string[] = [...FAILURES[failure], 'CIRCUIT_OPEN', 'TIMEOUT'];
    expect([...reasons].filter((reason) => !expected.includes(reason))).toEqual([]);
    if (HANGS.includes(failure)) expect(reasons).toContain('CIRCUIT_OPEN');
    const unknown = checks.filter(({ status }) => status === 'unknown').length;
    expect(unknown).toBeGreaterThan(LOGINS / 3);
    console.log(
      `service ${failure}: ${LOGINS} logins, ${unknown} checks unknown (${[...reasons].join(', ')}), ` +
        `the longest ${longest(checks).toFixed(0)} ms of ${DEADLINE_MS}`,
    );

    await service.heal();
    await vi.waitFor(stepsUp, { timeout: TIMEOUT_MS });
  });
});
