// Windows in the file of the state: what has changed in memory is written with the next commit, and
// again with a later one if that fails.

import type Database from 'better-sqlite3';
import type { Window } from './slot-windows.ts';

interface Row {
  readonly key: string;
  readonly times: Buffer;
  readonly ends: number;
}

/** Undefined for a window that has gone. */
export type WindowChanges = ReadonlyMap<string, Window | undefined>;

const TIME_BYTES = 8;
/** Of a file that cannot be written: then what it has stays until it ends. */
const MAX_CHANGES = 500_000;

export class WindowRows {
  readonly #database: Database.Database;
  readonly #upsert: Database.Statement;
  readonly #remove: Database.Statement;
  readonly #setClock: Database.Statement;
  #changed = new Map<string, Window | undefined>();

  constructor(database: Database.Database) {
    this.#database = database;
    this.#upsert = database.prepare(
      `INSERT INTO windows (key, times, ends) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET times = excluded.times, ends = excluded.ends`,
    );
    this.#remove = database.prepare('DELETE FROM windows WHERE key = ?');
    this.#setClock = database.prepare('UPDATE clock SET now = ?');
  }

  lastTime(): number {
    return (this.#database.prepare('SELECT now FROM clock').pluck().get() as number | undefined) ?? 0;
  }

  writeTime(now: number): void {
    this.#setClock.run(now);
  }

  /** Those that have not ended, the least recent first. */
  *read(now: number): Iterable<[string, Window]> {
    this.#database.prepare('DELETE FROM windows WHERE ends <= ?').run(now);
    const rows = this.#database.prepare('SELECT key, times, ends FROM windows ORDER BY ends').iterate();
    for (const { key, times, ends } of rows as Iterable<Row>) {
      const values = decodeTimes(times);
      yield [key, { windowMs: ends - (values.at(-1) ?? 0), times: values }];
    }
  }

  change(key: string, window: Window | undefined): void {
    this.#changed.set(key, window);
  }

  takeChanges(): WindowChanges {
    const changes = this.#changed;
    this.#changed = new Map();
    return changes;
  }

  /** Within a transaction of its caller. */
  write(changes: WindowChanges): void {
    for (const [key, window] of changes) {
      if (!window) this.#remove.run(key);
      else this.#upsert.run(key, encodeTimes(window.times), (window.times.at(-1) ?? 0) + window.windowMs);
    }
  }

  /** They were not committed: a later transaction writes them, unless they have changed again. */
  keepChanges(changes: WindowChanges): void {
    for (const [key, window] of changes) {
      if (this.#changed.size >= MAX_CHANGES) return;
      if (!this.#changed.has(key)) this.#changed.set(key, window);
    }
  }
}

const encodeTimes = (times: readonly number[]): Uint8Array => new Uint8Array(new Float64Array(times).buffer);

function decodeTimes(bytes: Buffer): number[] {
  const times: number[] = [];
  for (let at = 0; at + TIME_BYTES <= bytes.length; at += TIME_BYTES) times.push(bytes.readDoubleLE(at));
  return times;
}
