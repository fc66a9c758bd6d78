// Quotas with real worker processes: a client gets exactly its quota from any number of workers and
// across a restart, and never more after a kill. PROTOCOL.md §18.

import fs from 'node:fs';
import http from 'node:http';
import { test as base, describe, expect } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { addClient, clientFileFor } from '../../access/client-file.ts';
import type { Quotas } from '../../access/quota/policy.ts';
import { encodeElementsRequest } from '../../protocol/oprf-messages.ts';
import { createWorkPlace, type Served, serveDataset } from '../support/credveil.ts';
import { makeDataset, seededPairs, seededRandom } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import { blindedElements, CONTENT_TYPE } from '../support/post-message.ts';

const noon = new URL('../support/programs/noon.ts', import.meta.url).href;
const CONNECTIONS = 24;

interface Client {
  /** Of the server. */
  readonly url: string;
  readonly key: string;
}

interface World {
  /** Messages of 1 to 32 elements. */
  readonly messages: readonly Uint8Array[];
  /** The key of a new client. */
  addKey(quotas: Quotas): string;
  /** Starts a server whose clock begins at noon. */
  serve(workers: number, quotaBook?: string): Promise<Served>;
  close(): void;
}

async function openWorld(): Promise<World> {
  const sodium = await createSodiumOprf();
  const made = await makeDataset({ suite: 'oprf', oprf: sodium, pairs: seededPairs(50), bucketFloor: 1000 });
  const place = createWorkPlace();
  const keyFile = place.write('oprf.key', `${made.key.revealText()}\n`);
  fs.chmodSync(keyFile, 0o600);
  let clients = 0;
  return {
    messages: Array.from({ length: 32 }, (_, i) => encodeElementsRequest(blindedElements(sodium, i + 1))),
    addKey: (quotas) => addClient(clientFileFor(made.folder), `client-${clients++}`, quotas).keyText as string,
    serve: (workers, quotaBook = 'quota') => {
      const books = ['--quota-file', place.at(`${quotaBook}.sqlite`)];
      const args = ['--workers', `${workers}`, '--key-file', keyFile, '--poll-interval-ms', '20', ...books];
      return serveDataset(made.folder, { node: ['--import', noon], args });
    },
    close() {
      made.dispose();
      place.dispose();
    },
  };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, (world) => world.close()) });

/**
 * Sends a request on a new connection, so that the kernel chooses the worker. Undefined without a
 * response.
 */
function ask({ url, key }: Client, path: string, message?: Uint8Array): Promise<number | undefined> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${key}`, ...(message && { 'content-type': CONTENT_TYPE }) };
    const request = http.request(url + path, { agent: false, headers, method: message ? 'POST' : 'GET' });
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

const askBucket = async (client: Client) => ({ status: await ask(client, '/v1/account/0'), cost: 1 });

interface Service {
  readonly keys: { readonly requests: string; readonly evaluations: string; readonly restarted: string };
  served: Served;
  /** Stops the server and starts it again. */
  restart(): Promise<void>;
}

/** Tests that share a server, since each uses another client. The last one restarts it. */
const sharing = (workers: number) =>
  test.extend<{ readonly service: Service }>({
    service: [
      async ({ world }, use) => {
        const keys = {
          requests: world.addKey({ 'requests-per-day': 477 }),
          evaluations: world.addKey({ 'evaluations-per-day': 900 }),
          restarted: world.addKey({ 'requests-per-day': 300 }),
        };
        const start = (): Promise<Served> => world.serve(workers, `of-${workers}-workers`);
        const service: Service = {
          keys,
          served: await start(),
          async restart() {
            expect((await service.served.stop()).code).toBe(0);
            service.served = await start();
          },
        };
        await use(service);
        await service.served.stop();
      },
      { scope: 'file' },
    ],
  });
const SHARING = [0, 1, 3].map((workers) => ({ workers, test: sharing(workers) }));

describe.each(SHARING)('a server with $workers workers', ({ workers, test }) => {
  test('a client gets exactly its requests per day', async ({ service: { served, keys } }) => {
    const client = { url: served.url, key: keys.requests };
    expect(await exhaust(() => askBucket(client))).toBe(477);
    for (let i = 0; i < 10; i++) expect(await ask(client, '/v1/account/0')).toBe(429);
  });

  test('a client gets exactly its evaluations per day, in requests of any size', async ({ service, world }) => {
    const client = { url: service.served.url, key: service.keys.evaluations };
    const random = seededRandom(workers);
    const evaluate = async (elements: number) => ({
      status: await ask(client, '/v1/evaluate', world.messages[elements - 1]),
      cost: elements,
    });
    const large = await exhaust(() => evaluate(1 + Math.floor(random() * 32)));
    expect(large).toBeLessThanOrEqual(900);
    const small = await exhaust(() => evaluate(1));
    expect(large + small).toBe(900);
  });

  test('a client gets the rest of its requests after a restart', async ({ service }) => {
    const client = (): Client => ({ url: service.served.url, key: service.keys.restarted });
    for (let i = 0; i < 123; i++) expect(await ask(client(), '/v1/account/0')).toBe(200);
    await service.restart();
    expect(await exhaust(() => askBucket(client()))).toBe(177);
  });
});

/** The ids of all worker processes that have been ready, the newest last. */
const readyPids = ({ written }: Served): number[] =>
  written.stderr
    .split('\n')
    .filter((line) => line.includes('"event":"worker-ready"'))
    .map((line) => (JSON.parse(line) as { pid: number }).pid);

test('a killed worker costs at most its leases and never adds quota', async ({ world }) => {
  const key = world.addKey({ 'requests-per-day': 2000 });
  const served = await world.serve(2);
  let asked = 0;
  let killed: number | undefined;
  const allowed = await exhaust(async () => {
    if (++asked === 400) {
      killed = readyPids(served).at(-1) as number;
      process.kill(killed, 'SIGKILL');
    }
    return askBucket({ url: served.url, key });
  });
  expect(killed).toBeDefined();
  while (readyPids(served).length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
  await served.stop();
  expect(allowed).toBeLessThanOrEqual(2000);
  // A lease is at most an eighth of the remaining quota, and responses lost with their sockets have
  // been charged.
  expect(allowed).toBeGreaterThanOrEqual(2000 - 250 - CONNECTIONS);
});

test.for([0, 2])('killing a server with %i workers never adds quota', async (workers, { world }) => {
  const key = world.addKey({ 'requests-per-day': 640 });
  let allowed = 0;
  for (let life = 0; life < 3; life++) {
    const { url, child, ended } = await world.serve(workers);
    for (let i = 0; i < 100; i++) if ((await ask({ url, key }, '/v1/account/0')) === 200) allowed++;
    child.kill('SIGKILL');
    await ended;
  }
  const served = await world.serve(workers);
  const client = { url: served.url, key };
  allowed += await exhaust(() => askBucket(client));
  expect(allowed).toBeLessThanOrEqual(640);
  expect(allowed).toBeGreaterThanOrEqual(100);
  expect(await ask(client, '/v1/account/0')).toBe(429);
  await served.stop();
});
