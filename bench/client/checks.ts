// SDK checks as a login handler makes them, with the server in its own process.

import { createLeakChecker, type OprfOptions } from '../../client-sdk/index.ts';
import { createSodiumOprf } from '../../client-sdk/sodium.ts';
import { createNobleOprf } from '../../protocol/oprf.ts';
import { type MadeDataset, makeDataset, type Pair, seededPairs } from '../../test/support/dataset.ts';
import { type KeyPin, keyPinOf, type TrustPin, trustPinOf } from '../../test/support/pins.ts';
import { createRandom } from '../../test/support/random.ts';
import type { Figure } from '../harness/figure.ts';
import { startServerChild } from '../http/server-children.ts';

const SEED = 3;
const CHECKS = 2000;
const WARM_UP = 300;
/** Each pair has two entries in the account index: 16 buckets of 1,024 entries. */
const OPRF_PAIRS = 8192;
const TIMEOUT_MS = 5000;

/** A checker's options without the URL. */
type Caller = KeyPin | (TrustPin & Pick<OprfOptions, 'engine'>);

/** @param keyed a dataset of the `hmac` suite */
export async function measureChecks(keyed: MadeDataset, pairs: readonly Pair[]): Promise<Figure[]> {
  const engine = await createSodiumOprf();
  const oprfPairs = seededPairs(OPRF_PAIRS);
  const oblivious = await makeDataset({ suite: 'oprf', oprf: engine, pairs: oprfPairs, bucketFloor: 500 });
  try {
    const pin = trustPinOf(oblivious);
    return [
      ...(await measure('hmac', keyed, pairs, keyPinOf(keyed))),
      ...(await measure('oprf, libsodium', oblivious, oprfPairs, { ...pin, engine }, 'goal: p50 under 1.5 ms')),
      ...(await measure('oprf, noble', oblivious, oprfPairs, pin, 'goal: p50 under 6 ms')),
      ...(await measure(
        'oprf, noble, blinding as RFC 9497 does',
        oblivious,
        oprfPairs,
        { ...pin, engine: createNobleOprf() },
        'for comparison',
      )),
    ];
  } finally {
    oblivious.dispose();
  }
}

async function measure(
  name: string,
  { folder, key }: MadeDataset,
  pairs: readonly Pair[],
  caller: Caller,
  note = '',
): Promise<Figure[]> {
  const random = createRandom(SEED);
  const server = await startServerChild(key.suite === 'oprf' ? { folder, keyText: key.revealText() } : { folder });
  try {
    const checker = createLeakChecker({
      url: `http://127.0.0.1:${server.port}`,
      timeoutMs: TIMEOUT_MS,
      bucketCacheBytes: 0,
      ...caller,
    });
    const latencies: number[] = [];
    for (let i = 0; i < WARM_UP + CHECKS; i++) {
      const verdict = await checker.check(random.pick(pairs));
      if (verdict.status !== 'pair') throw new Error(`a leaked pair got the verdict ${verdict.status}`);
      if (i >= WARM_UP) latencies.push(verdict.durationMs);
    }
    latencies.sort((a, b) => a - b);
    return [10, 50, 99].map((percentile) => ({
      name: `SDK check (${name}) p${percentile}`,
      value: latencies[Math.floor((CHECKS * percentile) / 100)] ?? Number.NaN,
      unit: 'ms',
      note: ['pair, username and password over loopback', note].filter(Boolean).join('; '),
    }));
  } finally {
    server.stop();
  }
}
