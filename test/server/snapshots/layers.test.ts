// A snapshot in several layers over real HTTP: one body of one length, ranges that add up, filters
// and slots by layer, and clients that know nothing of layers.

import { test as base, describe, expect } from 'vitest';
import { addClient, clientFileFor } from '../../../access/client-file.ts';
import { createLeakChecker } from '../../../client-sdk/index.ts';
import type { Layer } from '../../../protocol/signed/statement.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { openSnapshot } from '../../../store/snapshot/snapshot.ts';
import { changeStatement, type Json } from '../../support/client/restate.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../../support/dataset.ts';
import { send, startFront } from '../../support/http-front.ts';
import { perFile } from '../../support/per-file.ts';
import { pinOf } from '../../support/pins.ts';
import { makeRangeDataset, sha1Of } from '../../support/range-dataset.ts';
import { fetchPublished } from '../../support/signed/published.ts';
import { LEAKED, STRANGER, TIMEOUT_MS } from '../../support/worlds/client-world.ts';

const ADDED = { username: 'added@example.test', password: 'added since' };

interface World {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  readonly clientKey: string;
}

const test = base.extend<{ readonly world: World }>({
  world: perFile(
    async () => {
      const made = await makeDataset({
        pairs: [LEAKED, ...seededPairs(200)],
        signed: true,
        bucketFloor: 2,
        similar: true,
      });
      for (const [source, pair] of [['second', ADDED] as const, ['third', LEAKED] as const]) {
        made.addSource(source, { pairs: [pair] });
        await made.publish({ delta: true });
      }
      const clientKey = addClient(clientFileFor(made.folder), 'copy', {}, { replica: true }).keyText as string;
      return { made, clientKey, server: await startServer(made.folder, { port: 0 }) };
    },
    async ({ made, server }) => {
      await server.close({ deadlineMs: 100 });
      made.dispose();
    },
  ),
});

const checkerOf = ({ made, clientKey }: World, url: string) =>
  createLeakChecker({ url, clientKey, timeoutMs: TIMEOUT_MS, ...pinOf(made) } as never);

describe('a snapshot in layers', () => {
  test('answers every prefix with one length', async ({ world: { server, clientKey } }) => {
    const headers = { authorization: `Bearer ${clientKey}` };
    for (const index of ['account', 'password']) {
      const lengths = new Set<number>();
      const { prefixBits = 0 } = (await (await fetch(`${server.url}/v1/status`, { headers })).json()).indexes[index];
      for (let id = 0; id < 2 ** prefixBits; id++) {
        const prefix = id.toString(16).padStart(Math.max(1, Math.ceil(prefixBits / 4)), '0');
        const answer = await fetch(`${server.url}/v1/${index}/${prefix}`, { headers });
        lengths.add((await answer.bytes()).length);
        const text = await fetch(`${server.url}/v1/${index}/${prefix}`, {
          headers: { ...headers, accept: 'text/plain' },
        });
        const tags = (await text.text()).trimEnd().split('\n');
        expect(tags).toEqual([...new Set(tags)].sort());
      }
      expect(lengths.size).toBe(1);
    }
  });

  test('is found in whatever layer it is', async ({ world }) => {
    const checker = checkerOf(world, world.server.url);
    expect(await checker.check(LEAKED)).toMatchObject({ status: 'pair', timesSeen: 2 });
    expect(await checker.check(ADDED)).toMatchObject({ status: 'pair', timesSeen: 1 });
    expect((await checker.check({ ...ADDED, password: `${ADDED.password}1` })).status).toBe('similar');
    expect((await checker.check(STRANGER)).status).toBe('clean');
  });

  test.for([
    [0, 'BODY_TOO_LARGE'],
    // The base alone has enough usernames for its prefixes.
    [1, 'PREFIX_TOO_LONG'],
    [2, 'PREFIX_TOO_LONG'],
  ] as const)('a client that takes layer %i for all is not told clean', async ([only, reason], { world }) => {
    const { made, server, clientKey } = world;
    const headers = { authorization: `Bearer ${clientKey}` };
    const { snapshot } = await (await fetch(`${server.url}/readyz`)).json();
    const statement = await (await fetch(`${server.url}/v1/statement/${snapshot}`, { headers })).bytes();
    const alter = changeStatement(made, statement, ({ layers }: Json) => ({ layers: [(layers as Layer[])[only]] }));
    const front = await startFront(async (request, response) => {
      const url = (request.url ?? '').replace(/(?<=snapshot=)[0-9a-f-]+/, snapshot);
      const answered = await fetch(server.url + url, { headers });
      const answer = { status: answered.status, headers: {}, body: Buffer.from(await answered.arrayBuffer()) };
      alter(answer, request.url ?? '');
      send(response, answer);
    });
    try {
      const checker = checkerOf(world, front.url);
      for (const credential of [LEAKED, ADDED, STRANGER])
        expect(await checker.check(credential)).toMatchObject({ status: 'unknown', reason });
    } finally {
      await front.close();
    }
  });

  test('has a filter and slots for each layer, and none for all', async ({ world: { server, clientKey, made } }) => {
    const headers = { authorization: `Bearer ${clientKey}` };
    const { snapshot } = await (await fetch(`${server.url}/readyz`)).json();
    const opened = await openSnapshot(made.dataset);
    try {
      expect(opened.layers.length).toBe(3);
      for (const route of ['filter/password', 'replica/account', 'replica/password']) {
        const ask = async (query: string) => {
          const answer = await fetch(`${server.url}/v1/${route}${query}`, { headers });
          return { answer, bytes: await answer.bytes() };
        };
        for (const query of ['', `?snapshot=${snapshot}`, `?snapshot=${snapshot}&layer=${'0'.repeat(32)}`]) {
          const { answer, bytes } = await ask(query);
          expect([answer.status, JSON.parse(Buffer.from(bytes).toString()).code]).toEqual([404, 'LAYER_MISSING']);
        }
        expect((await ask(`?snapshot=${snapshot}&layer=x`)).answer.status).toBe(400);
        for (const { facts } of opened.layers) {
          const { answer, bytes } = await ask(`?snapshot=${snapshot}&layer=${facts.layer}`);
          expect(answer.status).toBe(200);
          expect(answer.headers.get('etag')).toContain(facts.layer);
          if (route.startsWith('filter')) expect(bytes.length).toBe(facts.filter?.bytes);
        }
      }
    } finally {
      opened.close();
    }
  });
});

