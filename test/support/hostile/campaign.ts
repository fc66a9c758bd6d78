// Runs checks through a hostile proxy, and compares each verdict with the truth.

import { isDeepStrictEqual } from 'node:util';
import { type LeakCheckerOptions, LookupError, type Verdict } from '../../../client-sdk/index.ts';
import { createRandom } from '../random.ts';
import { createHostileProxy } from './proxy.ts';
import type { HostileWorld, Subject } from './world.ts';

export interface CampaignOptions {
  readonly alterations: number;
  readonly seed: number;
  /** Whether the checkers hold the password filter. */
  readonly filter: boolean;
}

export interface CampaignReport {
  readonly alterations: number;
  readonly byKind: ReadonlyMap<string, number>;
  /** Verdicts by status, and for `unknown` by reason. */
  readonly verdicts: ReadonlyMap<string, number>;
  /** Wrong verdicts, in words. */
  readonly violations: readonly string[];
}

const ROUNDS = 6;
const CHECKS_A_ROUND = 3;
const LANES = 4;
const TIMEOUT_MS = 5_000;

/** Why a verdict is wrong; undefined if it is right, or unknown as far as it differs. */
export function faultOf({ truth }: Subject, verdict: Verdict): string | undefined {
  for (const [name, signal] of Object.entries(verdict.signals)) {
    const right = truth.signals[name as keyof Verdict['signals']];
    if (signal.result !== 'unknown' && !isDeepStrictEqual(signal, right))
      return `${name} is ${signal.result}, and was ${right.result}`;
  }
  if (verdict.status === 'unknown') return undefined;
  if (verdict.status !== truth.status) return `${verdict.status} instead of ${truth.status}`;
  if (verdict.snapshot !== truth.snapshot) return `of snapshot ${verdict.snapshot}, not ${truth.snapshot}`;
  return undefined;
}

export async function runCampaign(
  world: HostileWorld,
  { alterations, seed, filter }: CampaignOptions,
): Promise<CampaignReport> {
  const byKind = new Map<string, number>();
  const verdicts = new Map<string, number>();
  const violations: string[] = [];
  let total = 0;
  let sessions = 0;

  const session = async (number: number): Promise<void> => {
    const random = createRandom(seed + number);
    const proxy = createHostileProxy(world, random);
    const checker = world.checker({
      fetch: proxy.fetch,
      timeoutMs: TIMEOUT_MS,
      headMaxAgeMs: 0,
      circuitBreaker: false,
      bucketCacheBytes: random.pick([0, 2 ** 20]),
      ...(filter && { passwordFilter: { refreshMs: 0 } }),
    } as Partial<LeakCheckerOptions>);
    if (random.below(4) > 0) {
      proxy.isHonest = true;
      try {
        await checker.ready();
        proxy.hasSeenCurrent = true;
        if (filter && random.below(2) === 0) await checker.loadFilter();
      } catch (error) {
        // A busy machine answers too late.
        if (!(error instanceof LookupError && error.code === 'TIMEOUT')) throw error;
      }
      proxy.isHonest = false;
    }
    // A checker that caught its evaluator sends nothing any more.
    let isLatched = false;
    for (let round = 0; round < ROUNDS && !isLatched; round++) {
      const asked = Array.from({ length: CHECKS_A_ROUND }, () => random.pick(world.subjects));
      await Promise.all(
        asked.map(async (subject) => {
          const verdict = await checker.check(subject.credential);
          const outcome = verdict.status === 'unknown' ? `unknown ${verdict.reason}` : verdict.status;
          verdicts.set(outcome, (verdicts.get(outcome) ?? 0) + 1);
          isLatched ||= world.suite === 'oprf' && verdict.reason === 'KEY_MISMATCH';
          const fault = faultOf(subject, verdict);
          if (fault !== undefined) violations.push(`${world.suite}, session ${number}, round ${round}: ${fault}`);
        }),
      );
    }
    for (const [kind, count] of proxy.applied) {
      byKind.set(kind, (byKind.get(kind) ?? 0) + count);
      total += count;
    }
  };

  const lane = async (): Promise<void> => {
    while (total < alterations) await session(sessions++);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { alterations: total, byKind, verdicts, violations };
}
