// A server of the suite `oprf` with a list of clients, and a clock that stands at noon.

import fs from 'node:fs';
import { vi } from 'vitest';
import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import { addClient, clientFileFor } from '../../../access/client-file.ts';
import type { Quotas } from '../../../access/quota/policy.ts';
import type { Oprf } from '../../../protocol/oprf.ts';
import type { ServerEvent } from '../../../runtime/events.ts';
import { type CredveilServer, type ServerOptions, startServer } from '../../../server/server.ts';
import { HALF_A_MINUTE_PAST_NOON } from '../clock.ts';
import { type MadeDataset, makeDataset, seededPairs } from '../dataset.ts';

export interface ClientsWorld {
  readonly sodium: Oprf;
  readonly made: MadeDataset;
  /** The list of clients. */
  readonly file: string;
  /** The server that was started last. */
  readonly server: CredveilServer;
  events: ServerEvent[];
  start(options?: ServerOptions): Promise<CredveilServer>;
  /** @returns the key of a new client */
  add(name: string, quotas?: Quotas): string;
  get(path: string, key?: string): Promise<Response>;
  /** Waits until something was said so often. */
  seen(event: ServerEvent['event'], count?: number): Promise<void>;
  /** Before each test: no minute and no day ends in the middle of it. */
  begin(): void;
  /** After each test: no server, no client and no count is left. */
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
