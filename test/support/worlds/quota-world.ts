// Quota meters and their ledger in one process, with delayed messages and a clock set by the test.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test as base } from 'vitest';
import type { Client } from '../../../access/client-list.ts';
import { openQuotaBook } from '../../../access/quota/book.ts';
import { type LeaseHolder, QuotaLedger } from '../../../access/quota/ledger.ts';
import { QuotaMeter, type Taken } from '../../../access/quota/meter.ts';
import type { Quotas } from '../../../access/quota/policy.ts';
import type { ClientId } from '../../../protocol/brands.ts';
import { HALF_A_MINUTE_PAST_NOON } from '../clock.ts';

export interface QuotaWorker {
  take(client: Client, requests: number, evaluations?: number): Promise<Taken | undefined>;
  /** Kills its process: messages in flight to it are lost. */
  kill(): void;
  /** Stops it gracefully. */
  stop(): void;
}

export interface QuotaWorld {
  clock: number;
  /** The quota book's path. */
  readonly file: string;
  worker(): QuotaWorker;
  /** Stops or kills the ledger's process and starts a new one on the same book. */
  restart(how: 'stopped' | 'killed'): void;
  dispose(): void;
}

export function quotaClient(quotas: Quotas, id = '0123456789abcdef'): Client {
  return { id: id as ClientId, name: `client-${id}`, created: '2026-01-01T00:00:00.000Z', quotas };
}

/** One direction of a channel: delays messages and keeps their order. */
function createPipe(random: () => number): <T>(deliver: () => T) => Promise<Awaited<T>> {
  let last: Promise<unknown> = Promise.resolve();
  return (deliver) => {
    const before = last;
    const turns = Math.floor(random() * 4);
    const delivered = (async () => {
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      await before;
    })();
    last = delivered;
    return delivered.then(deliver) as Promise<never>;
  };
}

/** A worker whose messages to and from the ledger are delayed. */
function createWorker(asked: QuotaLedger, now: () => number, random: () => number): QuotaWorker {
  const up = createPipe(random);
  // An answer is sent only after promises settle, so a recall may overtake it.
  const answers = createPipe(random);
  const recalls = createPipe(random);
  let gone = false;
  const holder: LeaseHolder = {
    recall: async (request) => {
      if (gone) return [];
      const leases = await recalls(() => (gone ? [] : up(async () => (gone ? [] : meter.recall(request)))));
      return gone ? [] : leases;
    },
  };
  const meter = new QuotaMeter(async (request) => {
    const answer = await up(() => ({ turn: asked.lease(holder, request) }));
    const leased = await answer.turn;
    return answers(() => (gone ? new Promise<never>(() => undefined) : leased));
  }, now);
  return {
    take: async (client, requests, evaluations = 0) =>
      gone ? new Promise<never>(() => undefined) : meter.take(client, { requests, evaluations }),
    kill: () => {
      gone = true;
      asked.forget(holder);
    },
    stop: () => {
      for (const returned of meter.returnAll()) asked.giveBack(returned);
      gone = true;
      asked.forget(holder);
    },
  };
}

/** @param random decides each message's delay; by default there is no delay */
export function createQuotaWorld(random: () => number = () => 0): QuotaWorld {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
  const file = path.join(home, 'quota.sqlite');
  const open = (): QuotaLedger => {
    const opened = new QuotaLedger(
      () => openQuotaBook(file),
      () => world.clock,
    );
    opened.open();
    return opened;
  };

  const world: QuotaWorld = {
    clock: HALF_A_MINUTE_PAST_NOON,
    file,
    worker: () => createWorker(ledger, () => world.clock, random),
    restart(how) {
      // A killed process writes nothing more, and the system releases its file.
      if (how === 'killed') fs.copyFileSync(file, `${file}.killed`);
      ledger.close();
      if (how === 'killed') fs.renameSync(`${file}.killed`, file);
      ledger = open();
    },
    dispose() {
      ledger.close();
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
  let ledger = open();
  return world;
}

/** Gives each test a world of its own, without delays. */
export const test = base.extend<{ readonly world: QuotaWorld }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
  world: async ({}, use) => {
    const world = createQuotaWorld();
    await use(world);
    world.dispose();
  },
});
