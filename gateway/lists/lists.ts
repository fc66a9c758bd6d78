// The lists of a gateway, in the process that keeps them: it reads their sources and tells the
// other processes what changes. Those look up in a ListReplica of their own.

import { CredveilError } from '../../protocol/errors.ts';
import type { OnEvent } from '../../runtime/events.ts';
import { type Address, parseAddress } from '../addresses/address.ts';
import { ListCopies } from './copies/list-copies.ts';
import type { List } from './list.ts';
import { ListKeeper } from './list-keeper.ts';
import { configuredName } from './list-names.ts';
import { type ListChange, ListReplica, type ReplicatedList } from './list-replica.ts';
import type { ListsConfig } from './list-schema.ts';
import { ObservedLog, observedFile, readObserved } from './observed/observed-log.ts';

export interface ListsOptions {
  /** For copies and observations; created for this user alone. One gateway uses it. */
  readonly directory: string;
  readonly onEvent: OnEvent;
  /** For the other processes. */
  readonly onChange?: (change: ListChange) => void;
}

/** What is known of a list besides its entries. */
export interface ListStats {
  readonly name: string;
  /** Of the configuration and, after merging, of its source. */
  readonly entries: number;
  readonly observed: number;
  /** Since its source confirmed it; undefined without a source, or before it was read. */
  readonly ageMs: number | undefined;
  /** False if rules count the list as unknown. */
  readonly isKnown: boolean;
  /** Entries of its source that are private, reserved or too large. */
  readonly leftOut: number;
  /** The code of the last attempt to read the source, if it failed. */
  readonly lastError: string | undefined;
  /** A guard keeps back what the source delivers. */
  readonly isRefused: boolean;
}

export interface Lists {
  /** @param name as in a rule, without `$` @returns undefined if no list has it */
  lookup(name: string): List | undefined;
  /** Puts an address into a list, in all processes. @param ttlMs default: of the list */
  observe(name: string, address: Address, ttlMs?: number): void;
  /** Takes an observation of another process, and tells all others. */
  take(change: ListChange): void;
  /**
   * Reads what is on disk, then sources that were never read, or too long ago. Resolves when these
   * were tried once, at the latest after ten seconds.
   * @throws CredveilError `LISTS_FOLDER_UNUSABLE`
   */
  start(): Promise<void>;
  /**
   * Reads the source of a list now.
   * @returns whether that is over, or goes on after ten seconds; undefined without a source
   */
  refresh(name: string): Promise<'over' | 'going on' | undefined>;
  /** Puts a list in force that a guard refused. @returns false if there is none */
  accept(name: string): Promise<boolean>;
  stats(): readonly ListStats[];
  /** Repeats to the other processes what is in use; also done every minute. */
  announce(): void;
  /** Stops reading. Look-ups go on. */
  close(): Promise<void>;
}

/** The lists cannot be kept. */
class ListsError extends CredveilError<'LISTS_FOLDER_UNUSABLE'> {
  override name = 'ListsError';
}

const MAX_WAIT_MS = 10_000;
/** How long a process that missed a change, as one does while it starts, goes without it. */
const ANNOUNCE_MS = 60_000;

export function createLists(config: ListsConfig, options: ListsOptions): Lists {
  return new KeptLists(config, options);
}

/** @returns false if it takes longer than sources may keep somebody waiting */
async function isOverSoon(task: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), MAX_WAIT_MS);
  });
  return Promise.race([task.then(() => true), late]).finally(() => clearTimeout(timer));
}

class KeptLists implements Lists {
  readonly #options: ListsOptions;
  readonly #copies: ListCopies;
  readonly #replica: ListReplica;
  readonly #keepers = new Map<string, ListKeeper>();
  readonly #logs = new Map<string, ObservedLog>();
  readonly #config: ListsConfig;
  /** Lists whose events of that kind were reported: each comes once. */
  readonly #full = new Set<string>();
  readonly #unkept = new Set<string>();
  #announcing: NodeJS.Timeout | undefined;

