// The served snapshots: the current one, the previous one for clients with an older head, and for a
// moment the next one. A worker answers for the next snapshot once it is open, and makes it
// current once all workers have opened it.
//
// Reads are synchronous and copy the bytes. No request holds a snapshot across a turn of the event
// loop, so closing one is safe.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { DatasetId, SnapshotId } from '../../protocol/brands.ts';
import { nameError } from '../../runtime/events.ts';
import type { Dataset } from '../../store/dataset.ts';
import { StoreError } from '../../store/errors.ts';
import { readCurrent } from '../../store/snapshot/current.ts';
import { openServed, type ServedOptions, type ServedSnapshot, sequenceOf } from './served-snapshot.ts';
import { readLeastSequence, WithdrawalWatch } from './withdrawal.ts';

export type { ServedSnapshot } from './served-snapshot.ts';

export interface SnapshotOptions extends ServedOptions {
  /** Interval of checks of CURRENT. */
  readonly pollIntervalMs: number;
  /** How long a withdrawn snapshot is answered after the poll that notices it. Default 30,000. */
  readonly withdrawMs?: number;
  /** The other processes on the port. Without them a new snapshot becomes current at once. */
  readonly peers?: SnapshotPeers;
}

/**
 * The processes that share a port. A client may learn of a snapshot from one and request it from
 * another.
 */
export interface SnapshotPeers {
  /**
   * Reports an opened snapshot. Resolves to true once all others have opened it or cannot be waited
   * for, and to false if this process must read CURRENT again.
   */
  opened(dataset: DatasetId, snapshot: SnapshotId): Promise<boolean>;
  refused(dataset: DatasetId): void;
}

/** A withdrawn snapshot is closed within a minute, whatever the interval of the operator. */
const MAX_POLL_MS = 10_000;

/** A refused snapshot is opened again after 1, 2, 4, … polls; this is the maximum. */
const MAX_RETRY_POLLS = 64;

/** Owns the open snapshots, and polls CURRENT for a new one. */
export class ServedSnapshots {
  readonly #dataset: Dataset;
  readonly #options: SnapshotOptions;
  #current: ServedSnapshot;
  #previous: ServedSnapshot | undefined;
  #next: NextSnapshot | undefined;
  /** The line of CURRENT that names the current snapshot. */
  #line: string | undefined;
  #refused: Refused | undefined;
  /** Snapshots of lower numbers are withdrawn, though the one that says so is not served. */
  #leastSequence = 0;
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();
  readonly #watch: WithdrawalWatch;

  private constructor(dataset: Dataset, line: string | undefined, first: ServedSnapshot, options: SnapshotOptions) {
    this.#dataset = dataset;
    this.#line = line;
    this.#current = first;
    this.#options = options;
    this.#watch = new WithdrawalWatch({
      everyMs: Math.min(options.pollIntervalMs, MAX_POLL_MS),
      withdrawMs: options.withdrawMs,
      isDue: () => sequenceOf(this.#current) < readLeastSequence(dataset),
      onOverdue: () => {
        // An open successor becomes current at once, whatever the other processes do.
        if (!this.#next) this.#withdraw('It contains a removed source, and the next one is still being opened.');
      },
    });
  }

  /**
   * Opens the current snapshot, and from then on polls CURRENT every `pollIntervalMs`.
   * @throws StoreError `SNAPSHOT_MISSING`, `SNAPSHOT_CORRUPT`
   */
  static async open(dataset: Dataset, options: SnapshotOptions): Promise<ServedSnapshots> {
    // Read before the snapshot, so that the next poll notices a publish in between.
    const line = readCurrent(dataset);
    const served = new ServedSnapshots(dataset, line, await openServed(dataset, options), options);
    options.onEvent({ event: 'snapshot-opened', snapshot: served.current.id });
    void options.peers?.opened(dataset.id, served.current.id);
    served.#pollEvery(Math.min(options.pollIntervalMs, MAX_POLL_MS));
    return served;
  }

  get current(): ServedSnapshot {
    return this.#current;
  }

  /**
   * Why the server does not serve the snapshot in CURRENT. Undefined if it serves it, or soon will.
   */
  get refused(): { readonly code: string } | undefined {
    return this.#refused && { code: this.#refused.code };
  }

  /** Whether the current snapshot is withdrawn: then nothing of the dataset may be answered. */
  get isWithdrawn(): boolean {
    return this.#isWithdrawn(this.#current);
  }

  /** Undefined unless this is the id of the current, previous or next snapshot. */
  find(id: string): ServedSnapshot | undefined {
    if (this.#current.id === id) return this.#current;
    return this.#others().find((served) => served.id === id);
  }

  /** A snapshot with this list of sources. */
  findSources(sha256: string): ServedSnapshot | undefined {
    return [this.#current, ...this.#others()].find(
      ({ snapshot }) => snapshot.stated.statement.sources.sha256 === sha256,
    );
  }

  #others(): ServedSnapshot[] {
    return [this.#previous, this.#next?.served].filter(
      (served) => served && !this.#isWithdrawn(served),
    ) as ServedSnapshot[];
  }

