// Quotas with real worker processes: a client gets exactly its quota from any number of workers and
// across a restart, and never more after a kill. PROTOCOL.md §18.

import fs from 'node:fs';
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { addClient, clientFileFor } from '../../access/client-file.ts';
import type { Quotas } from '../../access/quota/policy.ts';
import { encodeElementsRequest } from '../../protocol/oprf-messages.ts';
import { createWorkPlace, type Served, serveDataset, type WorkPlace } from '../support/credveil.ts';
import { type MadeDataset, makeDataset, seededPairs, seededRandom } from '../support/dataset.ts';
import { blindedElements, CONTENT_TYPE } from '../support/post-message.ts';

const noon = new URL('../support/programs/noon.ts', import.meta.url).href;
const CONNECTIONS = 24;

let made: MadeDataset;
let place: WorkPlace;
let served: Served;
let clients = 0;
/** Messages of 1 to 32 elements. */
let messages: Uint8Array[];

beforeAll(async () => {
  const sodium = await createSodiumOprf();
  made = await makeDataset({ suite: 'oprf', oprf: sodium, pairs: seededPairs(50), bucketFloor: 1000 });
  place = createWorkPlace();
  place.write('oprf.key', `${made.key.revealText()}\n`);
  fs.chmodSync(place.at('oprf.key'), 0o600);
  messages = Array.from({ length: 32 }, (_, i) => encodeElementsRequest(blindedElements(sodium, i + 1)));
});

afterAll(() => {
  made.dispose();
  place.dispose();
});

/** The key of the requesting client. */
let key: string;
const addKey = (quotas: Quotas): string =>
  addClient(clientFileFor(made.folder), `client-${clients++}`, quotas).keyText as string;
const client = (quotas: Quotas): void => {
  key = addKey(quotas);
};
const serve = async (workers: number): Promise<void> => {
  served = await serveDataset(made.folder, {
    node: ['--import', noon],
    args: ['--workers', `${workers}`, '--key-file', place.at('oprf.key'), '--poll-interval-ms', '20'],
  });
};

/**
 * Sends a request on a new connection, so that the kernel chooses the worker. Undefined without a
 * response.
 */
function ask(path: string, message?: Uint8Array): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${key}`, ...(message && { 'content-type': CONTENT_TYPE }) };
    const request = http.request(served.url + path, { agent: false, headers, method: message ? 'POST' : 'GET' });
    request.on('response', (response) => {
      response.resume().on('close', () => resolve(response.statusCode));
    });
    request.on('error', () => resolve(undefined));
    request.end(message);
  });
}

/** Requests over many connections until each is refused. @returns the admitted cost */
async function exhaust(once: () => Promise<{ status: number | undefined; cost: number }>): Promise<number> {
  let allowed = 0;
  const connection = async (): Promise<void> => {
    for (;;) {
      const { status, cost } = await once();
      if (status === 200) allowed += cost;
      else if (status === 429) return;
      else if (status !== undefined) throw new Error(`status ${status}`);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return allowed;
}

const askBucket = async () => ({ status: await ask('/v1/account/0'), cost: 1 });

describe.each([0, 1, 2, 4])('a server with %i workers', (workers) => {
  let keys: { readonly requests: string; readonly evaluations: string; readonly restarted: string };

  // The tests share a server, since each uses another client. The last test restarts it.
  beforeAll(async () => {
    keys = {
      requests: addKey({ 'requests-per-day': 777 }),
      evaluations: addKey({ 'evaluations-per-day': 1500 }),
      restarted: addKey({ 'requests-per-day': 500 }),
    };
    await serve(workers);
  });
  afterAll(() => served.stop());

  test('a client gets exactly its requests per day', async () => {
    key = keys.requests;
    expect(await exhaust(askBucket)).toBe(777);
    for (let i = 0; i < 10; i++) expect(await ask('/v1/account/0')).toBe(429);
  });

  test('a client gets exactly its evaluations per day, in requests of any size', async () => {
    key = keys.evaluations;
    const random = seededRandom(workers);
    const large = await exhaust(async () => {
      const elements = 1 + Math.floor(random() * 32);
      return { status: await ask('/v1/evaluate', messages[elements - 1]), cost: elements };
    });
    expect(large).toBeLessThanOrEqual(1500);
    const small = await exhaust(async () => ({ status: await ask('/v1/evaluate', messages[0]), cost: 1 }));
    expect(large + small).toBe(1500);
  });

  test('a client gets the rest of its requests after a restart', async () => {
    key = keys.restarted;
    for (let i = 0; i < 123; i++) expect(await ask('/v1/account/0')).toBe(200);
    expect((await served.stop()).code).toBe(0);
    await serve(workers);
    expect(await exhaust(askBucket)).toBe(377);
  });
});

/** The ids of all worker processes that have been ready, the newest last. */
const readyPids = (): number[] =>
  served.written.stderr
    .split('\n')
    .filter((line) => line.includes('"event":"worker-ready"'))
    .map((line) => (JSON.parse(line) as { pid: number }).pid);

test('a killed worker costs at most its leases and never adds quota', async () => {
  client({ 'requests-per-day': 2000 });
  await serve(2);
  let asked = 0;
  let killed: number | undefined;
  const allowed = await exhaust(async () => {
    if (++asked === 400) {
      killed = readyPids().at(-1) as number;
      process.kill(killed, 'SIGKILL');
    }
    return askBucket();
  });
  expect(killed).toBeDefined();
  while (readyPids().length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
  await served.stop();
  expect(allowed).toBeLessThanOrEqual(2000);
  // A lease is at most an eighth of the remaining quota, and responses lost with their sockets have
  // been charged.
  expect(allowed).toBeGreaterThanOrEqual(2000 - 250 - CONNECTIONS);
});

test.each([0, 2])('killing a server with %i workers never adds quota', async (workers) => {
  client({ 'requests-per-day': 640 });
  let allowed = 0;
  for (let life = 0; life < 3; life++) {
    await serve(workers);
    for (let i = 0; i < 100; i++) if ((await ask('/v1/account/0')) === 200) allowed++;
    served.child.kill('SIGKILL');
    await served.ended;
  }
  await serve(workers);
  allowed += await exhaust(askBucket);
  expect(allowed).toBeLessThanOrEqual(640);
  expect(allowed).toBeGreaterThanOrEqual(100);
  expect(await ask('/v1/account/0')).toBe(429);
  await served.stop();
});
