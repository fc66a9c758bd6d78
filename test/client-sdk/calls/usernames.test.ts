// Several usernames of one account in one check: one verdict, of the worst finding.

import { describe, expect } from 'vitest';
import { type Credential, createPolicy, type QuotaEvent, type VerdictEvent } from '../../../client-sdk/index.ts';
import { mergeSignals } from '../../../client-sdk/verdict/decide.ts';
import { UNASKED } from '../../../client-sdk/verdict/verdict.ts';
import { test } from '../../support/worlds/client-fixture.ts';
import { isAccount, isPassword, LEAKED, STRANGER } from '../../support/worlds/client-world.ts';

const NAMES = ['+49 151 23456789', STRANGER.username, LEAKED.username];
const LONG = 'x'.repeat(66_000);

describe('check of several usernames', () => {
  test('finds a pair under any of them', async ({ world }) => {
    const leaks = world.checker(world.url);
    for (const usernames of [NAMES, NAMES.toReversed(), [LEAKED.username]])
      expect(await leaks.check({ usernames, password: LEAKED.password })).toMatchObject({
        status: 'pair',
        action: 'challenge',
        because: 'pair',
        signals: { pair: { result: 'found' }, username: { result: 'found' }, password: { result: 'found' } },
      });
    expect((await leaks.check({ usernames: NAMES, password: STRANGER.password })).status).toBe('username');
    expect((await leaks.check({ usernames: NAMES.slice(0, 2), password: STRANGER.password })).status).toBe('clean');
    expect((await leaks.check({ usernames: NAMES })).status).toBe('username');
  });

  test('takes one event, one deadline and one request per bucket', async ({ world }) => {
    const events: VerdictEvent[] = [];
    const paths: string[] = [];
    const front = await world.spoil((_answer, url) => void paths.push(url));
    const leaks = world.checker(front.url, { onVerdict: (event) => events.push(event) });
    // The same name twice is one.
    await leaks.check({ usernames: [...NAMES, ...NAMES], password: LEAKED.password });
    expect(events).toMatchObject([{ status: 'pair', action: 'challenge' }]);
    expect(paths.filter(isAccount).length).toBeLessThanOrEqual(NAMES.length);
    expect(paths.filter(isPassword)).toHaveLength(1);
  });

  test('loses no finding to a name that is too long, empty or unanswered', async ({ world }) => {
    const leaks = world.checker(world.url);
    const junk = { usernames: [LONG, '', LEAKED.username], password: LEAKED.password };
    expect(await leaks.check(junk)).toMatchObject({ status: 'pair', action: 'challenge' });
    // Nothing was found, and one name could not be looked up: whoever sent it is challenged.
    const clean = { usernames: [LONG, STRANGER.username], password: STRANGER.password };
    expect(await leaks.check(clean)).toMatchObject({
      status: 'unknown',
      reason: 'FIELD_TOO_LONG',
      action: 'challenge',
    });
    let accounts = 0;
    const failing = await world.spoil((answer, url) => {
      if (isAccount(url) && accounts++ > 0) answer.status = 503;
    });
    const verdict = await world
      .checker(failing.url, { policy: { onError: 'deny' } })
      .check({ usernames: [LEAKED.username, 'a@example.test', 'b@example.test'], password: STRANGER.password });
    expect(verdict).toMatchObject({ status: 'username', action: 'deny' });
  });

  test.for([
    { usernames: [] },
    { usernames: [], password: 'x' },
    { usernames: 'ada', password: 'x' },
    { usernames: ['ada', undefined], password: 'x' },
    { usernames: ['ada', 7], password: 'x' },
    { usernames: [['ada']], password: 'x' },
    { username: 'ada', usernames: ['bob'], password: 'x' },
    { usernames: Array.from({ length: 17 }, (_, i) => `name ${i}`), password: 'x' },
  ])('rejects %j', async (credential, { world }) => {
    const checking = world.checker(world.url).check(credential as unknown as Credential);
    await expect(checking).rejects.toMatchObject({ code: 'ARGUMENT_MALFORMED' });
  });

  test('counts a username whose months differ, since one of them may be later', () => {
    const found = (newestLeak: string) =>
      ({ ...UNASKED, username: { result: 'found', timesSeen: 1, newestLeak } }) as const;
    const policy = createPolicy({ username: 'deny' });
    const changed = { passwordChangedAt: new Date('2022-06-15') };
    const judge = (...months: string[]) => {
      const signals = mergeSignals(months.map(found));
      return policy({ status: 'username', signals }, changed).action;
    };
    expect([judge('2019-01'), judge('2019-01', '2019-01')]).toEqual(['allow', 'allow']);
    expect([judge('2019-01', '2024-03'), judge('2024-03', '2019-01')]).toEqual(['deny', 'deny']);
  });
});

test('a used-up quota is allowed by default, and is an event of its own', async ({ world }) => {
  const events: QuotaEvent[] = [];
  const refusing = await world.spoil((answer, url) => {
    if (isAccount(url)) answer.status = 429;
  });
  const onQuotaExceeded = (event: QuotaEvent): void => void events.push(event);
  const leaks = world.checker(refusing.url, { onQuotaExceeded });
  expect(await leaks.check(STRANGER)).toMatchObject({ status: 'unknown', reason: 'QUOTA_EXCEEDED', action: 'allow' });
  expect(await leaks.check(LEAKED)).toMatchObject({ action: 'challenge', because: 'password' });
  expect(events).toEqual([{ action: 'allow' }, { action: 'challenge' }]);
  await world.checker(world.url, { onQuotaExceeded }).check(LEAKED);
  expect(events).toHaveLength(2);
});