  #isWithdrawn(served: ServedSnapshot): boolean {
    return sequenceOf(served) < this.#leastSequence;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    this.#watch.stop();
    await this.#polling;
    this.#watch.stop();
    this.#current.snapshot.close();
    this.#previous?.snapshot.close();
    this.#dropNext();
  }

  #pollEvery(intervalMs: number): void {
    this.#timer = setTimeout(async () => {
      this.#polling = this.#pollUntilSettled();
      await this.#polling;
      if (!this.#closing.signal.aborted) this.#pollEvery(intervalMs);
    }, intervalMs);
  }

  /**
   * Follows processes with a newer snapshot at once. If they had to wait for the next poll, another
   * publish could overtake them all.
   */
  async #pollUntilSettled(): Promise<void> {
    while (!this.#closing.signal.aborted && !(await this.#poll())) await nextTurn();
  }

  /** False if another process has opened a snapshot that this one has not. */
  async #poll(): Promise<boolean> {
    const refused = this.#refused;
    let line: string | undefined;
    try {
      line = readCurrent(this.#dataset);
      if (line === this.#line) {
        this.#refused = undefined;
        this.#clearWithdrawal();
        this.#dropNext();
        this.#current.head.poll(Date.now());
        return true;
      }
      // Opening reads the whole file, so a refused one is not opened at every poll.
      if (refused && refused.line === line && --refused.pollsLeft > 0) return true;
      this.#watch.start();
      const next = await this.#openNext(line);
      this.#refused = undefined;
      // CURRENT changed between its reading and the opening, or names the same snapshot in another
      // way.
      if (next.id === this.#current.id) {
        this.#line = line;
        this.#clearWithdrawal();
        this.#dropNext();
        return true;
      }
      if (!(await this.#isAgreed(next.id))) return false;
      const isOlder = sequenceOf(next) < sequenceOf(this.#current);
      this.#replace(next);
      this.#line = line;
      this.#options.onEvent({ event: 'snapshot-opened', snapshot: next.id });
      if (isOlder) this.#options.onEvent({ event: 'snapshot-older', snapshot: next.id, hint: this.#olderHint() });
      return true;
    } catch (error) {
      const polls = refused && refused.line === line ? Math.min(2 * refused.polls, MAX_RETRY_POLLS) : 1;
      const named = nameError(error);
      this.#refused = { line, polls, pollsLeft: polls, code: named.code };
      this.#options.peers?.refused(this.#dataset.id);
      this.#watch.stop();
      this.#withdraw(`It contains a removed source. Run: credveil publish ${this.#dataset.folder}`);
      // One event for each line of CURRENT.
      if (polls > 1) return true;
      const message = error instanceof StoreError ? error.message : 'the new snapshot could not be opened';
      this.#options.onEvent({ event: 'snapshot-refused', message, ...named });
      return true;
    }
  }

  /** Obeys the snapshot in CURRENT even though it is not served, if its statement can be read. */
  #withdraw(reason: string): void {
    if (this.isWithdrawn) return;
    this.#leastSequence = readLeastSequence(this.#dataset);
    if (!this.isWithdrawn) return;
    const hint = `Its dataset is answered with 503. ${reason}`;
    this.#options.onEvent({ event: 'snapshot-withdrawn', snapshot: this.#current.id, hint });
  }

  #olderHint(): string {
    return `Clients that saw the newer one refuse it (SNAPSHOT_OLDER). Run: credveil publish ${this.#dataset.folder}`;
  }

  /** The one before stays for clients that still name it, unless it is withdrawn. */
  #replace(next: ServedSnapshot): void {
    const { minSequence } = next.snapshot.stated.statement;
    const before = this.#current;
    this.#previous?.snapshot.close();
    this.#previous = sequenceOf(before) >= minSequence ? before : undefined;
    if (!this.#previous) before.snapshot.close();
    this.#current = next;
    this.#clearWithdrawal();
    this.#next = undefined;
  }

  /** The current snapshot is the one in CURRENT: nothing withdraws it. */
  #clearWithdrawal(): void {
    this.#watch.stop();
    this.#leastSequence = 0;
  }

  async #openNext(line: string | undefined): Promise<ServedSnapshot> {
    if (this.#next && this.#next.line === line) return this.#next.served;
    const served = await openServed(this.#dataset, this.#options);
    this.#dropNext();
    this.#next = { line, served };
    return served;
  }

  async #isAgreed(id: SnapshotId): Promise<boolean> {
    const { peers } = this.#options;
    const { signal } = this.#closing;
    const { overdue } = this.#watch;
    if (!peers || signal.aborted) return !signal.aborted;
    // Reported even if nobody is waited for: others may wait for this process.
    const agreed = peers.opened(this.#dataset.id, id);
    if (overdue.aborted) return true;
    const closing = new Promise<boolean>((resolve) => {
      signal.addEventListener('abort', () => resolve(false), { once: true });
      overdue.addEventListener('abort', () => resolve(true), { once: true });
    });
    return Promise.race([agreed, closing]);
  }

  #dropNext(): void {
    this.#next?.served.snapshot.close();
    this.#next = undefined;
  }
}

/** An open snapshot that is not current yet, and the line of CURRENT at its opening. */
interface NextSnapshot {
  readonly line: string | undefined;
  readonly served: ServedSnapshot;
}

/** A refusal: the line of CURRENT, the error, and the polls until the next attempt. */
interface Refused {
  readonly line: string | undefined;
  readonly code: string;
  readonly polls: number;
  pollsLeft: number;
}
