// What a test of a client without a key needs: a real dataset of the `oprf` suite, its real server, and checkers.

import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import { createLeakChecker, type LeakChecker, type OprfOptions } from '../../../client-sdk/index.ts';
import type { PublicKey } from '../../../protocol/brands.ts';
import { formatPublicKey } from '../../../protocol/keys.ts';
import { startServer } from '../../../server/server.ts';
import { type MadeDataset, type MakeDatasetOptions, makeDataset } from '../dataset.ts';
import { type Answer, forward, type Handle, type HttpFront, send, startFront } from '../http-front.ts';
import { TIMEOUT_MS } from './client-world.ts';

export interface OprfWorld {
  readonly made: MadeDataset;
  readonly url: string;
  /** As text, to be pinned. */
  readonly publicKey: string;
  /** A server of the test's own. */
  front(handle: Handle): Promise<HttpFront>;
  /** The real server with some of its answers changed on their way. */
  spoil(change: (answer: Answer, url: string) => void): Promise<HttpFront>;
  /** A checker with the right public key, which asks at every check. */
  checker(url: string, options?: Partial<OprfOptions>): LeakChecker;
  closeFronts(): Promise<void>;
  close(): Promise<void>;
}

export async function createOprfWorld(options: MakeDatasetOptions): Promise<OprfWorld> {
  const made = await makeDataset({ ...options, suite: 'oprf', oprf: await createSodiumOprf() });
  const server = await startServer(made.folder, { key: made.key, port: 0 });
  const publicKey = formatPublicKey(made.key.publicKey as PublicKey);
  const fronts: HttpFront[] = [];
  const front = async (handle: Handle): Promise<HttpFront> => {
    const started = await startFront(handle);
    fronts.push(started);
    return started;
  };
  const closeFronts = async (): Promise<void> => {
    for (const started of fronts.splice(0)) await started.close();
  };
  return {
    made,
    url: server.url,
    publicKey,
    front,
    spoil: (change) =>
      front(async (request, response) => {
        const answer = await forward(server.url, request);
        change(answer, request.url ?? '');
        send(response, answer);
      }),
    checker: (url, more) => createLeakChecker({ url, publicKey, timeoutMs: TIMEOUT_MS, bucketCacheBytes: 0, ...more }),
    closeFronts,
    close: async () => {
      await closeFronts();
      await server.close();
      made.dispose();
    },
  };
}
