// Logins with an unknown outcome: how many are checked, and what that leaves of a client's quota.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addClient, clientFileFor } from '../../../access/client-file.ts';
import { CheckBudget } from '../../../gateway/checks/check-budget.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { jarOf, startCheckedApp, statusOf, writeSecret } from '../../support/gateway/login/checked-app.ts';
import { keyPinOf } from '../../support/pins.ts';

describe('a budget', () => {
  test('is of an application and a minute, half of it for one address', () => {
    let now = 0;
    const budget = new CheckBudget(1, () => now);
    const take = (party: string, application = 'a') => budget.take({ application, party, perMinute: 10 });
    const taken = (party: string): number => Array.from({ length: 20 }, () => take(party)).filter(Boolean).length;
    expect([taken('1'), taken('2'), taken('3')]).toEqual([5, 5, 0]);
    expect(take('1', 'b')).toBe(true);
    now = 59_999;
    expect(take('3')).toBe(false);
    now = 60_000;
    expect(taken('1')).toBe(5);
  });

  test('is shared by all processes, and may be nothing', () => {
    const budget = new CheckBudget(1 / 4);
    const question = { application: 'a', perMinute: 10 };
    const taken = Array.from({ length: 20 }, (_, i) => budget.take({ ...question, party: String(i) }));
    expect(taken.filter(Boolean)).toHaveLength(3);
    expect(new CheckBudget(1).take({ application: 'a', party: '1', perMinute: 0 })).toBe(false);
  });
});

describe('a service with a quota', () => {
  const [leaked] = seededPairs(1, 4713) as [{ username: string; password: string }];
  let made: MadeDataset;
  let server: CredveilServer;
  let clientKey = '';
  beforeAll(async () => {
    made = await makeDataset({ pairs: [leaked] });
    clientKey = addClient(clientFileFor(made.folder), 'gateway', { 'requests-per-day': 60 }).keyText as string;
    server = await startServer(made.folder, { port: 0 });
  });
  afterAll(async () => {
    await server.close();
    made.dispose();
  });

  test('checks the next right password, however many guesses had an unknown outcome', async () => {
    const { post, get, seen, events, gateway } = await startCheckedApp({
      users: { [leaked.username]: leaked.password },
      leaks: `{ url: "${server.url}", timeoutMs: 20000, keyFile: "${writeSecret(keyPinOf(made).key)}", clientKeyFile: "${writeSecret(clientKey)}" }`,
    });
    for (let i = 0; i < 40; i++)
      expect(statusOf(await post({ user: `user${i}`, pass: `guess-${i}` }, {}, '/unsure'))).toBe(418);
    const answer = await post({ user: leaked.username, pass: leaked.password });
    await get('/', jarOf(answer));
    expect(seen.at(-1)?.verdict).toBe('1');
    const unchecked = events.filter((event) => event.event === 'login' && event.reason === 'CHECK_BUDGET');
    expect(unchecked).toHaveLength(35);
    expect(unchecked[0]).toMatchObject({ outcome: 'unknown', verdict: 'unknown' });
    const counted = (await gateway.metrics()).find(({ name }) => name === 'credveil_gateway_unknown_checks_total');
    expect(JSON.stringify(counted)).toContain('{"value":35,"labels":{"reason":"CHECK_BUDGET"}}');
  });
});
