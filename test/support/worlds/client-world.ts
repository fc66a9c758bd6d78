// The world of client tests: a real dataset, its server, fronts that alter answers, and checkers.

import {
  createLeakChecker,
  type HmacOptions,
  type LeakChecker,
  type UnknownReason,
  type Verdict,
} from '../../../client-sdk/index.ts';
import { type ServerOptions, startServer } from '../../../server/server.ts';
import { type MadeDataset, makeDataset, type Pair, seededPairs } from '../dataset.ts';
import { createFronts, type Fronts } from '../fronts.ts';
import { forward } from '../http-front.ts';
import { keyPinOf } from '../pins.ts';

/** Reached only if something hangs. */
export const TIMEOUT_MS = 240_000;
export const LEAKED: Pair = { username: 'ada@example.test', password: 'Correct Horse 7' };
export const STRANGER: Pair = { username: 'nobody@example.test', password: 'never seen' };

export interface ClientWorld extends Fronts {
  readonly made: MadeDataset;
  readonly url: string;
  /** A checker with the right key and no bucket cache. */
  checker(url: string, options?: Partial<HmacOptions>): LeakChecker;
  close(): Promise<void>;
}

/** Publishes and serves `LEAKED` and 200 other pairs. */
export async function createClientWorld(options: ServerOptions = {}): Promise<ClientWorld> {
  const made = await makeDataset({ pairs: [LEAKED, ...seededPairs(200)] });
  const server = await startServer(made.folder, { ...options, port: 0 });
  const fronts = createFronts((request) => forward(server.url, request));
  return {
    made,
    url: server.url,
    ...fronts,
    checker: (url, more) =>
      createLeakChecker({ url, ...keyPinOf(made), timeoutMs: TIMEOUT_MS, bucketCacheBytes: 0, ...more }),
    close: async () => {
      await fronts.closeFronts();
      await server.close();
      made.dispose();
    },
  };
}

export const isHead = (url: string): boolean => url === '/v1/head';
export const isAccount = (url: string): boolean => url.startsWith('/v1/account/');
export const isPassword = (url: string): boolean => url.startsWith('/v1/password/');
export const isBucket = (url: string): boolean => isAccount(url) || isPassword(url);

/** Status, reason, and the results of pair, password and username. */
export function summary({ status, reason, signals }: Verdict): string {
  return [status, reason, '|', signals.pair.result, signals.password.result, signals.username.result]
    .filter((word) => word !== undefined)
    .join(' ');
}

/** The summary if every question failed. */
export const allUnknown = (reason: UnknownReason): string => `unknown ${reason} | unknown unknown unknown`;
