// The snapshots that are served: the current one, the one before it for clients whose config still
// names it, and for a moment the next one, which is answered for as soon as it is open and becomes
// current when all workers have it.
//
// Reads are synchronous and copy, so no request holds a snapshot across a turn of the event loop:
// closing is safe.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BucketId, DatasetId, SnapshotId } from '../../protocol/brands.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { nameError, type OnEvent } from '../../runtime/events.ts';
import type { Dataset } from '../../store/dataset.ts';
import { StoreError } from '../../store/errors.ts';
import { readCurrent } from '../../store/snapshot/current.ts';
import { openSnapshot, type Snapshot } from '../../store/snapshot/snapshot.ts';
import { serviceConfig } from '../../store/snapshot/snapshot-facts.ts';
import { createBodyReader } from './bucket-bodies.ts';

export interface SnapshotOptions {
  /** Interval of checks of CURRENT. */
  readonly pollIntervalMs: number;
  /** Memory for the bodies of one snapshot. */
  readonly maxHeldBytes: number;
  readonly onEvent: OnEvent;
  /** Takes the padding of each bucket that is read. */
  readonly countPadding?: (bytes: number) => void;
  /** Other processes behind the same port. Without them a new snapshot becomes current at once. */
  readonly peers?: SnapshotPeers;
}

/**
 * The processes that answer on one port: a client that was told of a snapshot by one may ask any
 * other for it.
 */
export interface SnapshotPeers {
  /**
   * True when all others have it open too, or cannot be waited for; false where CURRENT should be
   * looked at again.
   */
  opened(dataset: DatasetId, snapshot: SnapshotId): Promise<boolean>;
  refused(dataset: DatasetId): void;
}

export interface ServedSnapshot {
  readonly id: SnapshotId;
  readonly snapshot: Snapshot;
  /**
   * Reads a padded body. Undefined if the dataset does not have the index. The bytes must not be
   * changed.
   */
  readBody(index: IndexName, id: BucketId): Buffer | undefined;
  /** Memory for its ranges. */
  readonly rangesHeldBytes: number;
  /** The JSON of /v1/config. */
  readonly config: Buffer;
}

/** A refused snapshot is tried again after 1, 2, 4, … polls, at most after these. */
const MAX_RETRY_POLLS = 64;

/** Owns the open snapshots and looks at CURRENT for a new one. */
export class ServedSnapshots {
  readonly #dataset: Dataset;
  readonly #options: SnapshotOptions;
  #current: ServedSnapshot;
  #previous: ServedSnapshot | undefined;
  #next: NextSnapshot | undefined;
  /** The line of CURRENT that names the current snapshot. */
  #line: string | undefined;
  #refused: Refused | undefined;
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();

  private constructor(dataset: Dataset, line: string | undefined, first: ServedSnapshot, options: SnapshotOptions) {
    this.#dataset = dataset;
    this.#line = line;
    this.#current = first;
    this.#options = options;
  }

  /**
   * Opens the current snapshot and from then on looks every `pollIntervalMs` whether there is
   * another.
   * @throws StoreError `SNAPSHOT_MISSING`, `SNAPSHOT_CORRUPT`
   */
  static async open(dataset: Dataset, options: SnapshotOptions): Promise<ServedSnapshots> {
    // Read before the snapshot: a publish in between is then seen as a change, never missed.
    const line = readCurrent(dataset);
    const served = new ServedSnapshots(dataset, line, await openServed(dataset, options), options);
    options.onEvent({ event: 'snapshot-opened', snapshot: served.current.id });
    void options.peers?.opened(dataset.id, served.current.id);
    served.#pollEvery(options.pollIntervalMs);
    return served;
  }

  get current(): ServedSnapshot {
    return this.#current;
  }

  /**
   * Why the snapshot that CURRENT names is not the one that is served. Undefined where it is, or
   * soon will be.
   */
  get refused(): { readonly code: string } | undefined {
    return this.#refused && { code: this.#refused.code };
  }

  /** Undefined where this snapshot is neither the current one nor that before or after it. */
  find(id: string): ServedSnapshot | undefined {
    if (this.#current.id === id) return this.#current;
    return [this.#previous, this.#next?.served].find((served) => served?.id === id);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearTimeout(this.#timer);
    await this.#polling;
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
   * Others that are further on are followed at once: were they kept waiting, the next publish could
   * overtake all.
   */
  async #pollUntilSettled(): Promise<void> {
    while (!this.#closing.signal.aborted && !(await this.#poll())) await nextTurn();
  }

  /** False where another process has a snapshot that this one has not looked for. */
  async #poll(): Promise<boolean> {
    const refused = this.#refused;
    let line: string | undefined;
    try {
      line = readCurrent(this.#dataset);
      if (line === this.#line) {
        this.#refused = undefined;
        this.#dropNext();
        return true;
      }
      // The check reads the whole file: what failed it is not read again every second.
      if (refused && refused.line === line && --refused.pollsLeft > 0) return true;
      const next = await this.#openNext(line);
      this.#refused = undefined;
      // The line was written anew between its reading and the opening, or says the same in another
      // way.
      if (next.id === this.#current.id) {
        this.#line = line;
        this.#dropNext();
        return true;
      }
      if (!(await this.#isAgreed(next.id))) return false;
      this.#previous?.snapshot.close();
      this.#previous = this.#current;
      this.#current = next;
      this.#next = undefined;
      this.#line = line;
      this.#options.onEvent({ event: 'snapshot-opened', snapshot: next.id });
      return true;
    } catch (error) {
      const polls = refused && refused.line === line ? Math.min(2 * refused.polls, MAX_RETRY_POLLS) : 1;
      const named = nameError(error);
      this.#refused = { line, polls, pollsLeft: polls, code: named.code };
      this.#options.peers?.refused(this.#dataset.id);
      // Said once for each line of CURRENT.
      if (polls > 1) return true;
      const message = error instanceof StoreError ? error.message : 'the new snapshot could not be opened';
      this.#options.onEvent({ event: 'snapshot-refused', message, ...named });
      return true;
    }
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
    if (!peers || signal.aborted) return !signal.aborted;
    const closing = new Promise<boolean>((resolve) => {
      signal.addEventListener('abort', () => resolve(false), { once: true });
    });
    return Promise.race([peers.opened(this.#dataset.id, id), closing]);
  }

  #dropNext(): void {
    this.#next?.served.snapshot.close();
    this.#next = undefined;
  }
}

/** An open snapshot, and the line of CURRENT at its opening. */
interface NextSnapshot {
  readonly line: string | undefined;
  readonly served: ServedSnapshot;
}

/** The line of CURRENT at the refusal, and the time of the next attempt. */
interface Refused {
  readonly line: string | undefined;
  readonly code: string;
  readonly polls: number;
  pollsLeft: number;
}

async function openServed(dataset: Dataset, { maxHeldBytes, countPadding }: SnapshotOptions): Promise<ServedSnapshot> {
  const snapshot = await openSnapshot(dataset);
  const { readPadded, leftBytes } = createBodyReader(snapshot, maxHeldBytes);
  return {
    id: snapshot.facts.snapshot,
    snapshot,
    readBody: (index, id) => {
      const padded = readPadded(index, id);
      if (padded) countPadding?.(padded.padding);
      return padded?.bytes;
    },
    rangesHeldBytes: leftBytes,
    config: Buffer.from(JSON.stringify(serviceConfig(snapshot.facts))),
  };
}
