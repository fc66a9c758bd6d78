// /v1/status: the figures of a snapshot, access to them, and the request rates of all processes.

import { setTimeout } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { ServiceStatus } from '../../protocol/service-status.ts';
import { startServer } from '../../server/server.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { readHead } from '../../store/snapshot/statement-files.ts';
import { serveDataset } from '../support/credveil.ts';
import { test } from '../support/worlds/two-datasets.ts';

const read = async (base: string): Promise<ServiceStatus> =>
  (await (await fetch(`${base}/v1/status`)).json()) as ServiceStatus;

describe('/v1/status', () => {
  test('the status lists only figures that clients could count and the sources as clients get them', async ({
    datasets,
    server,
  }) => {
    const status = await read(server.url);
    const snapshot = await openSnapshot(datasets[0].dataset);
    const { facts, publishedAt } = snapshot;
    const { head } = readHead(datasets[0].dataset, '000002', snapshot.stated);
    expect(status).toMatchObject({
      dataset: facts.dataset,
      suite: 'hmac',
      keyId: facts.keyId,
      snapshot: { number: 2, id: facts.snapshot, publishedAt: publishedAt.toISOString(), validUntil: head.validUntil },
      similar: false,
      sources: [
        { number: 1, name: 'first' },
        { number: 2, name: 'second-2021' },
      ],
    });
    for (const index of ['account', 'password'] as const) {
      const counts = [...snapshot.bucketCounts(index)];
      const described = status.indexes[index];
      expect(described?.entries).toBe(counts.reduce((sum, count) => sum + count, 0));
      expect(described?.buckets).toBe(counts.length);
      expect(described?.anonymitySet).toEqual({
        min: Math.min(...counts),
        mean: (described?.entries ?? 0) / counts.length,
        max: Math.max(...counts),
      });
      for (const { from, to, buckets } of described?.histogram ?? [])
        expect(counts.filter((count) => count >= from && count <= to).length).toBe(buckets);
      expect(described?.histogram?.reduce((sum, bin) => sum + bin.buckets, 0)).toBe(counts.length);
    }
    snapshot.close();
    // It has none of the details that only the operator knows.
    expect(JSON.stringify(status)).not.toMatch(/credentials|records|sha256/);
  });

  test('each dataset has a status', async ({ datasets, server }) => {
    for (const made of datasets) {
      const { id: dataset } = made.dataset;
      expect((await read(`${server.url}/d/${dataset}`)).dataset).toBe(dataset);
    }
  });

  test('the status is not stored, supports preflights and refuses methods that write', async ({ get }) => {
    const answer = await get('/v1/status');
    expect([answer.headers.get('cache-control'), answer.headers.get('access-control-allow-origin')]).toEqual([
      'no-store',
      '*',
    ]);
    const preflight = await get('/v1/status', {}, 'OPTIONS');
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET, HEAD, OPTIONS',
    ]);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('Authorization, If-None-Match');
    expect((await get('/v1/status', {}, 'POST')).status).toBe(405);
    expect((await get('/v1/status?x')).status).toBe(404);
  });

  test('the status shows the rates gathered from the processes', async ({ datasets }) => {
    let own = 0;
    const gathered = await startServer(datasets[1].folder, {
      port: 0,
      gatherRates: async (rates) => {
        own = rates.slotSeconds;
        return { ...rates, classes: { ...rates.classes, bucket: [4711] } };
      },
    });
    try {
      expect((await read(gathered.url)).requests.classes.bucket).toEqual([4711]);
      expect(own).toBe((await gathered.requestRates()).slotSeconds);
    } finally {
      await gathered.close({ deadlineMs: 100 });
    }
  });
});

test('each of several processes shows the rates of all', async ({ datasets }) => {
  const served = await serveDataset(datasets[1].folder, { args: ['--workers', '2'] });
  try {
    // Each request has its own connection, so that the kernel distributes them.
    for (let i = 0; i < 40; i++) await fetch(`${served.url}/v1/account/0`, { headers: { connection: 'close' } });
    let told = 0;
    // A slot is reported once it is over.
    while (told < 40) {
      await setTimeout(200);
      const { requests } = await read(served.url);
      told = requests.classes.bucket.reduce((sum, count) => sum + count, 0);
      expect(told).toBeLessThanOrEqual(40);
    }
  } finally {
    await served.stop();
  }
});
