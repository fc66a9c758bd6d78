// New, removed and broken snapshots while a server runs, and how the server closes.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import type net from 'node:net';
import Database from 'better-sqlite3';
import { test as base, describe, expect } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import type { BucketId, SnapshotId } from '../../protocol/brands.ts';
import { openBucket } from '../../protocol/bucket.ts';
import { decodeLookupResponse, encodeLookupRequest } from '../../protocol/oprf-messages.ts';
import { createBucketAuth } from '../../protocol/signed/merkle.ts';
import type { ServerEvent } from '../../runtime/events.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { factsPath, writeCurrent } from '../../store/snapshot/current.ts';
import { type SnapshotFacts, snapshotName } from '../../store/snapshot/layout/snapshot-facts.ts';
import { snapshotFile, snapshotPath } from '../../store/snapshot/layout/snapshot-files.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import { blindedElements, postMessage, readMessage } from '../support/post-message.ts';
import { connect, expectRawProblem, readToEnd } from '../support/raw-http.ts';

const test = base.extend<{ readonly made: MadeDataset }>({
  made: perFile(
    () => makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 }),
    (made) => made.dispose(),
  ),
});

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const served = async ({ url }: CredveilServer): Promise<string | null> =>
  (await fetch(`${url}/v1/head`)).headers.get('credveil-snapshot');

describe('a new snapshot', () => {
  test('a new snapshot is swapped in under load without a failed request, and the previous one stays served', async () => {
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

  test('a broken snapshot is refused once, and the previous one stays current', async () => {
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

      // The server opens a valid snapshot afterwards.
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

  test('a temporarily unreadable snapshot is opened later, without another publish', async () => {
    const broken = await makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 });
    const events: ServerEvent[] = [];
    const target = await startServer(broken.folder, { port: 0, pollIntervalMs: 5, onEvent: (e) => events.push(e) });
    try {
      broken.addSource('second', { pairs: seededPairs(100, 2) });
      // CURRENT names a snapshot without files, as when a folder is copied in the wrong order.
      const before = fs.readFileSync(`${broken.folder}/CURRENT`);
      const { snapshot } = await broken.publish();
      while (events.at(-1)?.event !== 'snapshot-opened' || (await served(target)) !== snapshot) await pause();
      fs.writeFileSync(`${broken.folder}/CURRENT`, before);
      while ((await served(target)) === snapshot) await pause();
      // Clients that saw the newer one refuse it.
      const back = events.filter(({ event }) => event === 'snapshot-older');
      expect(back).toEqual([expect.objectContaining({ hint: expect.stringContaining('SNAPSHOT_OLDER') })]);
      const file = snapshotFile(broken.dataset, '000002', 'account');
      fs.renameSync(file, `${file}.away`);
      writeCurrent(broken.dataset, '000002');
      while (events.at(-1)?.event !== 'snapshot-refused') await pause();
      // Several polls pass, and none reports the refusal again.
      for (let i = 0; i < 10; i++) await pause();
      expect(events.filter(({ event }) => event === 'snapshot-refused')).toHaveLength(1);
      fs.renameSync(`${file}.away`, file);
      while ((await served(target)) !== snapshot) await pause();
      expect(events.at(-1)).toEqual({ event: 'snapshot-opened', snapshot });
    } finally {
      await target.close({ deadlineMs: 100 });
      broken.dispose();
    }
  });

  test('a new snapshot is swapped in during lookups of the oprf suite', async () => {
    const sodium = await createSodiumOprf();
    const growing = await makeDataset({ suite: 'oprf', oprf: sodium, pairs: seededPairs(60), bucketFloor: 1000 });
    const target = await startServer(growing.folder, { port: 0, pollIntervalMs: 10, key: growing.key });
    try {
      const message = encodeLookupRequest({ bucketId: 0 as BucketId, blindedElements: blindedElements(sodium, 12) });
      // Read at first sight: a later publication prunes them.
      const facts = new Map<SnapshotId, SnapshotFacts>();
      const factsOf = (id: SnapshotId): SnapshotFacts => {
        const text = facts.get(id) ?? JSON.parse(fs.readFileSync(factsPath(growing.dataset, snapshotName(id)), 'utf8'));
        facts.set(id, text);
        return text;
      };
      const openIn = ({ layer, indexes }: SnapshotFacts, body: Uint8Array): void => {
        const auth = createBucketAuth({ prefixBits: 0, ...indexes.account }, growing.suite.sealKey);
        openBucket(body, { layer, index: 'account', prefixBits: 0, id: 0 as BucketId }, auth);
      };
      const seen: (string | null)[] = [];
      let stop = false;
      const load = async (): Promise<void> => {
        while (!stop) {
          const answer = await postMessage(`${target.url}/v1/lookup`, message);
          const { body } = decodeLookupResponse(await readMessage(answer));
          const snapshot = answer.headers.get('credveil-snapshot') as SnapshotId;
          if (seen.at(-1) !== snapshot) seen.push(snapshot);
          openIn(factsOf(snapshot), body);
        }
      };
      const loads = Promise.all([load(), load(), load()]);
      const published = [await served(target)];
      for (const source of ['second', 'third']) {
        growing.addSource(source, { pairs: seededPairs(20, source.length) });
        const { snapshot } = await growing.publish();
        published.push(snapshot);
        while (!seen.includes(snapshot)) await pause();
      }
      stop = true;
      await loads;
      expect([...new Set(seen)]).toEqual(published);
    } finally {
      await target.close({ deadlineMs: 100 });
      growing.dispose();
    }
  });

  test('a missing bucket causes an error without details, never an empty response', async () => {
    const broken = await makeDataset({ pairs: seededPairs(300), bucketFloor: 1000, published: false });
    const { dataset } = broken;
    await publish(dataset, broken.suite, { layout: 'sqlite' });
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

  test('a server does not start on a snapshot with a flipped byte', async () => {
    const broken = await makeDataset({ pairs: seededPairs(300), bucketFloor: 1000 });
    const file = snapshotFile(broken.dataset, '000001', 'account');
    const bytes = fs.readFileSync(file);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    fs.writeFileSync(file, bytes);
    await expect(startServer(broken.folder, { port: 0 })).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' });
    broken.dispose();
  });
});

describe('closing a server', () => {
  test('a closing server finishes requests in flight, is not ready, and closes idle connections', async ({ made }) => {
    const events: ServerEvent[] = [];
    const target = await startServer(made.folder, { port: 0, onEvent: (e) => events.push(e) });
    const idle = await connect(target);
    idle.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(idle, 'data');
    const inFlight = await Promise.all([connect(target), connect(target)]);
    for (const socket of inFlight) socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await Promise.all(inFlight.map((socket) => once(socket, 'data')));
    // Incomplete headers are a request in flight. The response to the request before them shows
    // that they have arrived.
    const [bucket, ready] = inFlight as [net.Socket, net.Socket];
    bucket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1/account/0 HTTP/1.1\r\nHost: localhost\r\n');
    ready.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /readyz HTTP/1.1\r\nHost: localhost\r\n');
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

  test('a closing server does not wait for connections without a byte', async ({ made }) => {
    const target = await startServer(made.folder, { port: 0 });
    const silent = await Promise.all([connect(target), connect(target)]);
    // A later connection has a response, so these have been accepted.
    expect((await fetch(`${target.url}/healthz`)).status).toBe(200);
    const read = Promise.all(silent.map(readToEnd));
    // The test times out before this deadline.
    await target.close({ deadlineMs: 600_000 });
    expect(await read).toEqual(['', '']);
  });

  test('a closing server destroys the remaining connections at the deadline', async ({ made }) => {
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
