// Quotas: clients get exactly their limits, with one worker or several. PROTOCOL.md §18.

import fs from 'node:fs';
import { describe, expect } from 'vitest';
import { openQuotaBook } from '../../access/quota/book.ts';
import type { Taken } from '../../access/quota/meter.ts';
import { DAY_MS, MINUTE_MS } from '../../access/quota/policy.ts';
import { HALF_A_MINUTE_PAST_NOON } from '../support/clock.ts';
import { seededRandom } from '../support/dataset.ts';
import { createQuotaWorld, type QuotaWorker, quotaClient, test } from '../support/worlds/quota-world.ts';

const isTaken = (taken: Taken | undefined): boolean => typeof taken === 'object' && taken.violated.length === 0;

/** Sends `times` requests. @returns the number of admitted ones */
async function passed(
  worker: QuotaWorker,
  client: ReturnType<typeof quotaClient>,
  times: number,
  evaluations = 0,
): Promise<number> {
  let count = 0;
  for (let i = 0; i < times; i++) if (isTaken(await worker.take(client, 1, evaluations))) count++;
  return count;
}

describe('quotas with one worker', () => {
  test('requests of a client without quotas are not counted', async ({ world }) => {
    expect(await world.worker().take(quotaClient({}), 1)).toBeUndefined();
  });

  test.for([0, 1, 2, 7, 100, 1000])('a quota of %i admits exactly that many requests', async (limit, { world }) => {
    const client = quotaClient({ 'requests-per-minute': limit });
    expect(await passed(world.worker(), client, limit + 50)).toBe(limit);
  });

  test('a new minute renews the minute quota but not the day quota', async ({ world }) => {
    const client = quotaClient({ 'requests-per-minute': 10, 'requests-per-day': 25 });
    const worker = world.worker();
    expect(await passed(worker, client, 20)).toBe(10);
    // The last millisecond of this minute, then the first of the next.
    world.clock = HALF_A_MINUTE_PAST_NOON + 29_999;
    expect(await passed(worker, client, 20)).toBe(0);
    world.clock = HALF_A_MINUTE_PAST_NOON + 30_000;
    expect(await passed(worker, client, 20)).toBe(10);
    world.clock += MINUTE_MS;
    expect(await passed(worker, client, 20)).toBe(5);
    world.clock += DAY_MS;
    expect(await passed(worker, client, 20)).toBe(10);
  });

  test('moving the clock back to an earlier minute does not reopen its window', async ({ world }) => {
    const client = quotaClient({ 'requests-per-minute': 10 });
    const worker = world.worker();
    expect(await passed(worker, client, 20)).toBe(10);
    world.clock += MINUTE_MS;
    expect(await passed(worker, client, 3)).toBe(3);
    world.clock -= MINUTE_MS;
    expect(await passed(worker, client, 20)).toBe(7);
  });

  test('a refused request consumes no quota under any policy', async ({ world }) => {
    const client = quotaClient({ 'requests-per-minute': 100, 'evaluations-per-day': 40 });
    const worker = world.worker();
    expect(isTaken(await worker.take(client, 1, 30))).toBe(true);
    expect(await worker.take(client, 1, 11)).toMatchObject({ violated: ['evaluations-per-day'] });
    expect(isTaken(await worker.take(client, 1, 10))).toBe(true);
    expect(await worker.take(client, 1, 1)).toMatchObject({ violated: ['evaluations-per-day'] });
    // Two requests have been admitted so far.
    expect(await passed(worker, client, 200)).toBe(98);
  });

  test('a refusal lists the exhausted policies and the longest wait for a new window', async ({ world }) => {
    const client = quotaClient({ 'requests-per-minute': 2, 'requests-per-day': 2 });
    const worker = world.worker();
    expect(await worker.take(client, 1)).toMatchObject({
      headers: [
        'RateLimit-Policy',
        '"requests-per-minute";q=2;w=60, "requests-per-day";q=2;w=86400',
        'RateLimit',
        '"requests-per-minute";r=1;t=30, "requests-per-day";r=1;t=43170',
      ],
    });
    await worker.take(client, 1);
    expect(await worker.take(client, 1)).toEqual({
      violated: ['requests-per-minute', 'requests-per-day'],
      retryAfter: 43_170,
      headers: expect.arrayContaining(['"requests-per-minute";r=0;t=30, "requests-per-day";r=0;t=43170']),
    });
  });

  test('RateLimit-Policy marks evaluations with an unregistered unit', async ({ world }) => {
    const client = quotaClient({ 'evaluations-per-minute': 100 });
    expect(await world.worker().take(client, 1, 32)).toMatchObject({
      headers: [
        'RateLimit-Policy',
        '"evaluations-per-minute";q=100;w=60;credveil-unit="evaluations"',
        'RateLimit',
        '"evaluations-per-minute";r=68;t=30',
      ],
    });
  });

  test('each client has its own quota', async ({ world }) => {
    const worker = world.worker();
    const clients = ['a', 'b'].map((digit) => quotaClient({ 'requests-per-day': 5 }, digit.repeat(16)));
    for (const client of clients) expect(await passed(worker, client, 10)).toBe(5);
  });

  test('raising or lowering a quota keeps the used count', async ({ world }) => {
    const worker = world.worker();
    expect(await passed(worker, quotaClient({ 'requests-per-day': 5 }), 10)).toBe(5);
    expect(await passed(worker, quotaClient({ 'requests-per-day': 8 }), 10)).toBe(3);
    expect(await passed(worker, quotaClient({ 'requests-per-day': 6 }), 10)).toBe(0);
  });
});

