// The snapshots that are served: the current one, and the one before it for clients whose config still names it.
//
// Reads are synchronous and copy, so no request holds a snapshot across a turn of the event loop: closing is safe.

import type { SnapshotId } from '../protocol/brands.ts';
import { readCurrent } from '../store/current.ts';
import type { Dataset } from '../store/dataset.ts';
import { StoreError } from '../store/errors.ts';
import { openSnapshot, type Snapshot } from '../store/snapshot.ts';
import { serviceConfig } from '../store/snapshot-facts.ts';
import { createBodyReader, type ReadBody } from './bodies.ts';
import { nameError, type OnEvent } from './events.ts';

export interface SnapshotOptions {
  /** How often CURRENT is looked at. */
  readonly pollIntervalMs: number;
  /** What the bodies of one snapshot may take in memory. */
  readonly maxHeldBytes: number;
  readonly onEvent: OnEvent;
}

export interface ServedSnapshot {
  readonly id: SnapshotId;
  readonly snapshot: Snapshot;
  readonly readBody: ReadBody;
  /** What its ranges may take in memory. */
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
  /** The line of CURRENT that names the current snapshot. */
  #line: string | undefined;
  #refused: Refused | undefined;
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(dataset: Dataset, line: string | undefined, first: ServedSnapshot, options: SnapshotOptions) {
    this.#dataset = dataset;
    this.#line = line;
    this.#current = first;
    this.#options = options;
  }

  /**
   * Opens the current snapshot and from then on looks every `pollIntervalMs` whether there is another.
   * @throws StoreError `SNAPSHOT_MISSING`, `SNAPSHOT_CORRUPT`
   */
  static async open(dataset: Dataset, options: SnapshotOptions): Promise<ServedSnapshots> {
    // Read before the snapshot: a publish in between is then seen as a change, never missed.
    const line = readCurrent(dataset);
    const served = new ServedSnapshots(dataset, line, await openServed(dataset, options.maxHeldBytes), options);
    options.onEvent({ event: 'snapshot-opened', snapshot: served.current.id });
    served.#pollEvery(options.pollIntervalMs);
    return served;
  }

  get current(): ServedSnapshot {
    return this.#current;
  }

  /** Undefined where this snapshot is neither the current one nor the one before. */
  find(id: string): ServedSnapshot | undefined {
    if (this.#current.id === id) return this.#current;
    return this.#previous?.id === id ? this.#previous : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#polling;
    this.#current.snapshot.close();
    this.#previous?.snapshot.close();
  }

  #pollEvery(intervalMs: number): void {
    this.#timer = setTimeout(async () => {
      this.#polling = this.#poll();
      await this.#polling;
      if (!this.#closed) this.#pollEvery(intervalMs);
    }, intervalMs);
  }

  async #poll(): Promise<void> {
    const refused = this.#refused;
    let line: string | undefined;
    try {
      line = readCurrent(this.#dataset);
      if (line === this.#line) {
        this.#refused = undefined;
        return;
      }
      // The check reads the whole file: what failed it is not read again every second.
      if (refused && refused.line === line && --refused.pollsLeft > 0) return;
      const next = await openServed(this.#dataset, this.#options.maxHeldBytes);
      if (this.#closed) return next.snapshot.close();
      this.#previous?.snapshot.close();
      this.#previous = this.#current;
      this.#current = next;
      this.#line = line;
      this.#refused = undefined;
      this.#options.onEvent({ event: 'snapshot-opened', snapshot: next.id });
    } catch (error) {
      const polls = refused && refused.line === line ? Math.min(2 * refused.polls, MAX_RETRY_POLLS) : 1;
      this.#refused = { line, polls, pollsLeft: polls };
      // Said once for each line of CURRENT.
      if (polls > 1) return;
      const message = error instanceof StoreError ? error.message : 'the new snapshot could not be opened';
      this.#options.onEvent({ event: 'snapshot-refused', message, ...nameError(error) });
    }
  }
}

/** What CURRENT said when it was refused, and when it is tried again. */
interface Refused {
  readonly line: string | undefined;
  readonly polls: number;
  pollsLeft: number;
}

async function openServed(dataset: Dataset, maxHeldBytes: number): Promise<ServedSnapshot> {
  const snapshot = await openSnapshot(dataset);
  const { readBody, leftBytes } = createBodyReader(snapshot, maxHeldBytes);
  return {
    id: snapshot.facts.snapshot,
    snapshot,
    readBody,
    rangesHeldBytes: leftBytes,
    config: Buffer.from(JSON.stringify(serviceConfig(snapshot.facts))),
  };
}
