// Entries of the state in its SQLite file. Each call runs within a transaction of its caller.

import type Database from 'better-sqlite3';
import type { EntryOptions, StateRoom } from './state.ts';

export interface Entry {
  readonly key: string;
  readonly value: string;
  readonly expires: number;
}

interface ListQuestion {
  readonly room: StateRoom;
  readonly prefix: string;
  readonly max: number;
  readonly after: string;
  readonly now: number;
}

/** What is in force there never leaves for something new. */
const KEPT_ROOMS: ReadonlySet<StateRoom> = new Set(['ban', 'factor', 'hold']);

function prepare(database: Database.Database) {
  const text = (sql: string) => database.prepare(sql);
  const soonest = (where: string) => `DELETE FROM entries WHERE room = @room AND key IN
    (SELECT key FROM entries WHERE room = @room AND ${where} ORDER BY expires LIMIT @max)`;
  return {
    read: text('SELECT key, value, expires FROM entries WHERE room = ? AND key = ? AND expires > ?'),
    take: text('DELETE FROM entries WHERE room = ? AND key = ? RETURNING key, value, expires'),
    has: text('SELECT 1 FROM entries WHERE room = ? AND key = ?'),
    isOwned: text('SELECT 1 FROM entries WHERE room = ? AND key = ? AND owner = ?'),
    upsert: text(
      `INSERT INTO entries (room, key, value, owner, expires) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET value = excluded.value, owner = excluded.owner, expires = excluded.expires`,
    ),
    replace: text('UPDATE entries SET value = ?, expires = ? WHERE room = ? AND key = ? AND expires > ?'),
    remove: text('DELETE FROM entries WHERE room = ? AND key = ?'),
    removeOwned: text('DELETE FROM entries WHERE room = ? AND owner = ?'),
    removeExpired: text(soonest('expires <= @now')),
    removeSoonest: text(soonest('TRUE')),
    removeSoonestOwned: text(soonest('owner = @owner')),
    listOwned: text(
      'SELECT key, value, expires FROM entries WHERE room = ? AND owner = ? AND expires > ? ORDER BY expires DESC LIMIT ?',
    ),
    countOwned: text('SELECT count(*) FROM entries WHERE room = ? AND owner = ?').pluck(),
    list: text(
      `SELECT key, value, expires FROM entries WHERE room = ? AND key >= ? AND key < ? AND key > ? AND expires > ?
       ORDER BY key LIMIT ?`,
    ),
    anyExpired: text('SELECT 1 FROM entries WHERE room = ? AND expires <= ? LIMIT 1'),
    sizes: text('SELECT room, count(*) FROM entries GROUP BY room').raw(),
  };
}

export class Entries {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #sizes: Map<StateRoom, number>;
  readonly #maxEntries: number;

  /** @param maxEntries of each room */
  constructor(database: Database.Database, maxEntries: number) {
    this.#statements = prepare(database);
    this.#sizes = new Map(this.#statements.sizes.all() as [StateRoom, number][]);
    this.#maxEntries = maxEntries;
  }

  /** With entries that have expired, and not left yet. */
  sizeOf(room: StateRoom): number {
    return this.#sizes.get(room) ?? 0;
  }

  read(room: StateRoom, key: string, now: number): Entry | undefined {
    return this.#statements.read.get(room, key, now) as Entry | undefined;
  }

  /** Those whose keys begin so and are greater than `after`, in the order of their keys. */
  list({ room, prefix, max, after, now }: ListQuestion): Entry[] {
    return this.#statements.list.all(room, prefix, `${prefix}\u{10ffff}`, after, now, max) as Entry[];
  }

  /** Whether an entry that never leaves for something new can be added. */
  hasRoom(room: StateRoom, key: string, now: number): boolean {
    if (!KEPT_ROOMS.has(room) || this.sizeOf(room) < this.#maxEntries) return true;
    return (
      this.#statements.has.get(room, key) !== undefined || this.#statements.anyExpired.get(room, now) !== undefined
    );
  }

  write(room: StateRoom, key: string, value: string, options: EntryOptions, now: number): void {
    const { ttlMs, owner, maxOwned = Number.POSITIVE_INFINITY } = options;
    const { has, isOwned, upsert, countOwned, removeSoonestOwned } = this.#statements;
    // One that changes hands counts for its new owner.
    if (owner !== undefined && !isOwned.get(room, key, owner) && (countOwned.get(room, owner) as number) >= maxOwned)
      this.#resize(room, -removeSoonestOwned.run({ room, owner, max: 1 }).changes);
    if (!has.get(room, key)) {
      if (this.sizeOf(room) >= this.#maxEntries) this.#makeRoom(room, now);
      this.#resize(room, 1);
    }
    upsert.run(room, key, value, owner ?? null, now + ttlMs);
  }

  /** @returns false if there is one */
  add(room: StateRoom, key: string, value: string, options: EntryOptions, now: number): boolean {
    if (this.read(room, key, now)) return false;
    this.write(room, key, value, options, now);
    return true;
  }

  /** @returns false if there is none */
  replace(room: StateRoom, key: string, value: string, ttlMs: number, now: number): boolean {
    return this.#statements.replace.run(value, now + ttlMs, room, key, now).changes > 0;
  }

  remove(room: StateRoom, key: string): boolean {
    const { changes } = this.#statements.remove.run(room, key);
    this.#resize(room, -changes);
    return changes > 0;
  }

  take(room: StateRoom, key: string): Entry | undefined {
    const entry = this.#statements.take.get(room, key) as Entry | undefined;
    if (entry) this.#resize(room, -1);
    return entry;
  }

  listOwned(room: StateRoom, owner: string, max: number, now: number): Entry[] {
    return this.#statements.listOwned.all(room, owner, now, max) as Entry[];
  }

  removeOwned(room: StateRoom, owner: string): number {
    const { changes } = this.#statements.removeOwned.run(room, owner);
    this.#resize(room, -changes);
    return changes;
  }

  /** Removes some of those that have expired, of every room. */
  sweep(now: number, max: number): void {
    for (const room of [...this.#sizes.keys()])
      this.#resize(room, -this.#statements.removeExpired.run({ room, now, max }).changes);
  }

  #makeRoom(room: StateRoom, now: number): void {
    const { removeExpired, removeSoonest } = this.#statements;
    const { changes } = removeExpired.run({ room, now, max: 100 });
    this.#resize(
      room,
      -(changes > 0 ? changes : KEPT_ROOMS.has(room) ? 0 : removeSoonest.run({ room, max: 1 }).changes),
    );
  }

  #resize(room: StateRoom, by: number): void {
    this.#sizes.set(room, this.sizeOf(room) + by);
  }
}