describe('quotas with several workers', () => {
  test.each(Array.from({ length: 10 }, (_, i) => i))(
    'several workers admit exactly the quota, seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const slow = createQuotaWorld(random);
      try {
        const limit = 50 + Math.floor(random() * 2000);
        const requests = 20 + Math.floor(random() * 1000);
        const client = quotaClient({ 'requests-per-minute': requests, 'evaluations-per-minute': limit });
        const workers = Array.from({ length: 1 + Math.floor(random() * 5) }, () => slow.worker());
        let evaluated = 0;
        let allowed = 0;
        const connection = async (worker: QuotaWorker): Promise<void> => {
          for (let misses = 0; misses < 5; ) {
            const elements = 1 + Math.floor(random() * 32);
            const taken = await worker.take(client, 1, elements);
            if (isTaken(taken)) {
              evaluated += elements;
              allowed++;
            } else misses++;
            // Some connections close early, so their worker keeps an unused lease.
            if (random() < 0.05) return;
          }
        };
        await Promise.all(workers.flatMap((worker) => Array.from({ length: 6 }, () => connection(worker))));
        expect(evaluated).toBeLessThanOrEqual(limit);
        expect(allowed).toBeLessThanOrEqual(requests);
        // The rest is available to the last element, on any worker.
        const last = workers.at(-1) as QuotaWorker;
        while (allowed < requests && evaluated < limit) {
          expect(isTaken(await last.take(client, 1, 1))).toBe(true);
          evaluated++;
          allowed++;
        }
        for (const worker of workers) expect(isTaken(await worker.take(client, 1, 1))).toBe(false);
        expect(evaluated === limit || allowed === requests).toBe(true);
      } finally {
        slow.dispose();
      }
    },
  );

  test.each(Array.from({ length: 30 }, (_, i) => i))(
    'several workers refuse no request before the quota is used up, seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const slow = createQuotaWorld(random);
      try {
        const limit = 1 + Math.floor(random() * 300);
        const client = quotaClient({ 'requests-per-minute': limit });
        const workers = Array.from({ length: 2 + Math.floor(random() * 4) }, () => slow.worker());
        // Later requests reach only one worker, while others still hold or wait for leases.
        const all = Array.from({ length: limit + 20 }, async (_, i) => {
          for (let turns = 0; turns < i / 4; turns++) await new Promise(setImmediate);
          const chosen = i < limit / 2 ? Math.floor(random() * workers.length) : 0;
          return isTaken(await (workers[chosen] as QuotaWorker).take(client, 1));
        });
        expect((await Promise.all(all)).filter(Boolean)).toHaveLength(limit);
      } finally {
        slow.dispose();
      }
    },
  );

  test.each(Array.from({ length: 30 }, (_, i) => i))(
    'the ledger recalls a lease that has not yet arrived, seed %i',
    async (seed) => {
      const slow = createQuotaWorld(seededRandom(seed));
      try {
        const client = quotaClient({ 'evaluations-per-minute': 100 });
        const [small, large] = [slow.worker(), slow.worker()];
        // The first worker gets an eighth. The second needs the unused part of it.
        const taken = await Promise.all([small.take(client, 1, 1), large.take(client, 1, 99)]);
        expect(taken.map(isTaken)).toEqual([true, true]);
      } finally {
        slow.dispose();
      }
    },
  );

  test('the ledger recalls an unused lease from an idle worker', async ({ world }) => {
    const client = quotaClient({ 'requests-per-day': 1000 });
    const [idle, busy] = [world.worker(), world.worker()];
    // The idle worker's lease is an eighth of a thousand.
    expect(await passed(idle, client, 1)).toBe(1);
    expect(await passed(busy, client, 1100)).toBe(999);
    expect(await passed(idle, client, 1)).toBe(0);
  });

  test('a killed worker costs at most its lease and never adds quota', async ({ world }) => {
    const client = quotaClient({ 'requests-per-day': 1000 });
    const [killed, other] = [world.worker(), world.worker()];
    expect(await passed(killed, client, 1)).toBe(1);
    killed.kill();
    const rest = await passed(other, client, 1100);
    expect(rest).toBe(1000 - 125);
  });

  test('a stopped worker returns its leases', async ({ world }) => {
    const client = quotaClient({ 'requests-per-day': 1000 });
    const [stopped, other] = [world.worker(), world.worker()];
    expect(await passed(stopped, client, 10)).toBe(10);
    stopped.stop();
    expect(await passed(other, client, 1100)).toBe(990);
  });
});

