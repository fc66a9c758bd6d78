// A server of the suite `oprf` with a client file, and a clock fixed at noon.

import fs from 'node:fs';
import { test as base, vi } from 'vitest';
import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import { addClient, clientFileFor } from '../../../access/client-file.ts';
import type { Quotas } from '../../../access/quota/policy.ts';
import type { Oprf } from '../../../protocol/oprf.ts';
import type { ServerEvent } from '../../../runtime/events.ts';
import { type CredveilServer, type ServerOptions, startServer } from '../../../server/server.ts';
import { HALF_A_MINUTE_PAST_NOON } from '../clock.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../dataset.ts';
import { perFile } from '../per-file.ts';

export interface ClientsWorld {
  readonly sodium: Oprf;
  readonly made: MadeDataset;
  /** The client file. */
  readonly file: string;
  /** The most recently started server. */
  readonly server: CredveilServer;
  events: ServerEvent[];
  start(options?: ServerOptions): Promise<CredveilServer>;
  /** @returns the key of a new client */
  add(name: string, quotas?: Quotas): string;
  get(path: string, key?: string): Promise<Response>;
  /** Waits for `count` events of a name. */
  seen(event: ServerEvent['event'], count?: number): Promise<void>;
  /** Call before each test: fixes the clock, so that no minute or day ends during the test. */
  begin(): void;
  /** Call after each test: removes the server, the clients and their counts. */
  end(): Promise<void>;
  dispose(): void;
}

export const bearer = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });

export async function createClientsWorld(): Promise<ClientsWorld> {
  const sodium = await createSodiumOprf();
  const made = await makeDataset({ suite: 'oprf', oprf: sodium, pairs: seededPairs(100), bucketFloor: 16 });
  const file = clientFileFor(made.folder);
  let server: CredveilServer | undefined;
  const world: ClientsWorld = {
    sodium,
    made,
    file,
    events: [],
    get server() {
      if (!server) throw new Error('no server was started');
      return server;
    },
    async start(options = {}) {
      const onEvent = (event: ServerEvent): unknown => world.events.push(event);
      server = await startServer(made.folder, { port: 0, pollIntervalMs: 10, key: made.key, onEvent, ...options });
      return server;
    },
    add: (name, quotas = {}) => addClient(file, name, quotas).keyText as string,
    get: (path, key) => fetch(world.server.url + path, key === undefined ? {} : { headers: bearer(key) }),
    async seen(name, count = 1) {
      while (world.events.filter(({ event }) => event === name).length < count)
        await new Promise((resolve) => setTimeout(resolve, 5));
    },
    begin() {
      vi.useFakeTimers({ toFake: ['Date'], now: HALF_A_MINUTE_PAST_NOON });
      world.events = [];
    },
    async end() {
      vi.useRealTimers();
      await server?.close({ deadlineMs: 100 });
      server = undefined;
      for (const left of [file, `${made.folder}.quota.sqlite`]) fs.rmSync(left, { force: true });
    },
    dispose: () => made.dispose(),
  };
  return world;
}

interface Fixtures {
  readonly fileWorld: ClientsWorld;
  /** The file's world, with a fixed clock and without the servers and clients of other tests. */
  readonly world: ClientsWorld;
}

export const test = base.extend<Fixtures>({
  fileWorld: perFile(createClientsWorld, (world) => world.dispose()),
  world: async ({ fileWorld }, use) => {
    fileWorld.begin();
    await use(fileWorld);
    await fileWorld.end();
  },
});
