// The outbox: events are committed to it before anything is sent, under an id that follows from
// their content. A process that is killed therefore loses none and sends none under two ids.

import type Database from 'better-sqlite3';
import { NotifyError } from './errors.ts';
import { deriveEventId, isTime, type NewEvent, type NotifyEvent, parseEvent, type StoredEvent } from './events.ts';
import { explainFault, openOutboxFile, readOutboxKey } from './outbox-file.ts';
import { isOtherAlive } from './process-alive.ts';
import { tooLateMs } from './waits.ts';

/** Where an event goes, as far as the outbox is concerned. */
export interface Destination {
  /** Stable: a delivery belongs to it over restarts. */
  readonly name: string;
  accepts(event: NotifyEvent): boolean;
}

/** `dead` was given up; it is kept until it is retried or deleted. */
export type DeliveryState = 'waiting' | 'delivered' | 'dead';

export interface Delivery extends Omit<StoredEvent, 'event'> {
  /** Undefined if it was altered or damaged. */
  readonly event: NotifyEvent | undefined;
  readonly sink: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** When the next attempt is due. */
  readonly dueMs: number;
  /** The code of the last failure. */
  readonly failure: string | null;
}

/** A delivery that one process may attempt until its lease ends. */
export interface Claim extends StoredEvent {
  /** Including the one that follows. */
  readonly attempts: number;
}

/** What became of an attempt. */
export type Settled =
  | { readonly id: string; readonly state: 'delivered' }
  | { readonly id: string; readonly state: 'waiting'; readonly dueMs: number; readonly failure: string }
  | { readonly id: string; readonly state: 'dead'; readonly failure: string };

export interface DeliveryCount {
  readonly sink: string;
  readonly state: DeliveryState;
  readonly count: number;
  readonly failure: string | null;
}

export interface OutboxOptions {
  /** Default true. */
  readonly create?: boolean;
  /** Events that it holds at most. Default 1,000,000. */
  readonly maxEvents?: number;
  readonly now?: () => number;
}

export interface Added {
  /** Events that were not in the outbox. */
  readonly added: number;
  /** Events that were: they keep their id, and are not sent again. */
  readonly known: number;
}

const DEFAULT_MAX_EVENTS = 1_000_000;
/** Delivered events that make place for new ones, beside those that must go. */
const PRUNED_BEYOND = 1000;

interface DeliveryRow {
  readonly number: number;
  readonly id: string;
  readonly at: number;
  readonly content: string;
  readonly sink: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly due: number;
  readonly failure: string | null;
}

/** Of an event that is gone, such as by a deletion past the outbox, what parses as damaged. */
const COLUMNS = `event AS number, coalesce(id, '?') AS id, coalesce(at, ${Number.MAX_SAFE_INTEGER}) AS at,
  coalesce(content, '') AS content, sink, state, attempts, due, failure`;
const JOINED = 'deliveries LEFT JOIN events ON events.number = event';
const NUMBER_OF = 'SELECT number FROM events WHERE id = ?';

export class Outbox {
  readonly file: string;
  readonly #database: Database.Database;
  readonly #key: Uint8Array;
  readonly #maxEvents: number;
  readonly #now: () => number;

  private constructor(file: string, { create = true, maxEvents = DEFAULT_MAX_EVENTS, now = Date.now }: OutboxOptions) {
    this.file = file;
    this.#database = openOutboxFile(file, { create });
    this.#key = readOutboxKey(this.#database, file);
    this.#maxEvents = maxEvents;
    this.#now = now;
  }

  /** @throws NotifyError `OUTBOX_MISSING`, `OUTBOX_UNWRITABLE`, `OUTBOX_CORRUPT`, `OUTBOX_BUSY` */
  static open(file: string, options: OutboxOptions = {}): Outbox {
    return new Outbox(file, options);
  }

