// The world of adapter tests: a real server of either suite, and a credential for each verdict.

import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import { createLeakChecker, type LeakChecker } from '../../../client-sdk/index.ts';
import { createSodiumOprf as createEngine } from '../../../client-sdk/sodium.ts';
import type { SuiteName } from '../../../protocol/suite.ts';
import { TEST_CREDENTIALS } from '../../../protocol/test-credentials.ts';
import { startServer } from '../../../server/server.ts';
import { makeDataset, seededPairs } from '../dataset.ts';
import { type KeyPin, pinOf, type TrustPin } from '../pins.ts';
import { TIMEOUT_MS } from './client-world.ts';

/** Each verdict with its credential and header value. */
export const VERDICTS = [
  ['pair', TEST_CREDENTIALS.pair, '1'],
  ['similar', TEST_CREDENTIALS.similar, '3'],
  ['password', TEST_CREDENTIALS.password, '4'],
  ['username', TEST_CREDENTIALS.username, '2'],
  ['clean', TEST_CREDENTIALS.clean, undefined],
] as const;

export interface AdapterWorld {
  readonly url: string;
  readonly pin: KeyPin | TrustPin;
  readonly checker: LeakChecker;
  /** Has the right key, but no service to reach. */
  readonly cutOff: LeakChecker;
  close(): Promise<void>;
}

/** @param more further options of the dataset, such as more leaked pairs */
export async function createAdapterWorld(suite: SuiteName, more: Parameters<typeof makeDataset>[0] = {}) {
  const made = await makeDataset({
    suite,
    oprf: await createSodiumOprf(),
    similar: true,
    pairs: seededPairs(20),
    ...more,
  });
  const server = await startServer(made.folder, {
    port: 0,
    // test/system/browser.test.ts asks from a page of another origin.
    allowedOrigins: ['*'],
    ...(suite === 'oprf' && { key: made.key }),
  });
  const pin = pinOf(made);
  // No circuit breaker, so that each failure keeps its own reason.
  const shared = { timeoutMs: TIMEOUT_MS, circuitBreaker: false } as const;
  const checkerAt = (url: string): LeakChecker =>
    'key' in pin
      ? createLeakChecker({ url, ...shared, ...pin })
      : createLeakChecker({ url, ...shared, engine: createEngine(), ...pin });
  const world: AdapterWorld = {
    url: server.url,
    pin,
    checker: checkerAt(server.url),
    // Nothing listens on port 9.
    cutOff: checkerAt('http://127.0.0.1:9'),
    close: async () => {
      await server.close();
      made.dispose();
    },
  };
  return world;
}
