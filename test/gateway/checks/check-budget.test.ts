// Logins with an unknown outcome: how many are checked, and what that leaves of a client's quota.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addClient, clientFileFor } from '../../../access/client-file.ts';
import { CheckBudget } from '../../../gateway/checks/check-budget.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { jarOf, startCheckedApp, statusOf, writeSecret } from '../../support/gateway/login/checked-app.ts';
import { keyPinOf } from '../../support/pins.ts';

describe('a budget', () => {
  const asked = { application: 'a', party: '1', perMinute: 10 };

  test('is of an application and a minute, a fifth of it for one party', () => {
    let now = 0;
    const budget = new CheckBudget(1, () => now);
    const take = (party: string, application = 'a') => budget.take({ ...asked, party, application });
    const taken = (party: string): number =>
      Array.from({ length: 20 }, () => take(party)).filter((one) => one.isTaken).length;
    expect(['1', '2', '3', '4', '5', '6'].map(taken)).toEqual([2, 2, 2, 2, 2, 0]);
    expect(take('1', 'b')).toMatchObject({ isTaken: true });
    now = 59_999;
    expect(take('1')).toEqual({ isTaken: false, spent: 'party', retryAfterMs: 1, isNew: false });
    expect(take('7')).toEqual({ isTaken: false, spent: 'application', retryAfterMs: 1, isNew: false });
    now = 60_000;
    expect(taken('1')).toBe(2);
  });

  test('has a place again that was given back, in its own minute alone', () => {
    let now = 0;
    const budget = new CheckBudget(1, () => now);
    const take = () => budget.take({ ...asked, party: '1' });
    const taken = [take(), take()];
    expect(take().isTaken).toBe(false);
    const [first, second] = taken.map((one) => (one.isTaken ? one.giveBack : () => {}));
    first?.();
    expect([take(), take()].map(({ isTaken }) => isTaken)).toEqual([true, false]);
    now = 60_000;
    take();
    second?.();
    expect([take(), take()].map(({ isTaken }) => isTaken)).toEqual([true, false]);
  });

  test('tells once a minute that an application has none left', () => {
    let now = 0;
    const budget = new CheckBudget(1, () => now);
    const told = (): boolean[] =>
      Array.from({ length: 15 }, (_, i) => budget.take({ ...asked, party: String(i) })).flatMap((one) =>
        one.isTaken ? [] : [one.isNew],
      );
    expect(told()).toEqual([true, false, false, false, false]);
    now = 60_000;
    expect(told()).toEqual([true, false, false, false, false]);
  });

  test('is shared by all processes', () => {
    const budget = new CheckBudget(1 / 4);
    const taken = Array.from({ length: 20 }, (_, i) => budget.take({ ...asked, party: String(i) }));
    expect(taken.filter(({ isTaken }) => isTaken)).toHaveLength(3);
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

  const start = (login: string) =>
    startCheckedApp({
      users: { [leaked.username]: leaked.password },
      leaks: `{ url: "${server.url}", timeoutMs: 20000, keyFile: "${writeSecret(keyPinOf(made).key)}", clientKeyFile: "${writeSecret(clientKey)}" }`,
      login,
    });

  test('checks the next right password, however many guesses had an unknown outcome', async () => {
    const { post, get, seen, events, gateway } = await start('unknownChecks: 25');
    const guess = async (i: number) => statusOf(await post({ user: `user${i}`, pass: `guess-${i}` }, {}, '/unsure'));
    for (let i = 0; i < 40; i++) expect(await guess(i)).toBe(i < 5 ? 418 : 429);
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