  constructor(config: ListsConfig, options: ListsOptions) {
    this.#config = config;
    this.#options = options;
    this.#copies = new ListCopies(options.directory);
    this.#replica = new ListReplica(config, options.directory);
    for (const [name, list] of this.#replica.lists) this.#addKeeper(name, list);
  }

  lookup(name: string): List | undefined {
    return this.#replica.lookup(name);
  }

  observe(name: string, address: Address, ttlMs?: number): void {
    const change = this.#replica.observe(name, address, ttlMs);
    if (change) this.#keep(change);
  }

  take(change: ListChange): void {
    if (change.change !== 'observed') return;
    void this.#replica.apply(change);
    this.#keep(change);
  }

  async start(): Promise<void> {
    const isKept = [...this.#replica.lists.values()].some(({ source, observed }) => source ?? observed);
    if (!isKept) return;
    await this.#copies.prepare().catch((cause: unknown) => {
      throw new ListsError(
        'LISTS_FOLDER_UNUSABLE',
        `the folder of lists ${this.#options.directory} cannot be created`,
        'Let the user of the gateway create it, or set stateDirectory to another folder.',
        { cause },
      );
    });
    for (const [name, { observed }] of this.#replica.lists) if (observed) await this.#openLog(name);
    const started = [...this.#keepers].map(async ([name, keeper]) => {
      const copy = await this.#replica.loadCopy(name);
      if (copy === 'damaged') this.#reportDamaged(name);
      await keeper.start(copy === 'damaged' ? undefined : copy);
    });
    await isOverSoon(Promise.all(started));
    this.#announcing = setInterval(() => this.announce(), ANNOUNCE_MS).unref();
  }

  announce(): void {
    for (const keeper of this.#keepers.values()) keeper.announce();
  }

  async refresh(name: string): Promise<'over' | 'going on' | undefined> {
    const keeper = this.#keepers.get(configuredName(name));
    return keeper && ((await isOverSoon(keeper.refresh())) ? 'over' : 'going on');
  }

  async accept(name: string): Promise<boolean> {
    return (await this.#keepers.get(configuredName(name))?.accept()) ?? false;
  }

  stats(): readonly ListStats[] {
    return [...this.#replica.lists].map(([name, { view, observed, items }]) => {
      const keeper = this.#keepers.get(name);
      return {
        name,
        entries: items + (keeper?.entries ?? 0),
        observed: observed?.size ?? 0,
        leftOut: keeper?.leftOut ?? 0,
        ageMs: view.ageMs,
        isKnown: view.isKnown,
        lastError: keeper?.lastError,
        isRefused: keeper?.isRefused ?? false,
      };
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#announcing);
    await Promise.all([...this.#keepers.values()].map((keeper) => keeper.close()));
    await Promise.all([...this.#logs.values()].map((log) => log.flush()));
  }

  #addKeeper(name: string, { view, source }: ReplicatedList): void {
    if (!source) return;
    const { onEvent } = this.#options;
    const tell = (change: ListChange): void => this.#options.onChange?.(change);
    const keeper = new ListKeeper({
      name,
      configured: source,
      copies: this.#copies,
      onEvent,
      onCopy: async () => {
        await this.#replica.loadCopy(name);
        tell({ list: name, change: 'copy' });
      },
      onConfirmed: (atMs, content) => {
        view.confirm(atMs);
        tell({ list: name, change: 'confirmed', atMs, content });
      },
      isKnown: () => view.isKnown,
    });
    this.#keepers.set(name, keeper);
  }

  async #openLog(name: string): Promise<void> {
    const observed = this.#replica.lists.get(name)?.observed;
    const maxEntries = this.#config[name]?.observed?.maxEntries;
    if (!observed || maxEntries === undefined) return;
    const file = observedFile(this.#options.directory, name);
    const log = new ObservedLog(file, observed, () => this.#reportUnkept(name));
    this.#logs.set(name, log);
    try {
      await log.open(await readObserved(file, observed, maxEntries));
    } catch {
      this.#reportUnkept(name);
    }
  }

  /** Writes an observation down, and tells the other processes. */
  #keep(change: ListChange): void {
    if (change.change !== 'observed') return;
    const address = parseAddress(change.address);
    if (address) this.#logs.get(change.list)?.append(address, change.untilMs);
    this.#options.onChange?.(change);
    this.#reportFull(change.list);
  }

  #reportFull(list: string): void {
    const size = this.#replica.lists.get(list)?.observed?.size ?? 0;
    if (size < (this.#config[list]?.observed?.maxEntries ?? Number.POSITIVE_INFINITY) || this.#full.has(list)) return;
    this.#full.add(list);
    const hint = 'Raise maxEntries of observed, or lower its ttl. The oldest addresses leave for new ones.';
    this.#options.onEvent({ event: 'list-full', list, hint });
  }

  #reportDamaged(list: string): void {
    this.#options.onEvent({
      event: 'list-failed',
      list,
      code: 'COPY_DAMAGED',
      message: 'the copy on disk is damaged, or of another version',
      hint: 'Nothing is to be done if the source can be read: a new copy replaces it.',
    });
  }

  #reportUnkept(list: string): void {
    if (this.#unkept.has(list)) return;
    this.#unkept.add(list);
    this.#options.onEvent({
      event: 'list-failed',
      list,
      code: 'OBSERVED_NOT_KEPT',
      message: 'the file of observed addresses cannot be read or written',
      hint: "See that the gateway's folder is writable and its disk has room. Until then a restart forgets them.",
    });
  }
}
