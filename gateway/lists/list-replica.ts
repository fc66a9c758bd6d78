// The lists of one process: copies from the gateway's folder, items of the configuration, observed
// addresses. The process that keeps the lists tells the others what changes.

import { type Address, formatAddress, parseAddress } from '../addresses/address.ts';
import { ListCopies, type ListCopy } from './copies/list-copies.ts';
import { normalSerial } from './formats/serial.ts';
import type { List } from './list.ts';
import { parseItem } from './list-item.ts';
import { configuredName } from './list-names.ts';
import type { ListConfig, ListsConfig } from './list-schema.ts';
import { type ConfiguredSource, sourceOf } from './list-source.ts';
import { AddressView, replaceCopy, TextView } from './list-view.ts';
import { ObservedAddresses, subscriberOf } from './observed/observed-addresses.ts';
import { observedFile, readObserved } from './observed/observed-log.ts';
import { AddressTable } from './table/address-table.ts';
import { RangeBuilder } from './table/range-builder.ts';

/** From the process that keeps the lists to the others, as a message between processes. */
export type ListChange =
  /** There is a new copy in the folder. */
  | { readonly list: string; readonly change: 'copy' }
  /** The source still has the content of this digest; repeated for processes that missed a copy. */
  | { readonly list: string; readonly change: 'confirmed'; readonly atMs: number; readonly content: string }
  | { readonly list: string; readonly change: 'observed'; readonly address: string; readonly untilMs: number };

export interface ReplicatedList {
  readonly view: AddressView | TextView;
  readonly source: ConfiguredSource | undefined;
  readonly observed: ObservedAddresses | undefined;
  /** Entries in the configuration. */
  readonly items: number;
}

export class ListReplica {
  readonly #folder: string;
  readonly #copies: ListCopies;
  readonly #config: ListsConfig;
  readonly #lists: ReadonlyMap<string, ReplicatedList>;
  /** Of the copies in use: the digests of what their sources delivered. */
  readonly #contents = new Map<string, string>();

  constructor(config: ListsConfig, folder: string) {
    this.#folder = folder;
    this.#copies = new ListCopies(folder);
    this.#config = config;
    this.#lists = new Map(Object.entries(config).map(([name, list]) => [name, createList(list)]));
  }

  /** @param name as in a rule, without `$` @returns undefined if no list has it */
  lookup(name: string): List | undefined {
    return this.#lists.get(configuredName(name))?.view;
  }

  /** By name in the configuration. */
  get lists(): ReadonlyMap<string, ReplicatedList> {
    return this.#lists;
  }

  /** Reads what the folder has. What cannot be read stays unknown, or is without observations. */
  async load(): Promise<void> {
    for (const [name, { observed }] of this.#lists) {
      await this.loadCopy(name);
      const maxEntries = this.#config[name]?.observed?.maxEntries;
      if (observed && maxEntries !== undefined)
        await readObserved(observedFile(this.#folder, name), observed, maxEntries).catch(() => undefined);
    }
  }

  async loadCopy(name: string): Promise<ListCopy | 'damaged' | undefined> {
    const list = this.#lists.get(name);
    if (!list?.source) return undefined;
    const copy = await this.#copies.read(name, list.source.origin);
    if (copy === undefined || copy === 'damaged') return copy;
    if (!replaceCopy(list.view, copy.columns, copy.confirmedAtMs)) return 'damaged';
    this.#contents.set(name, copy.header.content);
    return copy;
  }

  async apply(change: ListChange): Promise<void> {
    const list = this.#lists.get(change.list);
    const isOther = change.change === 'confirmed' && change.content !== this.#contents.get(change.list);
    if (change.change === 'copy' || isOther) await this.loadCopy(change.list);
    else if (change.change === 'confirmed') list?.view.confirm(change.atMs);
    else {
      const address = parseAddress(change.address);
      if (address) list?.observed?.add(address, change.untilMs);
    }
  }

  /**
   * Puts an address into a list at once.
   * @param name as in a rule, without `$`
   * @param ttlMs default: of the list
   * @returns the change for the other processes; undefined if there is none, since the list takes
   * no observations, or has the address for almost as long
   */
  observe(name: string, address: Address, ttlMs?: number): ListChange | undefined {
    const list = configuredName(name);
    const observed = this.#lists.get(list)?.observed;
    const stays = ttlMs ?? this.#config[list]?.observed?.ttl;
    if (!observed || stays === undefined) return undefined;
    const now = Date.now();
    if (observed.untilOf(address) - now > RENEWED_SHARE * stays) return undefined;
    const untilMs = now + stays;
    observed.add(address, untilMs);
    return { list, change: 'observed', address: formatAddress(subscriberOf(address)), untilMs };
  }
}

/** A client that comes all day is written once in a while, not with each request. */
const RENEWED_SHARE = 0.9;

function createList(config: ListConfig): ReplicatedList {
  const source = sourceOf(config);
  const maxAgeMs = source?.maxAgeMs ?? Number.POSITIVE_INFINITY;
  const observed = config.observed && new ObservedAddresses(config.observed.maxEntries);
  const view =
    config.kind !== 'ip'
      ? new TextView(
          [new Set(config.items?.map(config.kind === 'string' ? bytesOf : normalSerial))],
          source !== undefined,
          maxAgeMs,
        )
      : new AddressView([itemTable(config.items), ...(observed ? [observed] : [])], source !== undefined, maxAgeMs);
  return { view, source, observed, items: config.items?.length ?? 0 };
}

/** One character for each byte. */
const bytesOf = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

function itemTable(items: readonly string[] = []): AddressTable {
  const ranges = new RangeBuilder();
  for (const range of items.map(parseItem)) if (range) ranges.add(range);
  return new AddressTable(ranges.build());
}
