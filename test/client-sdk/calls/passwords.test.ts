// Several readings of one password in one check: one verdict, of the worst finding.

import { describe, expect } from 'vitest';
import type { Credential, VerdictEvent } from '../../../client-sdk/index.ts';
import { test } from '../../support/worlds/client-fixture.ts';
import { isAccount, isPassword, LEAKED, STRANGER } from '../../support/worlds/client-world.ts';

const LONG = 'x'.repeat(66_000);

describe('check of several passwords', () => {
  test('finds a pair or a password among them, whatever their order', async ({ world }) => {
    const leaks = world.checker(world.url);
    const { username } = LEAKED;
    for (const passwords of [
      [STRANGER.password, LEAKED.password],
      [LEAKED.password, STRANGER.password],
    ]) {
      expect(await leaks.check({ username, passwords })).toMatchObject({ status: 'pair', action: 'challenge' });
      expect((await leaks.check({ usernames: [STRANGER.username, username], passwords })).status).toBe('pair');
      expect((await leaks.check({ passwords })).status).toBe('password');
    }
    expect((await leaks.check({ username: 'nobody', passwords: [STRANGER.password, 'x'] })).status).toBe('clean');
  });

  test('takes one event, and one request per bucket', async ({ world }) => {
    const events: VerdictEvent[] = [];
    const paths: string[] = [];
    const front = await world.spoil((_answer, url) => void paths.push(url));
    const leaks = world.checker(front.url, { onVerdict: (event) => events.push(event) });
    await leaks.check({ username: LEAKED.username, passwords: [LEAKED.password, LEAKED.password, 'x'] });
    expect(events).toMatchObject([{ status: 'pair' }]);
    expect(paths.filter(isAccount)).toHaveLength(1);
    expect(paths.filter(isPassword).length).toBeLessThanOrEqual(2);
  });

  test('loses no finding to one that is too long or empty', async ({ world }) => {
    const leaks = world.checker(world.url);
    const { username, password } = LEAKED;
    expect((await leaks.check({ username, passwords: [LONG, '', password] })).status).toBe('pair');
    const clean = { username: STRANGER.username, passwords: [LONG, STRANGER.password] };
    expect(await leaks.check(clean)).toMatchObject({
      status: 'unknown',
      reason: 'FIELD_TOO_LONG',
      action: 'challenge',
    });
  });

  test.for([
    { passwords: [] },
    { username: 'ada', passwords: 'x' },
    { username: 'ada', passwords: ['x', undefined] },
    { username: 'ada', passwords: ['x', 7] },
    { username: 'ada', password: 'x', passwords: ['y'] },
    { username: 'ada', passwords: undefined },
    { username: 'ada', passwords: ['a', 'b', 'c', 'd', 'e'] },
  ])('rejects %j', async (credential, { world }) => {
    const checking = world.checker(world.url).check(credential as unknown as Credential);
    await expect(checking).rejects.toMatchObject({ code: 'ARGUMENT_MALFORMED' });
  });
});
