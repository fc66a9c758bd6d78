// Sends generated logins through the adapters, each to a handler that reads in its framework's way.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLeakChecker, type LeakChecker } from '../../../client-sdk/index.ts';
import { startServer } from '../../../server/server.ts';
import { makeDataset, seededPairs } from '../dataset.ts';
import { keyPinOf } from '../pins.ts';
import { createRandom } from '../random.ts';
import { type Attempt, createRecorder, mistakeIn, type Recorder } from './attempts.ts';
import { createAuthLogins } from './auth-app.ts';
import { createFetchLogins, createHonoLogins, createNextLogins } from './fetch-apps.ts';
import { createExpressLogins, createFastifyLogins } from './parsed-apps.ts';
import { drawLogin } from './requests.ts';
import { type LoginApp, ROUTES } from './routes.ts';
import { LEAKED } from './users.ts';

export const LOGIN_APPS: { readonly [name: string]: (recorder: Recorder) => LoginApp | Promise<LoginApp> } = {
  express: createExpressLogins,
  fastify: createFastifyLogins,
  hono: createHonoLogins,
  fetch: createFetchLogins,
  next: createNextLogins,
  'better-auth': createAuthLogins,
};

export interface Tally {
  requests: number;
  /** Handlers that ran and read fields. */
  read: number;
  /** Logins of users whose pair has leaked. */
  leaked: number;
  clean: number;
  checks: number;
  /** Logins that were sent again since the service had failed. */
  retried: number;
  /** By `status action` of logins with a leaked pair. */
  readonly verdicts: Map<string, number>;
  readonly mistakes: string[];
}

const MAX_MISTAKES = 20;
/** Reasons of `unknown` when the service has not answered. */
const SERVICE_FAILED: ReadonlySet<string> = new Set(['HTTP_STATUS', 'NETWORK', 'TIMEOUT']);
const TURN = 1000;

export interface LoginWorld {
  readonly checker: LeakChecker;
  /**
   * Sends `requests` logins, drawn from `seed`, through one adapter.
   * @param signal ends the run early
   */
  fuzz(adapter: string, requests: number, seed: number, signal?: AbortSignal): Promise<Tally>;
  close(): Promise<void>;
}

export async function createLoginWorld(): Promise<LoginWorld> {
  const made = await makeDataset({ pairs: [...LEAKED, ...seededPairs(50)], similar: true });
  const server = await startServer(made.folder, { port: 0 });
  // Buckets stay in memory, so that a million logins need few requests.
  const checker = createLeakChecker({
    url: server.url,
    ...keyPinOf(made),
    timeoutMs: 60_000,
    bucketCacheBytes: 2 ** 28,
    circuitBreaker: false,
    // Only the pair counts: checking its password under another name is a mistake too.
    policy: { similar: 'allow', password: 'allow' },
  });
  return {
    checker,
    async fuzz(adapter, requests, seed, signal) {
      const create = LOGIN_APPS[adapter];
      if (!create) throw new RangeError(`no adapter ${adapter}: ${Object.keys(LOGIN_APPS).join(', ')}`);
      const recorder = createRecorder(checker);
      const app = await create(recorder);
      const random = createRandom(seed);
      const tally: Tally = {
        requests: 0,
        read: 0,
        leaked: 0,
        clean: 0,
        checks: 0,
        retried: 0,
        verdicts: new Map(),
        mistakes: [],
      };
      for (let i = 0; i < requests && tally.mistakes.length < MAX_MISTAKES && !signal?.aborted; i++) {
        // Most logins take no turn of the event loop, which signals need.
        if (i % TURN === 0) await nextTurn();
        const route = random.pick(ROUTES);
        const login = drawLogin(random, app.reads ?? route);
        const send = async (): Promise<Attempt> => {
          const attempt = recorder.begin();
          await app.send(route.path, login);
          return attempt;
        };
        let attempt = await send();
        // A machine that is busy enough times the service out: that is no finding, twice is.
        if (attempt.verdict?.reason && SERVICE_FAILED.has(attempt.verdict.reason)) {
          tally.retried++;
          attempt = await send();
        }
        count(tally, attempt);
        // better-auth has one route, and asks once the password is right.
        const mistake = mistakeIn(attempt, adapter === 'better-auth' ? 'lazy' : route.mode);
        if (mistake)
          tally.mistakes.push(
            `${adapter}, request ${i} of seed ${seed}, ${route.name}: ${mistake}\n` +
              `  ${login.contentType} ${login.query} ${JSON.stringify(login.body.toString().slice(0, 300))}`,
          );
      }
      await app.close();
      return tally;
    },
    async close() {
      await server.close();
      made.dispose();
    },
  };
}

function count(tally: Tally, { isRead, user, verdict, checks }: Attempt): void {
  tally.requests++;
  tally.checks += checks;
  if (isRead) tally.read++;
  if (!user) return;
  if (!user.isLeaked) {
    tally.clean++;
    return;
  }
  tally.leaked++;
  const key = `${verdict?.status} ${verdict?.action}`;
  tally.verdicts.set(key, (tally.verdicts.get(key) ?? 0) + 1);
}
