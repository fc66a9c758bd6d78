// The state in SQLite, in the process that starts the workers. Windows are held in memory, and
// written with each change.

import type Database from 'better-sqlite3';
import { nameError, type OnEvent } from '../../runtime/events.ts';
import { Commits } from './commits.ts';
import { Entries, type Entry } from './entries.ts';
import { FilePlaces } from './file-places.ts';
import { SlotWindows } from './slot-windows.ts';
import { explainStateFault, openStateFile } from './sqlite-file.ts';
import { StartMark } from './start-mark.ts';
import {
  type EntryOptions,
  MAX_ROOM_ENTRIES,
  MAX_VALUE_LENGTH,
  type OwnedEntry,
  type SlotAnswer,
  type State,
  type StateRoom,
  type WindowNeed,
} from './state.ts';
import { createStateClock, type StateClock } from './state-clock.ts';
import { moved, RESTORED_HINT, roomFull, tooLong } from './state-faults.ts';
import { Topics } from './topics.ts';
import { WindowRows } from './window-rows.ts';

export interface SqliteStateOptions {
  readonly file: string;
  readonly onEvent: OnEvent;
  readonly busyTimeoutMs?: number;
  /** Default: 1 GiB. */
  readonly maxBytes?: number;
  /** Default: 250,000. */
  readonly maxWindows?: number;
  /** Default: `MAX_ROOM_ENTRIES`. */
  readonly maxRoomEntries?: number;
  readonly clock?: StateClock;
}

const MAX_BYTES = 2 ** 30;
const MAX_WINDOWS = 250_000;
const SWEEP_MS = 5_000;
const MARK_MS = 600_000;
/** Three thousand years. */
const NEVER_MS = 1e14;
/** In one turn, so that no sweep keeps others waiting: of each room, and of windows. */
const SWEPT_ENTRIES = 2_000;
const SWEPT_WINDOWS = 2_000;

/** @throws StateError if the file cannot be used */
export const openSqliteState = (options: SqliteStateOptions): SqliteState => new SqliteState(options);

export class SqliteState implements State {
  readonly #options: SqliteStateOptions;
  readonly #database: Database.Database;
  readonly #commits: Commits;
  readonly #entries: Entries;
  readonly #rows: WindowRows;
  readonly #windows: SlotWindows;
  readonly #sweeping: NodeJS.Timeout;
  readonly #places: FilePlaces;
  readonly #mark: StartMark;
  #markedAt = performance.now();
  readonly topics = new Topics();
  readonly now: StateClock;
  #lastFault = '';
  #isMoved = false;
  #isClosed = false;

  constructor(options: SqliteStateOptions) {
    this.#options = options;
    const { file, busyTimeoutMs, maxBytes = MAX_BYTES, maxWindows = MAX_WINDOWS } = options;
    this.#database = openStateFile(file, { maxBytes, ...(busyTimeoutMs !== undefined && { busyTimeoutMs }) });
    try {
      this.#mark = new StartMark(this.#database, file);
      this.#mark.start();
      this.#entries = new Entries(this.#database, options.maxRoomEntries ?? MAX_ROOM_ENTRIES);
      this.#rows = new WindowRows(this.#database);
      this.now = options.clock ?? createStateClock(this.#rows.lastTime());
      this.#windows = new SlotWindows({ maxWindows, onChange: (key, window) => this.#rows.change(key, window) });
      for (const [key, window] of this.#rows.read(this.now())) this.#windows.restore(key, window);
    } catch (cause) {
      this.#database.close();
      throw explainStateFault(file, cause);
    }
    this.#commits = new Commits(
      this.#database,
      (cause) => explainStateFault(file, cause),
      () => this.#rows.writeTime(this.now()),
    );
    this.#places = new FilePlaces([file, `${file}-wal`]);
    this.#sweeping = setInterval(() => this.sweep(), SWEEP_MS).unref();
    if (this.#mark.isRestored) options.onEvent({ event: 'state-restored', hint: RESTORED_HINT });
  }

  /**
   * When a state of before was put in place of this one: what was used, ended and taken away since
   * then may be there again. Milliseconds since 1970; 0 if it never was.
   */
  get restoredAt(): number {
    return this.#mark.restoredAt;
  }

  async get(room: StateRoom, key: string): Promise<string | undefined> {
    return this.read(room, key)?.value;
  }

  /** @throws StateError */
  read(room: StateRoom, key: string): Entry | undefined {
    return this.#reading(() => this.#entries.read(room, key, this.now()));
  }

  /**
   * Entries whose keys begin so and are greater than `after`, in the order of their keys.
   * @throws StateError
   */
  list(room: StateRoom, prefix: string, max: number, after = ''): Entry[] {
    return this.#reading(() => this.#entries.list({ room, prefix, max, after, now: this.now() }));
  }

  /** With entries that have expired, and not left yet. */
  sizeOf(room: StateRoom): number {
    return this.#entries.sizeOf(room);
  }

  async set(room: StateRoom, key: string, value: string, options: EntryOptions): Promise<void> {
    const now = this.now();
    this.#assertFits(room, key, value, now);
    await this.#write(() => this.#entries.write(room, key, value, options, now), options.isDurable);
  }

  async add(room: StateRoom, key: string, value: string, options: EntryOptions): Promise<boolean> {
    const now = this.now();
    this.#assertFits(room, key, value, now);
    return this.#write(() => this.#entries.add(room, key, value, options, now), options.isDurable);
  }

  async replace(room: StateRoom, key: string, value: string, ttlMs: number): Promise<boolean> {
    if (value.length > MAX_VALUE_LENGTH) throw tooLong();
    return this.#write(() => this.#entries.replace(room, key, value, ttlMs, this.now()));
  }

  /**
   * Entries that never expire, on the disk before this resolves: all of them, or none. One without
   * a value leaves.
   */
  async keep(
    room: StateRoom,
    changes: readonly { readonly key: string; readonly value: string | undefined }[],
  ): Promise<void> {
    const now = this.now();
    for (const { key, value } of changes) if (value !== undefined) this.#assertFits(room, key, value, now);
    await this.#write(() => {
      for (const { key, value } of changes)
        if (value === undefined) this.#entries.remove(room, key);
        else this.#entries.write(room, key, value, { ttlMs: NEVER_MS }, now);
    }, true);
  }