  /**
   * Commits events for the destinations that accept them, all or none. They are durable on return.
   * An event that a destination has had already is not sent to it again.
   * @throws NotifyError `OUTBOX_FULL`, `OUTBOX_BUSY`
   */
  add(events: Iterable<NewEvent>, destinations: readonly Destination[]): Added {
    const nowMs = this.#now();
    return this.#transact(() => {
      const insert = this.#database.prepare('INSERT OR IGNORE INTO events (id, at, content) VALUES (?, ?, ?)');
      const deliver = this.#database.prepare(
        `INSERT OR IGNORE INTO deliveries (event, sink, state, attempts, due) VALUES ((${NUMBER_OF}), ?, 'waiting', 0, ?)`,
      );
      let added = 0;
      let known = 0;
      for (const one of events) {
        const accepting = destinations.filter((destination) => destination.accepts(one.event));
        if (accepting.length === 0) continue;
        const id = deriveEventId(this.#key, one);
        if (insert.run(id, nowMs, JSON.stringify(one.event)).changes > 0) added++;
        else known++;
        for (const { name } of accepting) deliver.run(id, name, nowMs);
      }
      if (added > 0) this.#assertRoom();
      return { added, known };
    });
  }

  /** The oldest events that were delivered everywhere make room. */
  #assertRoom(): void {
    const count = this.#database.prepare<[], number>('SELECT count(*) FROM events').pluck();
    const over = (count.get() as number) - this.#maxEvents;
    if (over <= 0) return;
    this.#database
      .prepare(
        `DELETE FROM events WHERE number IN (SELECT number FROM events WHERE NOT EXISTS
          (SELECT 1 FROM deliveries WHERE event = number AND state != 'delivered')
          ORDER BY number LIMIT ?)`,
      )
      .run(over + PRUNED_BEYOND);
    if ((count.get() as number) <= this.#maxEvents) return;
    throw new NotifyError(
      'OUTBOX_FULL',
      `outbox ${this.file}: it holds ${this.#maxEvents} events that were not delivered; none was added`,
      'See them with `credveil events list`, and send them or delete those that are dead.',
    );
  }

  /**
   * Takes deliveries that are due, the longest due first. An attempt counts from now on. Events
   * that were altered, damaged or deleted are given up, and hold up no other.
   */
  claim(sink: string, max: number, leaseMs: number): Claim[] {
    const nowMs = this.#now();
    return this.#transact(() => {
      const rows = this.#database
        .prepare<[string, number, number, number], DeliveryRow>(
          `SELECT ${COLUMNS} FROM ${JOINED} WHERE sink = ? AND state = 'waiting' AND (due <= ? OR due > ?)
            ORDER BY due, event LIMIT ?`,
        )
        .all(sink, nowMs, tooLateMs(nowMs), max);
      const take = this.#database.prepare(
        'UPDATE deliveries SET attempts = attempts + 1, due = ?, holder = ? WHERE event = ? AND sink = ?',
      );
      const giveUp = this.#database.prepare(
        "UPDATE deliveries SET state = 'dead', due = ?, failure = 'EVENT_DAMAGED' WHERE event = ? AND sink = ?",
      );
      return rows.flatMap(({ number, id, at, content, attempts }) => {
        const event = isTime(at) ? parseEvent(content) : undefined;
        if (event) take.run(nowMs + leaseMs, process.pid, number, sink);
        else giveUp.run(nowMs, number, sink);
        return event ? [{ id, atMs: at, event, attempts: attempts + 1 }] : [];
      });
    });
  }

  /** Writes down what became of attempts. */
  settle(sink: string, settled: readonly Settled[]): void {
    this.#transact(() => {
      const update = this.#database.prepare(
        // Another process may have delivered it meanwhile.
        `UPDATE deliveries SET state = ?, due = ?, failure = ?, holder = NULL
          WHERE event = (${NUMBER_OF}) AND sink = ? AND state != 'delivered'`,
      );
      for (const one of settled)
        update.run(
          one.state,
          one.state === 'waiting' ? one.dueMs : this.#now(),
          one.state === 'delivered' ? null : one.failure,
          one.id,
          sink,
        );
    });
  }

  /** When the next delivery to a sink is due; undefined without one. */
  nextDueMs(sink: string): number | undefined {
    const [first, last] = ['min', 'max'].map((which) =>
      this.#explained(() =>
        this.#database
          .prepare<[string], number | null>(`SELECT ${which}(due) FROM deliveries WHERE sink = ? AND state = 'waiting'`)
          .pluck()
          .get(sink),
      ),
    );
    const nowMs = this.#now();
    return (last ?? 0) > tooLateMs(nowMs) ? nowMs : (first ?? undefined);
  }

  /** Deliveries by sink and state, with the code of one failure. */
  counts(): DeliveryCount[] {
    const sql = `SELECT sink, state, count(*) AS count, max(failure) AS failure
      FROM deliveries GROUP BY sink, state ORDER BY sink, state`;
    return this.#explained(() => this.#database.prepare<[], DeliveryCount>(sql).all());
  }

  /**
   * Gives up the claims of processes that are gone, rather than wait for their leases. A process
   * that only seems gone, as one in another container, costs a repetition under the same id.
   */
  releaseDead(): void {
    this.#transact(() => {
      const holders = this.#database
        .prepare<[], number>('SELECT DISTINCT holder FROM deliveries WHERE holder IS NOT NULL')
        .pluck()
        .all();
      const release = this.#database.prepare('UPDATE deliveries SET due = ?, holder = NULL WHERE holder = ?');
      for (const holder of holders) if (!isOtherAlive(holder)) release.run(this.#now(), holder);
    });
  }

  /** Makes all that waits for a sink due, whoever claimed it. */
  hasten(sink: string): void {
    this.#transact(() =>
      this.#database
        .prepare("UPDATE deliveries SET due = ? WHERE sink = ? AND state = 'waiting' AND due > ?")
        .run(this.#now(), sink, this.#now()),
    );
  }

  /** The first of them, in the order of their commit. */
  list(states: readonly DeliveryState[], limit: number): Delivery[] {
    const sql = `SELECT ${COLUMNS} FROM ${JOINED} WHERE state IN (SELECT value FROM json_each(?)) ORDER BY event, sink LIMIT ?`;
    return this.#explained(() =>
      this.#database.prepare<[string, number], DeliveryRow>(sql).all(JSON.stringify(states), limit),
    ).map(({ number: _, at, due, content, ...row }) => ({
      ...row,
      atMs: at,
      dueMs: due,
      event: parseEvent(content),
    }));
  }

  /** Makes dead letters wait again, with all attempts. @returns how many */
  revive(ids?: readonly string[]): number {
    return this.#ofDead("UPDATE deliveries SET state = 'waiting', attempts = 0, due = :now", ids);
  }

  /** Deletes dead letters. Their finding keeps its id if it is made again. @returns how many */
  forget(ids?: readonly string[]): number {
    return this.#ofDead('DELETE FROM deliveries', ids);
  }

  #ofDead(statement: string, ids: readonly string[] | undefined): number {
    const only =
      ids === undefined
        ? ''
        : ' AND event IN (SELECT number FROM events WHERE id IN (SELECT value FROM json_each(:ids)))';
    const parameters = { now: this.#now(), ids: JSON.stringify(ids ?? []) };
    return this.#transact(
      () => this.#database.prepare(`${statement} WHERE state = 'dead'${only}`).run(parameters).changes,
    );
  }

  close(): void {
    this.#database.close();
  }

  #transact<T>(work: () => T): T {
    return this.#explained(() => this.#database.transaction(work).immediate());
  }

  #explained<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw explainFault(this.file, cause);
    }
  }
}
