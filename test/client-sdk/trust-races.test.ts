// Trust in an evaluator with several answers in flight, and a checker moved to another dataset.

import { describe, expect, test } from 'vitest';
import { lookupFailure } from '../../client-sdk/errors.ts';
import { createLeakChecker } from '../../client-sdk/index.ts';
import type { Evaluation } from '../../client-sdk/oprf/evaluator-client.ts';
import { createTrust } from '../../client-sdk/oprf/trust.ts';
import { createDeadline } from '../../client-sdk/transport/deadline.ts';
import type { ServiceConfig } from '../../protocol/service-config.ts';
import { startServer } from '../../server/server.ts';
import { makeDataset } from '../support/dataset.ts';

const CONFIG = {} as ServiceConfig;
const evaluation = (): Evaluation => ({ blindedElements: [], evaluatedElements: [] });
const settings = {
  suite: 'oprf',
  proof: 'sampled',
  sampleEvery: 1,
  engine: undefined,
  publicKey: new Uint8Array() as never,
} as const;
const deadline = () => createDeadline(10_000);

/** An examiner whose proofs the test settles. */
function heldExaminer() {
  const asked: Evaluation[] = [];
  const settle = new Map<Evaluation, { pass(): void; fail(reason: 'NETWORK' | 'KEY_MISMATCH'): void }>();
  let canary: Promise<Evaluation> = Promise.resolve(evaluation());
  return {
    asked,
    settle,
    holdCanary(held: Promise<Evaluation>) {
      canary = held;
    },
    examiner: {
      evaluateCanary: () => canary,
      prove: (of: Evaluation) => {
        asked.push(of);
        return new Promise<void>((resolve, reject) => {
          settle.set(of, { pass: resolve, fail: (reason) => reject(lookupFailure(reason)) });
        });
      },
    },
  };
}

describe('trust', () => {
  test('remembers every withheld proof, not only the last', async () => {
    const { examiner, settle, asked } = heldExaminer();
    const trust = createTrust(examiner, settings);
    await trust.confirm(CONFIG, deadline());
    const [cheated, honest] = [evaluation(), evaluation()];
    const both = [trust.examine(cheated, deadline()), trust.examine(honest, deadline())];
    settle.get(cheated)?.fail('NETWORK');
    settle.get(honest)?.fail('NETWORK');
    expect(await Promise.allSettled(both)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);

    asked.length = 0;
    const next = trust.confirm(CONFIG, deadline());
    expect(asked).toEqual([cheated]);
    settle.get(cheated)?.fail('KEY_MISMATCH');
    await expect(next).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
    expect(() => trust.assertTrusted()).toThrow();
    const after = trust.confirm(CONFIG, deadline());
    expect(asked).toEqual([cheated, honest]);
    settle.get(honest)?.fail('NETWORK');
    await expect(after).rejects.toMatchObject({ code: 'NETWORK' });
  });

  test('is not restored by a known answer that was in flight when the service was caught', async () => {
    const { examiner, settle, holdCanary } = heldExaminer();
    const trust = createTrust(examiner, settings);
    let answer: (value: Evaluation) => void = () => {};
    holdCanary(
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    const confirmed = trust.confirm(CONFIG, deadline());
    const cheated = evaluation();
    const examined = trust.examine(cheated, deadline());
    settle.get(cheated)?.fail('KEY_MISMATCH');
    await expect(examined).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
    answer(evaluation());
    await expect(confirmed).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
    expect(() => trust.assertTrusted()).toThrow();
  });
});

test('a checker that has seen one dataset rejects another under the same key', async () => {
  const leaked = { username: 'ana@example.test', password: 'leaked in the first' };
  const first = await makeDataset({ pairs: [leaked] });
  const second = await makeDataset({ pairs: [{ username: 'ben@example.test', password: 'x' }] });
  expect(second.key.keyId).toBe(first.key.keyId);
  const servers = [await startServer(first.folder, { port: 0 }), await startServer(second.folder, { port: 0 })];
  try {
    let served = 0;
    const moved: typeof fetch = (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      return fetch(new URL(url.pathname + url.search, servers[served]?.url), init);
    };
    const checker = createLeakChecker({
      url: 'http://leaks.test/',
      key: first.key.revealText(),
      timeoutMs: 10_000,
      configMaxAgeMs: 0,
      bucketCacheBytes: 0,
      fetch: moved,
    });
    expect(await checker.check(leaked)).toMatchObject({ status: 'pair' });
    served = 1;
    const verdicts = [await checker.check(leaked), await checker.check(leaked), await checker.check(leaked)];
    for (const { status } of verdicts) expect(status).toBe('unknown');
    expect(verdicts.at(-1)).toMatchObject({ reason: 'DATASET_MISMATCH' });
    served = 0;
    expect(await checker.check(leaked)).toMatchObject({ status: 'pair' });
  } finally {
    for (const server of servers) await server.close();
    first.dispose();
    second.dispose();
  }
});
