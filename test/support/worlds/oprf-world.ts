// The world of tests of keyless clients: a dataset of the suite `oprf`, its server, and checkers.

import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import { createLeakChecker, type LeakChecker, type OprfOptions } from '../../../client-sdk/index.ts';
import { startServer } from '../../../server/server.ts';
import { type MadeDataset, type MakeDatasetOptions, makeDataset } from '../dataset.ts';
import { createFronts, type Fronts } from '../fronts.ts';
import { forward } from '../http-front.ts';
import { type TrustPin, trustPinOf } from '../pins.ts';
import { TIMEOUT_MS } from './client-world.ts';

export interface OprfWorld extends Fronts {
  readonly made: MadeDataset;
  readonly url: string;
  /** What its clients pin. */
  readonly pin: TrustPin;
  /** A checker with the right public key and no bucket cache. */
  checker(url: string, options?: Partial<OprfOptions>): LeakChecker;
  close(): Promise<void>;
}

export async function createOprfWorld(options: MakeDatasetOptions): Promise<OprfWorld> {
  const made = await makeDataset({ ...options, suite: 'oprf', oprf: await createSodiumOprf() });
  const server = await startServer(made.folder, { key: made.key, port: 0 });
  const pin = trustPinOf(made);
  const fronts = createFronts((request) => forward(server.url, request));
  return {
    made,
    url: server.url,
    pin,
    ...fronts,
    checker: (url, more) => createLeakChecker({ url, ...pin, timeoutMs: TIMEOUT_MS, bucketCacheBytes: 0, ...more }),
    close: async () => {
      await fronts.closeFronts();
      await server.close();
      made.dispose();
    },
  };
}
