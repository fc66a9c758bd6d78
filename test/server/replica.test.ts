// GET /v1/replica/{index} over real HTTP: the bytes of the slots, whatever the layout, and only for
// clients that may have them. PROTOCOL.md §13, §18.

import fs from 'node:fs';
import { test as base, describe, expect } from 'vitest';
import { addClient, clientFileFor } from '../../access/client-file.ts';
import type { Quotas } from '../../access/quota/policy.ts';
import { ServiceExchange } from '../../server/exchange.ts';
import { sendRanged } from '../../server/handlers/ranged-body.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import type { IndexFacts } from '../../store/snapshot/layout/snapshot-facts.ts';
import { snapshotFile } from '../../store/snapshot/layout/snapshot-files.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { SlotStream } from '../../store/snapshot/slot-stream.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../support/dataset.ts';
import { startFront } from '../support/http-front.ts';
import { perFile } from '../support/per-file.ts';
import { bearer } from '../support/worlds/clients-world.ts';

interface World {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  /** The file of the index on disk. */
  readonly file: Buffer;
  readonly id: string;
  /** Of a client that may hold a replica. */
  readonly key: string;
  /** The key of a new client. */
  add(replica: boolean, quotas?: Quotas): string;
  get(suffix: string, headers?: Record<string, string>, method?: string): Promise<Response>;
  close(): Promise<void>;
}

async function openWorld(): Promise<World> {
  // Signed and more than 1,024 buckets: roots follow the slots.
  const made = await makeDataset({ pairs: seededPairs(3_000), signed: true, bucketFloor: 1 });
  const list = clientFileFor(made.folder);
  let clients = 0;
  const add = (replica: boolean, quotas: Quotas = {}): string =>
    addClient(list, `client-${++clients}`, quotas, { replica }).keyText as string;
  const key = add(true);
  const server = await startServer(made.folder, { port: 0, pollIntervalMs: 5 });
  return {
    made,
    server,
    file: fs.readFileSync(snapshotFile(made.dataset, '000001', 'account')),
    id: openCurrent(made.dataset)?.facts.snapshot ?? '',
    key,
    add,
    get: (suffix, headers = bearer(key), method = 'GET') =>
      fetch(`${server.url}/v1/replica/${suffix}`, { method, headers }),
    async close() {
      await server.close({ deadlineMs: 100 });
      made.dispose();
    },
  };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, (world) => world.close()) });

const bytesOf = async (answer: Response): Promise<Buffer> => Buffer.from(await answer.arrayBuffer());

/** The list of clients is read again every few milliseconds. */
async function onceListed(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 401) return answer;
  }
}

describe('the indexes of a replica', () => {
  test('are the slots of the snapshot, whole, in part and by ETag', async ({ world: { file, id, key, get } }) => {
    const whole = await get(`account?snapshot=${id}`);
    expect(Object.fromEntries(whole.headers)).toMatchObject({
      etag: `"${id}-account-slots"`,
      'accept-ranges': 'bytes',
      'content-length': String(file.length),
      'cache-control': 'private, max-age=604800, immutable, no-transform',
      'credveil-snapshot': id,
    });
    expect((await bytesOf(whole)).equals(file)).toBe(true);
    const { length } = file;
    const parts: readonly (readonly [number, number])[] = [
      [0, 1],
      [5, 70_000],
      [length - 33, length],
      [length - 70_000, length - 31],
    ];
    for (const [from, to] of parts) {
      const part = await get('account', { ...bearer(key), range: `bytes=${from}-${to - 1}` });
      expect(part.status).toBe(206);
      expect((await bytesOf(part)).equals(file.subarray(from, to)), `${from}-${to}`).toBe(true);
    }
    expect((await get('account', { ...bearer(key), range: `bytes=${length}-` })).status).toBe(416);
    expect((await get('account', { ...bearer(key), 'if-none-match': `"${id}-account-slots"` })).status).toBe(304);
    expect((await get('account', bearer(key), 'HEAD')).headers.get('content-length')).toBe(String(length));
    expect((await get('account?snapshot=000009-0123456789abcdef')).status).toBe(410);
    expect((await get('account?x=1')).status).toBe(400);
    expect((await get('sha1')).status).toBe(404);
  });

  test('are refused to whoever may not hold a replica', async ({ world: { add, get } }) => {
    expect((await get('account', {})).status).toBe(401);
    const other = add(false);
    const refused = await onceListed(() => get('account', bearer(other)));
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ code: 'REPLICA_REFUSED' });
  });

  test('count against the bytes of a day', async ({ world: { file, add, get } }) => {
    const key = add(true, { 'bytes-per-day': file.length - 1 });
    expect((await onceListed(() => get('account', bearer(key)))).status).toBe(429);
    const part = await get('account', { ...bearer(key), range: `bytes=0-${file.length - 2}` });
    expect((await bytesOf(part)).length).toBe(file.length - 1);
    expect((await get('account', { ...bearer(key), range: 'bytes=0-0' })).status).toBe(429);
  });

  test('nobody gets them of a server without clients', async () => {
    const made = await makeDataset({ pairs: seededPairs(10) });
    const server = await startServer(made.folder, { port: 0 });
    const answer = await fetch(`${server.url}/v1/replica/account`);
    expect([answer.status, (await answer.json()).code]).toEqual([403, 'REPLICA_REFUSED']);
    await server.close({ deadlineMs: 100 });
    made.dispose();
  });

  test('are the same bytes from SQLite, and flow on after their snapshot is closed', async () => {
    const made = await makeDataset({ pairs: seededPairs(1_000), bucketFloor: 4 });
    const file = fs.readFileSync(snapshotFile(made.dataset, '000001', 'account'));
    await publish(made.dataset, made.suite, { layout: 'sqlite' });
    const snapshot = await openSnapshot(made.dataset);
    expect(snapshot.facts.format).toBe(2);
    const stream = new SlotStream(snapshot.layers[0], 'account', snapshot.facts.indexes.account as IndexFacts);
    expect(stream.bytes).toBe(file.length);
    const reading = stream.read(0, stream.bytes);
    snapshot.close();
    expect(Buffer.concat(await reading.toArray()).equals(file)).toBe(true);
    expect(() => stream.read(0, 1)).toThrow('after it was closed');
    expect(() => snapshot.layers[0].filter?.read(0, 1)).toThrow('after it was closed');
    made.dispose();
  });

  test('are those of their snapshot, also if it is closed while the quota is asked', async () => {
    const made = await makeDataset({ pairs: seededPairs(300) });
    const snapshot = await openSnapshot(made.dataset);
    const facts = snapshot.facts.indexes.account as IndexFacts;
    const expected = await new SlotStream(snapshot.layers[0], 'account', facts).read(0, 900).toArray();
    const ended: Promise<void>[] = [];
    // As if another snapshot had taken its place meanwhile.
    const take = async (): Promise<void> => snapshot.close();
    const front = await startFront((request, response) => {
      const exchange = new ServiceExchange(request, response, []);
      exchange.admission = { ...exchange.admission, countsBytes: true, take };
      const named = { snapshot: snapshot.facts.snapshot, etag: '"slots"' };
      ended.push(sendRanged(exchange, new SlotStream(snapshot.layers[0], 'account', facts), named, 1_000));
      return ended.at(-1);
    });
    const answer = await fetch(front.url, { headers: { range: 'bytes=0-899' } });
    expect((await bytesOf(answer)).equals(Buffer.concat(expected))).toBe(true);
    await Promise.all(ended);
    // The last holder has closed it.
    expect(() => snapshot.layers[0].hold()).toThrow('after it was closed');
    await front.close();
    made.dispose();
  });
});
