// A hostile proxy and a malicious service make no verdict wrong: a short run of `npm run hostile`.

import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../client-sdk/index.ts';
import { SUITE_NAMES } from '../../protocol/suite.ts';
import { ALTERATIONS } from '../support/hostile/alterations.ts';
import { faultOf, runCampaign } from '../support/hostile/campaign.ts';
import { runMaliciousService } from '../support/hostile/malicious-service.ts';
import { createHostileWorld } from '../support/hostile/world.ts';
import { testSeed } from '../support/random.ts';

describe.each(SUITE_NAMES)('answers altered on their way, suite %s', (suite) => {
  test('make no verdict wrong, and leave some verdicts', async () => {
    const world = await createHostileWorld(suite);
    const seed = testSeed('hostile proxy');
    const kinds = new Set<string>();
    try {
      for (const filter of [false, true]) {
        const { alterations, byKind, verdicts, violations } = await runCampaign(world, {
          alterations: 250,
          seed,
          filter,
        });
        expect(violations).toEqual([]);
        expect(alterations).toBeGreaterThanOrEqual(250);
        // A proxy whose alterations break everything would test nothing.
        expect(verdicts.get('pair')).toBeGreaterThan(0);
        for (const kind of byKind.keys()) kinds.add(kind);
      }
      expect(kinds.size).toBeGreaterThan(Object.keys(ALTERATIONS).length * 0.7);
    } finally {
      await world.close();
    }
  });
});

test('the comparison with the truth notices every wrong verdict', async () => {
  const absent = { result: 'absent' } as const;
  const unknown = { result: 'unknown', reason: 'BODY_FORGED' } as const;
  const found = { result: 'found', timesSeen: 2 } as const;
  const verdictOf = (changed: Partial<Verdict> | object): Verdict =>
    ({
      status: 'pair',
      action: 'challenge',
      snapshot: '000002-0123456789abcdef',
      durationMs: 1,
      signals: { pair: found, similar: found, password: found, username: found },
      ...changed,
    }) as Verdict;
  const subject = { credential: { username: 'a', password: 'b' }, truth: verdictOf({}) };
  const signals = { pair: unknown, similar: found, password: unknown, username: found };
  for (const right of [{}, { durationMs: 9 }, { signals }, { status: 'unknown', signals }])
    expect(faultOf(subject, verdictOf(right)), JSON.stringify(right)).toBeUndefined();
  for (const wrong of [
    { status: 'clean' },
    { status: 'password' },
    { snapshot: '000001-0123456789abcdef' },
    { snapshot: undefined },
    { status: 'unknown', signals: { ...signals, pair: absent } },
    { signals: { ...signals, username: { ...found, timesSeen: 3 } } },
    { signals: { ...signals, similar: { result: 'unasked' } } },
  ])
    expect(faultOf(subject, verdictOf(wrong)), JSON.stringify(wrong)).toBeDefined();
});

test('a service that holds the key is caught at its first cheat, and learns one prefix of each password', async () => {
  const report = await runMaliciousService({ logins: 200, seed: testSeed('malicious service') });
  expect(report.cheated.size).toBeGreaterThan(5);
  expect(report).toMatchObject({
    missed: [],
    wrong: [],
    requestsAfterwards: 0,
    bucketsInCheats: 0,
    usersWithSeveralPrefixes: 0,
  });
  // What honest logins reveal is no less, and cheating adds nothing to it.
  expect(report.guessesLeft).toBeGreaterThan(0.5 * (report.guesses / 2 ** report.prefixBits));
});