describe('quotas after a restart', () => {
  test('a graceful restart keeps the day count and resets the minute count', async ({ world }) => {
    const client = quotaClient({ 'requests-per-day': 500, 'requests-per-minute': 300 });
    const workers = [world.worker(), world.worker()];
    for (const worker of workers) expect(await passed(worker, client, 70)).toBe(70);
    for (const worker of workers) worker.stop();
    world.restart('stopped');
    const worker = world.worker();
    expect(await passed(worker, client, 1000)).toBe(300);
    world.clock += MINUTE_MS;
    expect(await passed(worker, client, 1000)).toBe(60);
    worker.stop();
    world.restart('stopped');
    expect(await passed(world.worker(), client, 10)).toBe(0);
    world.clock += DAY_MS;
    expect(await passed(world.worker(), client, 1000)).toBe(300);
  });

  test('a killed ledger costs at most the counts written ahead and never adds quota', async ({ world }) => {
    const client = quotaClient({ 'evaluations-per-day': 6400 });
    for (let used = 0, kills = 0; kills < 20; kills++) {
      const worker = world.worker();
      for (let i = 0; i < 10; i++) if (isTaken(await worker.take(client, 1, 32))) used += 32;
      expect(used).toBeLessThanOrEqual(6400);
      worker.kill();
      world.restart('killed');
      // In the last round the quota is used up.
      if (kills === 0) expect(used).toBe(320);
      if (kills === 19) expect(isTaken(await world.worker().take(client, 1, 32))).toBe(false);
    }
  });

  test('opening a quota book fails if another server holds it or it is damaged', ({ world }) => {
    expect(() => openQuotaBook(world.file, 1)).toThrow(expect.objectContaining({ code: 'QUOTAS_BUSY' }));
    const damaged = `${world.file}.damaged`;
    fs.writeFileSync(damaged, 'no database'.repeat(500));
    expect(() => openQuotaBook(damaged)).toThrow(expect.objectContaining({ code: 'QUOTAS_CORRUPT' }));
  });

  test('opening a quota book where no file can be created names the file', ({ world }) => {
    const file = `${world.file}.missing-folder/quota.sqlite`;
    fs.writeFileSync(`${world.file}.missing-folder`, '');
    expect(() => openQuotaBook(file)).toThrow(
      expect.objectContaining({ code: 'FILE_UNWRITABLE', message: expect.stringContaining(file) }),
    );
  });
});
