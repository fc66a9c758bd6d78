// Metrics: of a single process, summed over several workers, and in the dashboard's queries.

import fs from 'node:fs';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import { addClient, clientFileFor } from '../../access/client-file.ts';
import { encodeElementsRequest } from '../../protocol/oprf-messages.ts';
import { formatMetrics, type MetricsListener, startMetricsListener } from '../../runtime/observe/metrics-listener.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { serveDataset } from '../support/credveil.ts';
import { type MadeDataset, makeDataset, seededPairs, seededPasswords } from '../support/dataset.ts';
import { root } from '../support/paths.ts';
import { perFile } from '../support/per-file.ts';
import { blindedElements, postMessage } from '../support/post-message.ts';

interface World {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  readonly listener: MetricsListener;
  /** A request of the client `login-eu`. */
  get(path: string): Promise<Response>;
  /** Requests evaluations of `count` elements as the same client. */
  evaluate(count: number): Promise<Response>;
  /** The samples of the server. */
  scrape(): Promise<Scraped>;
  close(): Promise<void>;
}

async function openWorld(): Promise<World> {
  const sodium = await createSodiumOprf();
  const content = { pairs: seededPairs(300), passwords: seededPasswords(100), bucketFloor: 32 };
  const made = await makeDataset({ suite: 'oprf', oprf: sodium, ...content });
  const key = addClient(clientFileFor(made.folder), 'login-eu', { 'evaluations-per-day': 10 }).keyText as string;
  const server = await startServer(made.folder, { port: 0, key: made.key, pollIntervalMs: 10 });
  const bound = { host: '127.0.0.1', port: 0, onEvent: () => {} };
  const listener = await startMetricsListener(() => server.metrics(), bound);
  const headers = { authorization: `Bearer ${key}` };
  return {
    made,
    server,
    listener,
    get: (path) => fetch(server.url + path, { headers }),
    evaluate: (count) =>
      postMessage(`${server.url}/v1/evaluate`, encodeElementsRequest(blindedElements(sodium, count)), headers),
    scrape: () => scrapeAt(listener.url),
    async close() {
      await listener.close();
      await server.close({ deadlineMs: 100 });
      made.dispose();
    },
  };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, (world) => world.close()) });

type Scraped = ReadonlyMap<string, number>;

/** Every sample by name and labels in the Prometheus text format. */
function parse(text: string): Scraped {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name, value] = /^([a-z_]\w*(?:\{(?:\w+="[^"\n]*",?)*\})?) (\S+)$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`not a sample: ${line}`);
    samples.set(name, Number(value));
  }
  return samples;
}

async function scrapeAt(url: string): Promise<Scraped> {
  const answer = await fetch(url);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ]);
  return parse(await answer.text());
}

