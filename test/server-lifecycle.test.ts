// Snapshots that come, go or are broken while a server runs, and how it closes.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import type net from 'node:net';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServerEvent } from '../server/events.ts';
import { startServer } from '../server/server.ts';
import { factsPath, snapshotPath, writeCurrent } from '../store/current.ts';
import type { SnapshotFacts } from '../store/snapshot-facts.ts';
import { type MadeDataset, makeDataset, seededPairs } from './fixtures/dataset.ts';
import { connect, expectRawProblem, readToEnd } from './fixtures/raw-http.ts';

let made: MadeDataset;

beforeAll(async () => {
  made = await makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 });
});

afterAll(() => made.dispose());

describe('a new snapshot', () => {
  test('is swapped in under load without a failed request, and the one before still answers', async () => {
    const growing = await makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 });
    const events: ServerEvent[] = [];
    const swapped = await startServer(growing.folder, { port: 0, pollIntervalMs: 10, onEvent: (e) => events.push(e) });
    try {
      const seen: (string | null)[] = [];
      const statuses = new Set<number>();
      let stop = false;
      const load = async (): Promise<void> => {
        while (!stop) {
          const answer = await fetch(`${swapped.url}/v1/account/0`);
          await answer.arrayBuffer();
          statuses.add(answer.status);
          if (seen.at(-1) !== answer.headers.get('credveil-snapshot'))
            seen.push(answer.headers.get('credveil-snapshot'));
        }
      };
      const loads = [load()];
      const snapshots: string[] = [(await fetch(`${swapped.url}/v1/account/0`)).headers.get('credveil-snapshot') ?? ''];
      for (const source of ['second', 'third']) {
        growing.addSource(source, { pairs: seededPairs(100, source.length) });
        const { snapshot } = await growing.publish();
        snapshots.push(snapshot);
        while (seen.at(-1) !== snapshot) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      stop = true;
      await Promise.all(loads);
      expect([...statuses]).toEqual([200]);
      expect(seen).toEqual(snapshots);
      const pinned = async (id: string): Promise<number> =>
        (await fetch(`${swapped.url}/v1/account/0?snapshot=${id}`)).status;
      expect(await Promise.all(snapshots.map(pinned))).toEqual([410, 200, 200]);
      expect(events.filter(({ event }) => event === 'snapshot-opened')).toEqual(
        snapshots.map((snapshot) => ({ event: 'snapshot-opened', snapshot })),
      );
    } finally {
      await swapped.close({ deadlineMs: 100 });
      growing.dispose();
    }
  });

  test('that is broken is refused once, and the one before stays', async () => {
    const broken = await makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 });
    const events: ServerEvent[] = [];
    const target = await startServer(broken.folder, { port: 0, pollIntervalMs: 10, onEvent: (e) => events.push(e) });
    const refused = async (count: number): Promise<void> => {
      while (events.filter(({ event }) => event === 'snapshot-refused').length < count)
        await new Promise((resolve) => setTimeout(resolve, 5));
    };
    try {
      const before = (await fetch(`${target.url}/v1/account/0`)).headers.get('credveil-snapshot');
      fs.writeFileSync(`${broken.folder}/CURRENT`, 'nonsense\n');
      await refused(1);
      const answer = await fetch(`${target.url}/v1/account/0`);
      expect([answer.status, answer.headers.get('credveil-snapshot')]).toEqual([200, before]);
      expect((await fetch(`${target.url}/readyz`)).status).toBe(200);
      expect(events.at(-1)).toMatchObject({ event: 'snapshot-refused', code: 'SNAPSHOT_CORRUPT' });

      // A good one afterwards is taken.
      fs.rmSync(`${broken.folder}/CURRENT`);
      await refused(2);
      broken.addSource('second', { pairs: seededPairs(100, 2) });
      const { snapshot } = await broken.publish();
      while (events.at(-1)?.event !== 'snapshot-opened') await new Promise((resolve) => setTimeout(resolve, 5));
      const after = await fetch(`${target.url}/v1/account/0`);
      expect(after.headers.get('credveil-snapshot')).toBe(snapshot);
    } finally {
      await target.close({ deadlineMs: 100 });
      broken.dispose();
    }
  });

  test('that lacks a bucket makes an error without details, never an empty answer', async () => {
    const broken = await makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 });
    const { dataset } = broken;
    const database = new Database(snapshotPath(dataset, '000001'));
    database.exec('DELETE FROM account');
    database.close();
    const bytes = fs.readFileSync(snapshotPath(dataset, '000001'));
    const facts = JSON.parse(fs.readFileSync(factsPath(dataset, '000001'), 'utf8')) as SnapshotFacts;
    const sqlite = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    fs.writeFileSync(factsPath(dataset, '000001'), JSON.stringify({ ...facts, sqlite }));
    writeCurrent(dataset, '000001');
    const events: ServerEvent[] = [];
    const target = await startServer(broken.folder, { port: 0, onEvent: (e) => events.push(e) });
    try {
      const answer = await fetch(`${target.url}/v1/account/0`);
      expect(answer.status).toBe(500);
      const text = await answer.text();
      expect((JSON.parse(text) as { code: string }).code).toBe('INTERNAL');
      expect(text).not.toContain('bucket');
      expect(events.at(-1)).toEqual({ event: 'request-failed', code: 'SNAPSHOT_CORRUPT', hint: expect.any(String) });
      expect((await fetch(`${target.url}/v1/password/0`)).status).toBe(200);
    } finally {
      await target.close({ deadlineMs: 100 });
      broken.dispose();
    }
  });

  test('with a flipped byte does not start a server', async () => {
    const broken = await makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 });
    const file = snapshotPath(broken.dataset, '000001');
    const bytes = fs.readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    fs.writeFileSync(file, bytes);
    await expect(startServer(broken.folder, { port: 0 })).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' });
    broken.dispose();
  });
});

