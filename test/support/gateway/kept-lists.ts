// Lists kept in a folder of their own, with the events of their keeper.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type Address, parseAddress } from '../../../gateway/addresses/address.ts';
import type { List } from '../../../gateway/lists/list.ts';
import type { ListChange } from '../../../gateway/lists/list-replica.ts';
import type { ListConfig, ListsConfig } from '../../../gateway/lists/list-schema.ts';
import { createLists, type Lists } from '../../../gateway/lists/lists.ts';
import type { ServerEvent } from '../../../runtime/events.ts';

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
