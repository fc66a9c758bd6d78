// What a test of the client needs: a real dataset, its real server, fronts that spoil answers, and checkers.

import {
  createLeakChecker,
  type HmacOptions,
  type LeakChecker,
  type UnknownReason,
  type Verdict,
} from '../../../client-sdk/index.ts';
import { type ServerOptions, startServer } from '../../../server/server.ts';
import { type MadeDataset, makeDataset, type Pair, seededPairs } from '../dataset.ts';
import { type Answer, forward, type Handle, type HttpFront, send, startFront } from '../http-front.ts';

/** Reached only where something hangs. */
export const TIMEOUT_MS = 60_000;
export const LEAKED: Pair = { username: 'ada@example.test', password: 'Correct Horse 7' };
export const STRANGER: Pair = { username: 'nobody@example.test', password: 'never seen' };

export interface ClientWorld {
  readonly made: MadeDataset;
  readonly url: string;
  /** A server of the test's own. */
  front(handle: Handle): Promise<HttpFront>;
  /** The real server with some of its answers changed on their way. */
  spoil(change: (answer: Answer, url: string) => void): Promise<HttpFront>;
  /** A checker with the right key, which asks at every check. */
  checker(url: string, options?: Partial<HmacOptions>): LeakChecker;
  closeFronts(): Promise<void>;
  close(): Promise<void>;
}

/** `LEAKED` and some hundred others, published and served. */
export async function createClientWorld(options: ServerOptions = {}): Promise<ClientWorld> {
  const made = await makeDataset({ pairs: [LEAKED, ...seededPairs(200)] });
  const server = await startServer(made.folder, { ...options, port: 0 });
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
    front,
    spoil: (change) =>
      front(async (request, response) => {
        const answer = await forward(server.url, request);
        change(answer, request.url ?? '');
        send(response, answer);
      }),
    checker: (url, more) =>
      createLeakChecker({ url, key: made.key.revealText(), timeoutMs: TIMEOUT_MS, bucketCacheBytes: 0, ...more }),
    closeFronts,
    close: async () => {
      await closeFronts();
      await server.close();
      made.dispose();
    },
  };
}

export const isConfig = (url: string): boolean => url === '/v1/config';
export const isAccount = (url: string): boolean => url.startsWith('/v1/account/');
export const isPassword = (url: string): boolean => url.startsWith('/v1/password/');
export const isBucket = (url: string): boolean => isAccount(url) || isPassword(url);

/** Status, reason, and what came of the pair, the password and the username. */
export function summary({ status, reason, signals }: Verdict): string {
  return [status, reason, '|', signals.pair.result, signals.password.result, signals.username.result]
    .filter((word) => word !== undefined)
    .join(' ');
}

/** The summary where every question failed. */
export const allUnknown = (reason: UnknownReason): string => `unknown ${reason} | unknown unknown unknown`;