describe('closing', () => {
  test('finishes what is in flight, says that it is not ready, and closes idle connections', async () => {
    const events: ServerEvent[] = [];
    const target = await startServer(made.folder, { port: 0, onEvent: (e) => events.push(e) });
    const idle = await connect(target);
    idle.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(idle, 'data');
    const inFlight = await Promise.all([connect(target), connect(target)]);
    for (const socket of inFlight) socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await Promise.all(inFlight.map((socket) => once(socket, 'data')));
    // Headers begun and not ended: a request in flight. The answer to an earlier one shows that they have arrived.
    const [bucket, ready] = inFlight as [net.Socket, net.Socket];
    bucket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /v1/account/0 HTTP/1.1\r\nHost: x\r\n');
    ready.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n');
    await Promise.all(inFlight.map((socket) => once(socket, 'data')));

    const closed = target.close({ deadlineMs: 60_000 });
    await readToEnd(idle);
    await expect(fetch(`${target.url}/healthz`)).rejects.toThrow();
    bucket.write('\r\n');
    ready.write('\r\n');
    const [bucketAnswer, readyAnswer] = await Promise.all([readToEnd(bucket), readToEnd(ready)]);
    expect(bucketAnswer).toMatch(/^HTTP\/1.1 200 /);
    expect(bucketAnswer).toContain('Connection: close');
    expectRawProblem(readyAnswer, 503, 'NOT_READY');
    await closed;
    expect(events.slice(-2).map(({ event }) => event)).toEqual(['closing', 'closed']);
  });

  test('destroys at the deadline what is left', async () => {
    const target = await startServer(made.folder, { port: 0 });
    const stuck = await connect(target);
    stuck.on('error', () => undefined);
    stuck.write('GET /healthz HTTP/1.1\r\n');
    const gone = once(stuck, 'close');
    const closed = target.close({ deadlineMs: 50 });
    expect(target.close()).toBe(closed);
    await closed;
    await gone;
  });
});
