// SDK checks with known verdicts, in several lanes of one check at a time.

import { createLeakChecker, type Verdict } from '../../client-sdk/index.ts';
import { type Pair, seededPairs } from '../../test/support/dataset.ts';

export interface WrongVerdict {
  readonly expected: Verdict['status'];
  readonly got: Verdict['status'];
  readonly reason: string | undefined;
  readonly at: number;
}

export interface CheckResult {
  readonly checks: number;
  readonly wrong: readonly WrongVerdict[];
}

/** @returns a function that ends the checks and returns their results */
export function startChecks(
  url: string,
  key: string,
  pairs: readonly Pair[],
  lanes: number,
): () => Promise<CheckResult> {
  const strangers = seededPairs(1000, 999);
  const wrong: WrongVerdict[] = [];
  let checks = 0;
  let stop = false;
  const lane = async (first: number): Promise<void> => {
    // No cache: every check sends requests to the service.
    const always = { bucketCacheBytes: 0, circuitBreaker: false } as const;
    const checker = createLeakChecker({ url, key, timeoutMs: 10_000, headMaxAgeMs: 2_000, ...always });
    for (let i = first; !stop; i += lanes) {
      const pair = pairs[i % pairs.length] as Pair;
      const other = pairs[(i + 1) % pairs.length] as Pair;
      const stranger = strangers[i % strangers.length] as Pair;
      for (const [credential, expected] of [
        [pair, 'pair'],
        [{ username: pair.username, password: stranger.password }, 'username'],
        [{ username: stranger.username, password: other.password }, 'password'],
        [stranger, 'clean'],
      ] as const) {
        const verdict = await checker.check(credential);
        checks++;
        if (verdict.status !== expected)
          wrong.push({ expected, got: verdict.status, reason: verdict.reason, at: Date.now() });
      }
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, (_, i) => lane(i)));
  return async () => {
    stop = true;
    await running;
    return { checks, wrong };
  };
}
