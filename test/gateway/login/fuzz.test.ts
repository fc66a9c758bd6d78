// Generated logins never reach an application that reads a leaked pair of them which the gateway
// did not.

import { expect, test } from 'vitest';
import { fuzzLogins } from '../../support/gateway/login/fuzz/campaign.ts';
import { testSeed } from '../../support/random.ts';

test('3,000 generated logins', async () => {
  const { tally, findings } = await fuzzLogins(3_000, testSeed('fuzz of logins'));
  expect(findings).toEqual([]);
  expect(Math.min(tally.attempts, tally.others, tally.refused, tally.leaked)).toBeGreaterThan(20);
});