describe('metrics', () => {
  test('metrics count requests and durations by route and status', async ({ world: { server, get, scrape } }) => {
    const before = await scrape();
    for (let i = 0; i < 7; i++) await (await get(`/v1/account/${i}`)).arrayBuffer();
    for (let i = 0; i < 3; i++) await (await get('/v1/account/zz')).arrayBuffer();
    await (await fetch(`${server.url}/v1/account/0`)).arrayBuffer();
    for (const path of ['/nothing', '/nothing/else', '/v1/account/0/0']) await (await get(path)).arrayBuffer();
    const after = await scrape();
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    expect(grown('credveil_requests_total{route="/v1/account/{prefix}",status="2xx"}')).toBe(7);
    expect(grown('credveil_requests_total{route="/v1/account/{prefix}",status="4xx"}')).toBe(4);
    expect(grown('credveil_requests_total{route="none",status="4xx"}')).toBe(3);
    expect(grown('credveil_request_duration_seconds_count{route="/v1/account/{prefix}"}')).toBe(11);
    expect(grown('credveil_request_duration_seconds_bucket{le="+Inf",route="/v1/account/{prefix}"}')).toBe(11);
    expect(grown('credveil_request_duration_seconds_sum{route="/v1/account/{prefix}"}')).toBeGreaterThan(0);
    expect(grown('credveil_client_requests_total{client="login-eu"}')).toBe(10);
  });

  test('histogram buckets are cumulative', async ({ world: { scrape } }) => {
    const samples = await scrape();
    const series = [...samples].filter(([name]) =>
      /^credveil_request_duration_seconds_bucket\{.*route="\/v1\/account/.test(name),
    );
    const counts = series.map(([, value]) => value);
    expect(counts).toHaveLength(15);
    expect(counts).toEqual([...counts].sort((a, b) => a - b));
  });

  test('metrics count evaluations and refusals by client', async ({ world: { evaluate, scrape } }) => {
    expect([(await evaluate(4)).status, (await evaluate(6)).status, (await evaluate(1)).status]).toEqual([
      200, 200, 429,
    ]);
    const samples = await scrape();
    expect(samples.get('credveil_evaluations_total{client="login-eu"}')).toBe(10);
    expect(samples.get('credveil_quota_refusals_total{client="login-eu",policy="evaluations-per-day"}')).toBe(1);
  });

  test('metrics count padding to the byte', async ({ world: { made, get, scrape } }) => {
    const snapshot = await openSnapshot(made.dataset);
    const padded = (snapshot.paddedBody('account', 1 as never) as Buffer).length;
    const padding = padded - (snapshot.layers[0].body('account', 1 as never) as Buffer).length;
    expect(padding).toBeGreaterThan(0);
    snapshot.close();
    const before = (await scrape()).get('credveil_padding_bytes_total') as number;
    for (let i = 0; i < 3; i++) await (await get('/v1/account/1')).arrayBuffer();
    expect((await scrape()).get('credveil_padding_bytes_total')).toBe(before + 3 * padding);
  });

  test('metrics contain the served snapshot, its age and refused snapshots', async ({
    world: { made, get, scrape },
  }) => {
    const { id: dataset } = made.dataset;
    const id = (await get('/v1/head')).headers.get('credveil-snapshot');
    const before = await scrape();
    expect(before.get(`credveil_snapshot_info{dataset="${dataset}",snapshot="${id}"}`)).toBe(1);
    expect(before.get(`credveil_snapshot_number{dataset="${dataset}"}`)).toBe(1);
    expect(before.get(`credveil_snapshot_refused{dataset="${dataset}"}`)).toBe(0);
    expect(before.get('credveil_snapshots_refused_total')).toBe(0);
    const age = before.get(`credveil_snapshot_age_seconds{dataset="${dataset}"}`) as number;
    expect(age).toBeGreaterThan(0);
    const current = fs.readFileSync(`${made.folder}/CURRENT`);
    fs.writeFileSync(`${made.folder}/CURRENT`, 'nonsense\n');
    for (;;) {
      const samples = await scrape();
      if (samples.get('credveil_snapshots_refused_total') !== 1) continue;
      expect(samples.get(`credveil_snapshot_refused{dataset="${dataset}"}`)).toBe(1);
      expect(samples.get(`credveil_snapshot_age_seconds{dataset="${dataset}"}`)).toBeGreaterThan(age);
      break;
    }
    fs.writeFileSync(`${made.folder}/CURRENT`, current);
  });

  test('metrics have a port of their own, which serves nothing else', async ({ world: { listener, get } }) => {
    expect((await get('/metrics')).status).toBe(404);
    const { origin } = new URL(listener.url);
    for (const path of ['/', '/v1/head', '/metrics?x', '/metrics/'])
      expect((await fetch(origin + path)).status).toBe(404);
    const posted = await fetch(listener.url, { method: 'POST', body: 'x' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('a failed collection is answered with a problem, and the next scrape works', async () => {
    const events: string[] = [];
    let fail = true;
    const failing = await startMetricsListener(
      async () => {
        if (fail) throw new Error('marked');
        return [];
      },
      { host: '127.0.0.1', port: 0, onEvent: ({ event }) => events.push(event) },
    );
    const answer = await fetch(failing.url);
    expect([answer.status, (await answer.text()).includes('marked')]).toEqual([500, false]);
    expect(events).toEqual(['request-failed']);
    fail = false;
    expect((await fetch(failing.url)).status).toBe(200);
    await expect(
      startMetricsListener(async () => [], {
        host: '127.0.0.1',
        port: Number(new URL(failing.url).port),
        onEvent: () => {},
      }),
    ).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
    await failing.close();
  });
});

test('metrics of several workers are added up', async ({ world: { made } }) => {
  const place = `${made.folder}.key`;
  fs.writeFileSync(place, `${made.key.revealText()}\n`, { mode: 0o600 });
  fs.rmSync(clientFileFor(made.folder));
  const quotaFile = `${made.folder}.other.sqlite`;
  const served = await serveDataset(made.folder, {
    args: ['--workers', '3', '--metrics', '127.0.0.1:0', '--quota-file', quotaFile],
  });
  const { metrics } = JSON.parse(served.written.stdout.split('\n')[0] as string) as { metrics: string };
  await Promise.all(
    Array.from({ length: 90 }, async () => {
      const answer = await fetch(`${served.url}/v1/account/0`, { headers: { connection: 'close' } });
      await answer.arrayBuffer();
      return answer.status;
    }),
  );
  const samples = await scrapeAt(metrics);
  expect(samples.get('credveil_requests_total{route="/v1/account/{prefix}",status="2xx"}')).toBe(90);
  expect(samples.get('credveil_client_requests_total{client="-"}')).toBe(90);
  expect(samples.get('credveil_worker_restarts_total')).toBe(0);
  const [pid] = [...served.written.stderr.matchAll(/"event":"worker-ready","pid":(\d+)/g)].map(([, id]) => Number(id));
  process.kill(pid as number, 'SIGKILL');
  while ((await scrapeAt(metrics)).get('credveil_worker_restarts_total') !== 1);
  await served.stop();
});

test('the dashboard queries only exported metrics', async ({ world: { server } }) => {
  const file = path.join(root, 'deploy/grafana-dashboard.json');
  const dashboard = JSON.parse(fs.readFileSync(file, 'utf8')) as {
    uid: string;
    panels: { id: number; type: string; targets?: { expr: string }[] }[];
    templating: { list: { query: unknown }[] };
  };
  const exported = new Set(
    [...(await formatMetrics(await server.metrics())).matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name as string],
    ),
  );
  const asked = [
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map(({ query }) => JSON.stringify(query)),
  ]
    .flatMap((expr) => expr.match(/\b(?:credveil|nodejs|process)_\w+/g) ?? [])
    // Those of the gateway: test/gateway/observe.
    .filter((name) => !name.startsWith('credveil_gateway_'));
  expect(new Set(asked).size).toBeGreaterThan(15);
  expect(asked.filter((name) => !exported.has(name))).toEqual([]);
  // The dashboard also shows every metric of our own.
  const shown = new Set(asked.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));
  const own = [...exported]
    .filter((name) => name.startsWith('credveil_'))
    .map((n) => n.replace(/_(?:bucket|sum|count)$/, ''));
  expect(own.filter((name) => !shown.has(name) && name !== 'credveil_snapshot_info')).toEqual([]);
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});
