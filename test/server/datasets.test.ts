// Several datasets behind one server, as during a key rotation, and several servers on one port.

import { test as base, describe, expect } from 'vitest';
import { createSodiumOprf } from '../../accel/oprf-sodium.ts';
import type { BucketId, PrivateInput } from '../../protocol/brands.ts';
import { formatPrefix } from '../../protocol/bucket-id.ts';
import type { Oprf } from '../../protocol/oprf.ts';
import { decodeEvaluateResponse, encodeElementsRequest, encodeLookupRequest } from '../../protocol/oprf-messages.ts';
import type { LayerIndex } from '../../protocol/signed/statement.ts';
import { type CredveilServer, startServer } from '../../server/server.ts';
import type { ServedFolder } from '../../server/service.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../support/dataset.ts';
import { perFile } from '../support/per-file.ts';
import { postMessage, readMessage } from '../support/post-message.ts';
import { fetchPublished } from '../support/signed/published.ts';

const PAIRS = seededPairs(50);

interface World {
  readonly sodium: Oprf;
  /** The first dataset, one with another key, and one of another suite. */
  readonly datasets: readonly [MadeDataset, MadeDataset, MadeDataset];
  readonly server: CredveilServer;
  urlOf(made: MadeDataset): string;
  /** Whether the service at a URL evaluates with the key of a dataset. */
  evaluates(url: string, made: MadeDataset): Promise<boolean>;
  close(): Promise<void>;
}

async function openWorld(): Promise<World> {
  const sodium = await createSodiumOprf();
  const options = { suite: 'oprf', oprf: sodium, pairs: PAIRS } as const;
  const [first, second] = [await makeDataset(options), await makeDataset({ ...options, keySeed: 2 })];
  const keyed = await makeDataset({ pairs: PAIRS });
  const datasets = [first, second, keyed] as const;
  const server = await startServer(first.folder, {
    port: 0,
    key: first.key,
    additional: [{ folder: second.folder, key: second.key }, { folder: keyed.folder }],
  });
  return {
    sodium,
    datasets,
    server,
    urlOf: (made) => `${server.url}/d/${idOf(made)}`,
    async evaluates(url, made) {
      const input = Buffer.from('input') as Uint8Array as PrivateInput;
      const { blind, blindedElement } = sodium.blind(input);
      const message = encodeElementsRequest([blindedElement]);
      const [evaluated] = decodeEvaluateResponse(await readMessage(await postMessage(`${url}/v1/evaluate`, message)));
      if (!evaluated) throw new Error('nothing was evaluated');
      return Buffer.compare(sodium.finalize(input, blind, evaluated), made.suite.evaluate(input)) === 0;
    },
    async close() {
      await server.close({ deadlineMs: 100 });
      for (const made of datasets) made.dispose();
    },
  };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, (world) => world.close()) });

const idOf = ({ dataset }: MadeDataset): string => dataset.id;

describe('several datasets', () => {
  test('/v1/datasets lists all datasets', async ({ world: { datasets, server } }) => {
    const list = await (await fetch(`${server.url}/v1/datasets`)).json();
    expect(list).toEqual(
      datasets.map((made) => ({
        dataset: idOf(made),
        keyId: made.key.keyId,
        suite: made.suite.name,
        ...(made.publisher && { publisher: Buffer.from(made.publisher.publicKey).toString('hex') }),
      })),
    );
  });

  test('each dataset has its own head, buckets and key, and the first is also served without its id', async ({
    world: { sodium, datasets, server, urlOf, evaluates },
  }) => {
    const [first, second, keyed] = datasets;
    for (const [url, made] of [
      [server.url, first],
      [urlOf(first), first],
      [urlOf(second), second],
      [urlOf(keyed), keyed],
    ] as const) {
      const { snapshot, statement, layer } = await fetchPublished(url);
      expect([statement.dataset, statement.keyId]).toEqual([idOf(made), made.key.keyId]);
      const { prefixBits } = layer.indexes.password as LayerIndex;
      const bucket = await fetch(`${url}/v1/password/${formatPrefix(0 as BucketId, prefixBits)}?snapshot=${snapshot}`);
      expect([bucket.status, bucket.headers.get('credveil-snapshot')]).toEqual([200, snapshot]);
    }
    expect(await evaluates(server.url, first)).toBe(true);
    expect(await evaluates(urlOf(first), first)).toBe(true);
    expect(await evaluates(urlOf(second), second)).toBe(true);
    expect(await evaluates(urlOf(second), first)).toBe(false);
    const message = encodeLookupRequest({
      bucketId: 0 as BucketId,
      blindedElements: [sodium.blind(Buffer.from('x') as Uint8Array as PrivateInput).blindedElement],
    });
    const refused = await postMessage(`${urlOf(keyed)}/v1/lookup`, message);
    expect(await refused.json()).toMatchObject({ status: 404, code: 'SUITE_MISMATCH' });
  });

  test.for(['/d/0123456789abcdef/v1/head', '/d//v1/head', '/d/%2e%2e%2f/v1/account/0'])(
    '%s is not a dataset of the server',
    async (path, { world: { server } }) => {
      const answer = await fetch(`${server.url}${path}`);
      expect(await answer.json()).toMatchObject({ status: 404, code: 'DATASET_MISSING' });
    },
  );

  test.for(['/healthz', '', '/', '/v1', '/v1/config', '/v2/head'])(
    'a dataset path has no route %s',
    async (path, { world: { datasets, urlOf } }) => {
      const answer = await fetch(`${urlOf(datasets[0])}${path}`);
      expect(await answer.json()).toMatchObject({ status: 404, code: 'ROUTE_MISSING' });
    },
  );

  test('a server starts with all its datasets or not at all', async ({ world: { datasets } }) => {
    const [first, second] = datasets;
    const start = (additional: readonly ServedFolder[]): Promise<CredveilServer> =>
      startServer(first.folder, { port: 0, key: first.key, additional });
    await expect(start([{ folder: second.folder, key: first.key }])).rejects.toMatchObject({ code: 'KEY_MISMATCH' });
    await expect(start([{ folder: first.folder }])).rejects.toMatchObject({ code: 'DATASET_REPEATED' });
    await expect(start([{ folder: '/nonexistent' }])).rejects.toMatchObject({ code: 'DATASET_MISSING' });
  });
});

test('servers share a port if both request it', async ({ world: { datasets } }) => {
  const [, , { folder }] = datasets;
  const first = await startServer(folder, { port: 0, reusePort: true });
  const { port } = first.address;
  try {
    await expect(startServer(folder, { port })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
    const second = await startServer(folder, { port, reusePort: true });
    expect((await fetch(`${second.url}/healthz`)).status).toBe(200);
    await second.close({ deadlineMs: 100 });
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
  } finally {
    await first.close({ deadlineMs: 100 });
  }
});
