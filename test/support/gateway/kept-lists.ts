// Lists kept in a folder of their own, with the events of their keeper.

import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { type Address, parseAddress } from '../../../gateway/addresses/address.ts';
import type { List } from '../../../gateway/lists/list.ts';
import type { ListChange } from '../../../gateway/lists/list-replica.ts';
import type { ListConfig, ListsConfig } from '../../../gateway/lists/list-schema.ts';
import { createLists, type Lists } from '../../../gateway/lists/lists.ts';
import type { ServerEvent } from '../../../runtime/events.ts';

export const HOUR = 3_600_000;
/** An event of that name, and code. */
export const named = (event: string, code?: string) => expect.objectContaining({ event, ...(code && { code }) });

export const newFolder = (): string => fs.mkdtempSync(path.join(os.tmpdir(), 'lists-'));

export interface Kept {
  readonly lists: Lists;
  readonly folder: string;
  readonly events: ServerEvent[];
  readonly changes: ListChange[];
}

/** Started, and closed when the test ends. Durations need not keep the bounds of the schema. */
export async function keep(
  config: { readonly [name: string]: Partial<ListConfig> },
  folder = newFolder(),
): Promise<Kept> {
  const events: ServerEvent[] = [];
  const changes: ListChange[] = [];
  const lists = createLists(asConfig(config), {
    directory: folder,
    onEvent: (event) => events.push(event),
    onChange: (change) => changes.push(change),
  });
  onTestFinished(() => lists.close());
  await lists.start();
  return { lists, folder, events, changes };
}

export const asConfig = (config: { readonly [name: string]: Partial<ListConfig> }): ListsConfig =>
  Object.fromEntries(Object.entries(config).map(([name, list]) => [name, { kind: 'ip', ...list }]));

export const addressOf = (text: string): Address => {
  const address = parseAddress(text);
  if (!address) throw new Error(`${text} is no address`);
  return address;
};

/** Whether a list has an address, or a text. */
export function has(list: List | undefined, value: string): boolean | undefined {
  if (!list) throw new Error('there is no such list');
  return list.kind === 'ip' ? list.has(addressOf(value)) : list.has(value);
}

/** A file of a list that is replaced as a whole, and each time is another file. */
export function createListFile(content: string): { readonly file: string; replace(content: string): void } {
  const file = path.join(newFolder(), 'list');
  const replace = (text: string): void => {
    fs.writeFileSync(`${file}.new`, text);
    fs.renameSync(`${file}.new`, file);
  };
  replace(content);
  return { file, replace };
}

/** A server whose answer the test replaces. */
export async function serveList(content: string) {
  const server = { url: '', content, status: 200, requests: 0, etag: '"1"' };
  const listener = http.createServer(({ headers }, response) => {
    server.requests++;
    const isKnown = server.etag !== '' && headers['if-none-match'] === server.etag;
    response.writeHead(isKnown ? 304 : server.status, server.etag === '' ? {} : { etag: server.etag });
    response.end(isKnown ? '' : server.content);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => {
    listener.closeAllConnections();
    listener.close();
  });
  server.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
  return server;
}