describe('a snapshot of one layer', () => {
  test('takes its layer by id as well', async () => {
    const made = await makeDataset({ pairs: [LEAKED] });
    const server = await startServer(made.folder, { port: 0 });
    try {
      const { snapshot, layer } = await fetchPublished(server.url);
      const [whole, named] = await Promise.all(
        ['', `&layer=${layer.id}`].map(async (more) =>
          Buffer.from(await (await fetch(`${server.url}/v1/filter/password?snapshot=${snapshot}${more}`)).bytes()),
        ),
      );
      expect(named?.equals(whole as Buffer)).toBe(true);
    } finally {
      await server.close({ deadlineMs: 100 });
      made.dispose();
    }
  });
});

test('ranges have the hashes of all layers, their counts added up, padded to one length', async () => {
  const passwords = Array.from({ length: 400 }, (_, i) => `password ${i}`);
  const made = await makeRangeDataset({ passwords }, ['sha1']);
  await made.add('second', { passwords: ['password 1', 'password 1', 'added since'] });
  await made.publish(true);
  const server = await startServer(made.folder, { port: 0 });
  try {
    const rows = async (password: string, headers = {}): Promise<string> => {
      const hash = sha1Of(password);
      const text = await (await fetch(`${server.url}/range/${hash.slice(0, 5)}`, { headers })).text();
      return text.split('\r\n').find((row) => row.startsWith(hash.slice(5))) ?? '';
    };
    for (const [password, count] of [
      ['password 1', 3],
      ['password 2', 1],
      ['added since', 1],
    ] as const)
      for (const headers of [{}, { 'add-padding': 'true' }])
        expect(await rows(password, headers)).toBe(`${sha1Of(password).slice(5)}:${count}`);
    const lengths = new Set<number>();
    for (const password of ['password 1', 'password 2', 'added since', 'nobody'])
      lengths.add(
        (
          await (
            await fetch(`${server.url}/range/${sha1Of(password).slice(0, 5)}`, { headers: { 'add-padding': 'true' } })
          ).text()
        ).length,
      );
    expect(lengths.size).toBe(1);
  } finally {
    await server.close({ deadlineMs: 100 });
    made.dispose();
  }
});
