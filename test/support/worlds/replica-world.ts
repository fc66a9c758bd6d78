// The world of tests of replicas: a dataset, its server with a client that may hold one, a front
// that records requests and spoils answers, and checkers on folders of their own.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { addClient, clientFileFor } from '../../../access/client-file.ts';
import { createLeakChecker, type LeakChecker, type LeakCheckerOptions } from '../../../client-sdk/index.ts';
import { createReplica, type Replica, type ReplicaOptions } from '../../../client-sdk/replica/replica.ts';
import { createSodiumOprf } from '../../../client-sdk/sodium.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { type MadeDataset, type MakeDatasetOptions, makeDataset } from '../dataset.ts';
import { type Answer, startFront } from '../http-front.ts';
import { pinOf } from '../pins.ts';
import { TIMEOUT_MS } from './client-world.ts';

export interface ReplicaWorld {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  /** Of the front. */
  readonly url: string;
  /** Method and path of each request since `forget`. */
  readonly requests: readonly string[];
  /** Of the requests that had one. */
  readonly bodies: readonly Buffer[];
  forget(): void;
  /** From now on, changes answers; without a function they are passed on as they are. */
  spoil(alter?: (answer: Answer, target: string) => void | Promise<void>): void;
  /** The key of the client. */
  readonly clientKey: string;
  /** A new folder, which does not exist yet. */
  folder(): string;
  /** A checker without a bucket cache, on a replica that is pulled by hand. */
  open(cache: string, more?: Partial<LeakCheckerOptions>, replica?: Partial<ReplicaOptions>): OpenReplica;
  /** Publishes one more source, maybe as a layer, and waits until it is served. */
  publish(source: string, passwords: readonly string[], delta?: boolean): Promise<string>;
  close(): Promise<void>;
}

export interface OpenReplica {
  readonly leaks: LeakChecker;
  readonly replica: Replica;
}

export async function createReplicaWorld(options: MakeDatasetOptions): Promise<ReplicaWorld> {
  const isOprf = options.suite === 'oprf';
  const sodium = isOprf ? await createSodiumOprf() : undefined;
  const made = await makeDataset({ ...options, ...(sodium && { oprf: sodium }) });
  const clientKey = addClient(clientFileFor(made.folder), 'copy', {}, { replica: true }).keyText as string;
  const server = await startServer(made.folder, { port: 0, pollIntervalMs: 5, ...(isOprf && { key: made.key }) });
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-replica-'));
  const requests: string[] = [];
  const bodies: Buffer[] = [];
  const opened: Replica[] = [];
  let alter: Parameters<ReplicaWorld['spoil']>[0];
  let folders = 0;
  const front = await startFront(async (request, response) => {
    const { method = 'GET', url = '', headers } = request;
    requests.push(`${method} ${url}`);
    const { authorization = '', range, 'content-type': type } = headers;
    const sent = { authorization, ...(range && { range }), ...(type && { 'content-type': type }) };
    const body = method === 'POST' ? Buffer.concat(await request.toArray()) : undefined;
    if (body) bodies.push(body);
    const answered = await fetch(server.url + url, { method, headers: sent, ...(body && { body }) });
    const { connection: _, 'keep-alive': __, ...rest } = Object.fromEntries(answered.headers);
    delete rest['transfer-encoding'];
    delete rest['content-length'];
    const answer = { status: answered.status, headers: rest, body: Buffer.from(await answered.arrayBuffer()) };
    await alter?.(answer, url);
    response.writeHead(answer.status, { ...answer.headers, 'content-length': answer.body.length }).end(answer.body);
  });
  return {
    made,
    server,
    url: front.url,
    requests,
    bodies,
    clientKey,
    forget: () => {
      requests.splice(0);
      bodies.splice(0);
    },
    spoil: (next) => {
      alter = next;
    },
    folder: () => path.join(home, `cache-${++folders}`),
    open(cache, more = {}, { refreshMs = 0, ...ofReplica } = {}) {
      const replica = createReplica({ cache, refreshMs, ...ofReplica });
      opened.push(replica);
      const shared = { url: front.url, clientKey, timeoutMs: TIMEOUT_MS, bucketCacheBytes: 0, replica };
      const engine = sodium ? { engine: sodium } : {};
      const leaks = createLeakChecker({ ...shared, ...engine, ...pinOf(made), ...more } as LeakCheckerOptions);
      return { leaks, replica };
    },
    async publish(source, passwords, delta = false) {
      made.addSource(source, { passwords });
      const { snapshot } = await made.publish({ delta });
      while ((await (await fetch(`${server.url}/readyz`)).json()).snapshot !== snapshot);
      return snapshot;
    },
    async close() {
      for (const replica of opened) replica.close();
      await front.close();
      await server.close({ deadlineMs: 100 });
      made.dispose();
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}
