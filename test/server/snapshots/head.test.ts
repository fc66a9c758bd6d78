// GET /v1/head, /v1/statement and /v1/sources over real HTTP, and what a server says before a head
// runs out.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { test as base, describe, expect } from 'vitest';
import { createEd25519Verifier } from '../../../protocol/signed/ed25519.ts';
import { createMac, HEAD_KIND, openEnvelope, STATEMENT_KIND } from '../../../protocol/signed/envelope.ts';
import { type Head, headSnapshotId, parseHead } from '../../../protocol/signed/head.ts';
import { parseStatement, payloadDigest } from '../../../protocol/signed/statement.ts';
import type { ServerEvent } from '../../../runtime/events.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { headPath, readStatement, writeHead } from '../../../store/snapshot/statement-files.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { pause } from '../../support/served-workers.ts';

interface World {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  readonly events: ServerEvent[];
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  head(): Promise<Head>;
  /** Writes a head and waits until the server has it. */
  renew(issuedAt: number, lifeMs: number): Promise<void>;
}

const test = base.extend<{ readonly world: World; readonly isSigned: boolean }>({
  isSigned: false,
  world: async ({ isSigned }, use) => {
    const made = await makeDataset({ pairs: seededPairs(20), signed: isSigned });
    const events: ServerEvent[] = [];
    const server = await startServer(made.folder, {
      port: 0,
      pollIntervalMs: 5,
      onEvent: (event) => events.push(event),
    });
    const signer = made.publisher ?? createMac(made.suite.sealKey);
    const verifier = made.publisher
      ? createEd25519Verifier('publisher', made.publisher.publicKey)
      : createMac(made.suite.sealKey);
    const get: World['get'] = (path, headers = {}) => fetch(server.url + path, { headers });
    const head = async (): Promise<Head> =>
      parseHead(openEnvelope(HEAD_KIND, new Uint8Array(await (await get('/v1/head')).arrayBuffer()), [verifier]));
    await use({
      ...{ made, server, events, get, head },
      renew: async (issuedAt, lifeMs) => {
        const stated = readStatement(made.dataset, '000001');
        const { validUntil } = writeHead(made.dataset, '000001', stated, signer, lifeMs, issuedAt);
        while ((await head()).validUntil !== validUntil) await pause();
      },
    });
    await server.close({ deadlineMs: 100 });
    made.dispose();
  },
});

describe.each([false, true])('with signatures: %s', (isSigned) => {
  test.override({ isSigned });

  test('head, statement and sources lead from one to the next', async ({ world }) => {
    const head = await world.head();
    const id = headSnapshotId(head);
    const answer = await world.get(`/v1/statement/${id}`);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=604800, immutable, no-transform');
    const { publisher, suite } = world.made;
    const verifier = publisher ? createEd25519Verifier('publisher', publisher.publicKey) : createMac(suite.sealKey);
    const payload = openEnvelope(STATEMENT_KIND, new Uint8Array(await answer.arrayBuffer()), [verifier]);
    expect(payloadDigest(payload)).toBe(head.statement);
    const { sources, sequence } = parseStatement(payload);
    expect(sequence).toBe(head.sequence);
    const list = Buffer.from(await (await world.get(`/v1/sources/${sources.sha256}`)).arrayBuffer());
    expect(list.length).toBe(sources.bytes);
    expect(createHash('sha256').update(list).digest('hex')).toBe(sources.sha256);
    expect(JSON.parse(list.toString())).toEqual([{ number: 1, name: 'first' }]);
  });
});

test('the head may be kept for 30 seconds, and is tagged by its content', async ({ world }) => {
  const answer = await world.get('/v1/head');
  expect(answer.headers.get('cache-control')).toBe('public, max-age=30');
  const etag = answer.headers.get('etag') ?? '';
  expect((await world.get('/v1/head', { 'if-none-match': etag })).status).toBe(304);
  await world.renew(Date.now() + 2000, 3_600_000);
  expect((await world.get('/v1/head', { 'if-none-match': etag })).status).toBe(200);
});

test('what does not exist is refused with the reason', async ({ world }) => {
  for (const [path, status, code] of [
    ['/v1/statement/000009-0123456789abcdef', 410, 'SNAPSHOT_GONE'],
    ['/v1/statement/nonsense', 404, 'ROUTE_MISSING'],
    [`/v1/sources/${'0'.repeat(64)}`, 410, 'SNAPSHOT_GONE'],
    ['/v1/sources/nonsense', 404, 'ROUTE_MISSING'],
    ['/v1/head?x', 400, 'QUERY_MALFORMED'],
  ] as const) {
    const answer = await world.get(path);
    expect([path, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([path, status, code]);
  }
});

test('statements of the current and the previous snapshot are served, of a withdrawn one not', async ({ world }) => {
  const first = headSnapshotId(await world.head());
  const { sources } = readStatement(world.made.dataset, '000001').statement;
  world.made.addSource('second', { pairs: seededPairs(5, 2) });
  const { snapshot } = await world.made.publish();
  while (headSnapshotId(await world.head()) !== snapshot) await pause();
  expect((await world.get(`/v1/statement/${first}`)).status).toBe(200);
  expect((await world.get(`/v1/sources/${sources.sha256}`)).status).toBe(200);
});

test('readiness, events and metrics tell that a head runs out', async ({ world }) => {
  const ready = async () => ((await (await world.get('/readyz')).json()) as { head: object }).head;
  expect(await ready()).toEqual({ validUntil: (await world.head()).validUntil });
  const hour = 3_600_000;
  const seconds = async (): Promise<number> =>
    (await world.server.metrics())[0]?.find(({ name }) => name === 'credveil_head_valid_seconds')?.values[0]
      ?.value as number;
  expect(await seconds()).toBeGreaterThan(24 * 3600);

  await world.renew(Date.now() - 20 * hour, 25 * hour);
  expect(await ready()).toEqual({ validUntil: (await world.head()).validUntil, warning: 'expiring' });
  while (!world.events.some(({ event }) => event === 'head-expiring')) await pause();

  await world.renew(Date.now() - 26 * hour, 25 * hour);
  expect(await ready()).toMatchObject({ warning: 'expired' });
  while (!world.events.some(({ event }) => event === 'head-expired')) await pause();
  expect(await seconds()).toBeLessThan(0);
  const names = world.events.map(({ event }) => event);
  expect(names.filter((name) => name.startsWith('head-exp'))).toEqual(['head-expiring', 'head-expired']);

  await world.renew(Date.now(), 25 * hour);
  expect(await ready()).toEqual({ validUntil: (await world.head()).validUntil });
});

test('a broken head is refused once, and the old one stays in use', async ({ world }) => {
  const before = await world.head();
  fs.writeFileSync(headPath(world.made.dataset, '000001'), 'nonsense');
  while (!world.events.some(({ event }) => event === 'head-refused')) await pause();
  await pause(50);
  expect(world.events.filter(({ event }) => event === 'head-refused')).toHaveLength(1);
  expect(await world.head()).toEqual(before);
  await world.renew(Date.now() + 2000, 3_600_000);
});