  #assertFits(room: StateRoom, key: string, value: string, now: number): void {
    if (value.length > MAX_VALUE_LENGTH) throw tooLong();
    if (!this.#reading(() => this.#entries.hasRoom(room, key, now))) throw roomFull(room);
  }

  delete(room: StateRoom, key: string): Promise<boolean> {
    return this.#write(() => this.#entries.remove(room, key));
  }

  async takeOnce(room: StateRoom, key: string): Promise<string | undefined> {
    const taken = await this.#write(() => this.#entries.take(room, key));
    return taken && taken.expires > this.now() ? taken.value : undefined;
  }

  async listOwned(room: StateRoom, owner: string, max: number): Promise<readonly OwnedEntry[]> {
    const entries = this.#reading(() => this.#entries.listOwned(room, owner, max, this.now()));
    return entries.map(({ key, value }) => ({ key, value }));
  }

  deleteOwned(room: StateRoom, owner: string): Promise<number> {
    return this.#write(() => this.#entries.removeOwned(room, owner));
  }

  async takeSlots(needs: readonly WindowNeed[]): Promise<SlotAnswer> {
    const now = this.now();
    const full = needs.findIndex((need) => this.#windows.times(need, now).length >= need.allow);
    if (full >= 0) return { taken: false, full };
    await this.changeWindows((windows) => {
      for (const need of needs) windows.add(need, now);
    });
    return { taken: true, at: now };
  }

  async giveBack(keys: readonly string[], at: number): Promise<void> {
    await this.changeWindows((windows) => {
      for (const key of keys) windows.remove(key, at);
    });
  }

  get windows(): Pick<SlotWindows, 'times' | 'keys' | 'size'> {
    return this.#windows;
  }

  /**
   * Changes windows at once, and resolves when that is committed. If it cannot be, an event reports
   * it, and the windows go on in memory.
   */
  async changeWindows(change: (windows: SlotWindows) => void): Promise<void> {
    change(this.#windows);
    const changes = this.#rows.takeChanges();
    if (changes.size > 0)
      await this.#write(() => this.#rows.write(changes)).catch(() => this.#rows.keepChanges(changes));
  }

  /** Resolves once what was written so far is committed, or has failed to be. */
  async settled(): Promise<void> {
    await this.#commits.settled();
  }

  async publish(topic: string, message: string): Promise<void> {
    this.topics.publish(topic, message);
  }

  announce(topic: string, message: string): Promise<void> {
    return this.topics.announce(topic, message);
  }

  subscribe(topic: string, listener: (message: string) => unknown): () => void {
    return this.topics.subscribe(topic, listener);
  }

  /** Whether what is written now would not be there after a restart. */
  get isFailing(): boolean {
    return this.#isMoved || this.#lastFault !== '';
  }

  /** Removes what has expired, and looks whether the file is still there. */
  sweep(): void {
    this.#checkPlace();
    const now = this.now();
    void this.#sweepWindows(now);
    this.#write(() => this.#entries.sweep(now, SWEPT_ENTRIES)).catch(() => undefined);
    if (performance.now() - this.#markedAt < MARK_MS) return;
    this.#markedAt = performance.now();
    this.#mark.move((set) => this.#write(set, true)).catch(() => undefined);
  }

  /** After a flood, hundreds of thousands end at once. */
  async #sweepWindows(now: number): Promise<void> {
    let isMore = false;
    await this.changeWindows((windows) => {
      isMore = windows.sweep(now, SWEPT_WINDOWS);
    });
    if (isMore && !this.#isClosed) setImmediate(() => void this.#sweepWindows(now));
  }

  close(): void {
    clearInterval(this.#sweeping);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#commits.flush();
    this.#mark.end();
    this.#database.close();
  }

  async #write<T>(statements: () => T, isDurable = false): Promise<T> {
    try {
      const result = await this.#commits.write(statements, { isDurable });
      this.#lastFault = '';
      return result;
    } catch (error) {
      this.#report(error);
      throw error;
    }
  }

  #reading<T>(statement: () => T): T {
    try {
      return statement();
    } catch (cause) {
      const error = explainStateFault(this.#options.file, cause);
      this.#report(error);
      throw error;
    }
  }

  /** Everything goes on: what is in force stays so as long as this process lives. */
  #checkPlace(): void {
    const wasMoved = this.#isMoved;
    this.#isMoved = !this.#places.areKept();
    if (this.#isMoved && !wasMoved)
      this.#options.onEvent({ event: 'state-failed', ...nameError(moved(this.#options.file)) });
  }

  /** Once for each code in a row. */
  #report(error: unknown): void {
    const named = nameError(error);
    if (named.code !== this.#lastFault) this.#options.onEvent({ event: 'state-failed', ...named });
    this.#lastFault = named.code;
  }
}
