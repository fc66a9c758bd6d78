// The world of the tests of the API's documentation: a server with every index, one for listed
// clients only, and a valid body for each route.

import { test as base } from 'vitest';
import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import { addClient, clientFileFor } from '../../../access/client-file.ts';
import type { BucketId } from '../../../protocol/brands.ts';
import { encodeElementsRequest, encodeLookupRequest } from '../../../protocol/oprf-messages.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { openDataset } from '../../../store/dataset.ts';
import { makeDataset, seededPairs, seededPasswords } from '../dataset.ts';
import { perFile } from '../per-file.ts';
import { blindedElements, CONTENT_TYPE } from '../post-message.ts';
import { makeRangeDataset } from '../range-dataset.ts';
import { examplePath } from '../signed/example-path.ts';

export interface Asked {
  readonly path: string;
  readonly method: string;
  readonly headers?: { readonly [name: string]: string };
  readonly body?: Uint8Array;
  readonly from?: CredveilServer;
}

export interface DocumentedWorld {
  /** Listed clients only. */
  readonly guarded: CredveilServer;
  readonly server: CredveilServer;
  /** The key of a client with two requests per day. */
  readonly key: string;
  /** A valid body for each POST route. */
  readonly bodies: { readonly [path: string]: Uint8Array };
  ask(asked: Asked): Promise<Response>;
  /** The path prefix of the dataset that has the index of a path. */
  below(path: string): string;
  close(): Promise<void>;
}

async function openWorld(): Promise<DocumentedWorld> {
  const sodium = await createSodiumOprf();
  const content = { pairs: seededPairs(50), passwords: seededPasswords(50), bucketFloor: 16 };
  const made = await makeDataset({ suite: 'oprf', oprf: sodium, ...content });
  const server = await startServer(made.folder, { port: 0, key: made.key });
  const clientsFile = `${clientFileFor(made.folder)}.listed`;
  const key = addClient(clientsFile, 'a', { 'requests-per-day': 2 }).keyText as string;
  const guarded = await startServer(made.folder, { port: 0, key: made.key, clientsFile });
  /** One whose client may hold a replica. */
  const copyFile = `${clientFileFor(made.folder)}.copies`;
  const copyKey = addClient(copyFile, 'a', {}, { replica: true }).keyText as string;
  const quotaFile = `${copyFile}.quota`;
  const copied = await startServer(made.folder, { port: 0, key: made.key, clientsFile: copyFile, quotaFile });
  /** A dataset with range indexes. */
  const ranges = await makeRangeDataset({ passwords: seededPasswords(20) });
  const rangeServer = await startServer(ranges.folder, { port: 0 });
  const elements = blindedElements(sodium, 2);
  const serverOf = (path: string): CredveilServer => {
    const route = path.replace(/^\/d\/\w+/, '');
    if (isRange(route)) return rangeServer;
    return route.startsWith('/v1/replica/') ? copied : server;
  };
  return {
    server,
    guarded,
    key,
    bodies: {
      '/v1/lookup': encodeLookupRequest({ bucketId: 0 as BucketId, blindedElements: elements }),
      '/v1/evaluate': encodeElementsRequest(elements),
      '/v1/prove': encodeElementsRequest(elements),
    },
    ask({ path, method, headers = {}, body, from = serverOf(path) }) {
      const known = from === copied ? { authorization: `Bearer ${copyKey}` } : {};
      const type = body && !('content-type' in headers) ? { 'content-type': CONTENT_TYPE } : {};
      const sent = body ? { body: new Uint8Array(body) } : {};
      // The rest of the route's parameters: an example replaces the prefix alone.
      return fetch(from.url + examplePath(path, made.folder), {
        method: method.toUpperCase(),
        headers: { ...type, ...known, ...headers },
        ...sent,
      });
    },
    below: (path) => `/d/${openDataset((isRange(path) ? ranges : made).folder).id}`,
    async close() {
      for (const started of [server, guarded, copied, rangeServer]) await started.close({ deadlineMs: 100 });
      ranges.dispose();
      made.dispose();
    },
  };
}

export const test = base.extend<{ readonly world: DocumentedWorld }>({
  world: perFile(openWorld, (world) => world.close()),
});

export const isRange = (path: string): boolean => path.startsWith('/range/');
