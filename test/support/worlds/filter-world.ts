// The world of filter tests: a dataset, its server, fronts that forward conditions and ranges, and
// checkers.

import fs from 'node:fs';
import {
  createLeakChecker,
  type HmacOptions,
  type LeakChecker,
  type PasswordFilterOptions,
} from '../../../client-sdk/index.ts';
import { type CredveilServer, startServer } from '../../../server/server.ts';
import { filterPath } from '../../../store/snapshot/layout/snapshot-files.ts';
import { type MadeDataset, makeDataset, seededPasswords } from '../dataset.ts';
import { createFronts, type Fronts } from '../fronts.ts';
import { type Answer, forward, type Handle, type HttpFront } from '../http-front.ts';
import { keyPinOf } from '../pins.ts';
import { TIMEOUT_MS } from './client-world.ts';

export const PASSWORDS = seededPasswords(400);
export const ABSENT = seededPasswords(50, 3);
export const LEAKED = { username: 'ada@example.test', password: 'Correct Horse 7' };
export const FILTER = '/v1/filter/password';
export const isFilter = (url = ''): boolean => url.startsWith(`${FILTER}?snapshot=`);

export interface FilterWorld extends Fronts {
  readonly made: MadeDataset;
  readonly server: CredveilServer;
  /** Like `forward`, with the request's conditions and ranges. */
  forward(request: Parameters<Handle>[0]): Promise<Answer>;
  checker(url: string, filter?: boolean | PasswordFilterOptions, more?: Partial<HmacOptions>): LeakChecker;
  /** The filter file of a snapshot, by default the first. */
  file(name?: string): string;
  /** Adds a password, and waits until the server serves it. @returns the new snapshot's id */
  publish(password: string): Promise<string>;
  close(): Promise<void>;
}

export async function createFilterWorld(): Promise<FilterWorld> {
  const made = await makeDataset({ pairs: [{ ...LEAKED, times: 5 }], passwords: PASSWORDS });
  const server = await startServer(made.folder, { port: 0, pollIntervalMs: 5 });
  const forwardWhole = async (request: Parameters<Handle>[0]): Promise<Answer> => {
    const { headers } = request;
    const sent = ['if-none-match', 'range', 'if-range'].flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    });
    if (sent.length === 0) return forward(server.url, request);
    const response = await fetch(server.url + request.url, { headers: Object.fromEntries(sent) });
    const answered = Object.fromEntries(response.headers);
    for (const hop of ['connection', 'keep-alive', 'content-length', 'transfer-encoding']) delete answered[hop];
    return { status: response.status, headers: answered, body: Buffer.from(await response.arrayBuffer()) };
  };
  const served = async (): Promise<string> =>
    ((await (await fetch(`${server.url}/readyz`)).json()) as { snapshot: string }).snapshot;
  const fronts = createFronts(forwardWhole);
  return {
    made,
    server,
    ...fronts,
    forward: forwardWhole,
    checker: (url, filter = true, more = {}) =>
      createLeakChecker({ url, ...keyPinOf(made), timeoutMs: TIMEOUT_MS, passwordFilter: filter, ...more }),
    file: (name = '000001') => filterPath(made.dataset, name),
    publish: async (password) => {
      made.addSource(`with-${fs.readdirSync(`${made.folder}/runs`).length}`, { passwords: [password] });
      const { snapshot } = await made.publish();
      while ((await served()) !== snapshot) await new Promise((resolve) => setTimeout(resolve, 5));
      return snapshot;
    },
    close: async () => {
      await fronts.closeFronts();
      await server.close({ deadlineMs: 100 });
      made.dispose();
    },
  };
}

/** The requested paths without queries, cut before prefixes and ids. */
export const asked = ({ requests }: HttpFront): string[] =>
  requests.map(
    (request) =>
      request
        .split(' ')[1]
        ?.replace(/\?.*/, '')
        .replace(/^(\/v1\/(?:account|password|statement)\/).*/, '$1') ?? '',
  );
