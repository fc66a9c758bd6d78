// Lookups of the `oprf` suite over HTTP on all cores, and small requests during a burst of the
// largest ones.

import os from 'node:os';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import type { BucketId, PrivateInput } from '../../protocol/brands.ts';
import { encodeLookupRequest, MAX_ELEMENTS } from '../../protocol/oprf-messages.ts';
import { openDataset } from '../../store/dataset.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../test/support/dataset.ts';
import type { Figure } from '../harness/figure.ts';
import { type RequestLoad, runLoad, type Stream } from '../http/request-load.ts';
import { type ServerChild, startServerChild } from '../http/server-children.ts';

/** Each pair has two entries: 16 buckets of 1,024 entries. */
const PAIRS = 8192;
const REQUESTS = 512;
const CONNECTIONS = 32;
const BURST_CONNECTIONS = 16;

/** Requests per second with one server process per core. */
export async function measureLookups(processes = os.availableParallelism()): Promise<Figure[]> {
  const oprf = await createSodiumOprf();
  const dataset = await makeDataset({
    suite: 'oprf',
    oprf,
    pairs: seededPairs(PAIRS),
    indexes: ['account'],
    bucketFloor: 500,
  });
  try {
    const buckets = 2 ** (await accountPrefixBits(dataset));
    let inputs = 0;
    const blindedElement = () =>
      oprf.blind(new TextEncoder().encode(`input ${inputs++}`) as PrivateInput).blindedElement;
    const stream = (connections: number, elements: number, requests = REQUESTS): Stream => ({
      connections,
      requests: Array.from({ length: requests }, (_, i) => {
        const blindedElements = Array.from({ length: elements }, blindedElement);
        return post('/v1/lookup', encodeLookupRequest({ bucketId: (i % buckets) as BucketId, blindedElements }));
      }),
    });
    const one = await load(dataset, processes, [stream(CONNECTIONS, 1)]);
    const three = await load(dataset, processes, [stream(CONNECTIONS, 3)]);
    // One process, with half of the cores busy: this measures the order of evaluations.
    const alone = await load(dataset, 1, [stream(1, 1)]);
    const beside = await load(dataset, 1, [stream(1, 1), stream(BURST_CONNECTIONS, MAX_ELEMENTS, 64)]);
    const note = `${processes} server processes and the load generator on all cores`;
    return [
      { name: 'lookup of 1 element', value: rate(one), unit: 'requests/s', note: `${note}; goal: 10,000` },
      { name: 'lookup of 1 element', value: cpu(one), unit: 'µs of server CPU' },
      { name: 'lookup of 3 elements', value: rate(three), unit: 'requests/s', note },
      { name: 'lookup of 3 elements', value: cpu(three), unit: 'µs of server CPU' },
      ...[50, 99].flatMap((percentile) => {
        const name = `lookup of 1 element p${percentile}`;
        const of = ({ streams: [small] }: RequestLoad) =>
          (percentile === 50 ? small?.p50Ms : small?.p99Ms) ?? Number.NaN;
        const burst = `beside ${BURST_CONNECTIONS} connections that send ${MAX_ELEMENTS} elements per request`;
        return [
          { name, value: of(alone), unit: 'ms', note: 'one server process, one connection' },
          { name, value: of(beside), unit: 'ms', note: burst },
        ];
      }),
      { name: 'elements of that burst', value: (beside.streams[1]?.requestsPerSecond ?? 0) * MAX_ELEMENTS, unit: '/s' },
    ];
  } finally {
    dataset.dispose();
  }
}

async function load({ folder, key }: MadeDataset, processes: number, streams: readonly Stream[]): Promise<RequestLoad> {
  const servers: ServerChild[] = [];
  try {
    for (let i = 0; i < processes; i++) {
      const { port = 0 } = servers[0] ?? {};
      servers.push(await startServerChild({ folder, keyText: key.revealText(), port, reusePort: true }));
    }
    return await runLoad(servers, streams);
  } finally {
    for (const server of servers) server.stop();
  }
}

const rate = ({ streams }: RequestLoad): number => streams[0]?.requestsPerSecond ?? Number.NaN;
const cpu = ({ streams, serverCpuMs }: RequestLoad): number => (1000 * serverCpuMs) / (streams[0]?.requests ?? 0);

async function accountPrefixBits({ folder }: MadeDataset): Promise<number> {
  const snapshot = await openSnapshot(openDataset(folder));
  const prefixBits = snapshot.facts.indexes.account?.prefixBits ?? 0;
  snapshot.close();
  return prefixBits;
}

function post(path: string, body: Uint8Array): string {
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\n`;
  return `${head}Content-Length: ${body.length}\r\n\r\n${Buffer.from(body).toString('latin1')}`;
}
