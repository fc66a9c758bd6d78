// Agreement: a worker makes a new snapshot current once all workers have opened it. A client that
// learns of the snapshot from one worker can then request it from any other.

import type { DatasetId, SnapshotId } from '../../protocol/brands.ts';

/**
 * The newest snapshot that a worker has opened of a dataset. `refused`: it cannot open the one in
 * CURRENT, and the others do not wait for it.
 */
type Holding = SnapshotId | 'refused';

interface Waiting<Worker> {
  readonly worker: Worker;
  readonly dataset: DatasetId;
  readonly snapshot: SnapshotId;
  resolve(agreed: boolean): void;
}

/** The primary process owns it. */
export class SnapshotAgreement<Worker> {
  readonly #workers = new Map<Worker, Map<DatasetId, Holding>>();
  #waiting: Waiting<Worker>[] = [];

  /** Makes the others wait for this worker. Called before the worker opens a snapshot. */
  join(worker: Worker): void {
    this.#workers.set(worker, new Map());
  }

  leave(worker: Worker): void {
    this.#workers.delete(worker);
    this.#settle(
      (waiting) => waiting.worker === worker,
      () => false,
    );
    this.#settleAgreed();
  }

  /**
   * Resolves to true once all workers have opened the snapshot, and to false if one has opened
   * another since, so that this worker must read CURRENT again.
   */
  opened(worker: Worker, dataset: DatasetId, snapshot: SnapshotId): Promise<boolean> {
    this.#workers.get(worker)?.set(dataset, snapshot);
    this.#settle(
      (waiting) => waiting.dataset === dataset && waiting.snapshot !== snapshot,
      () => false,
    );
    const agreed = new Promise<boolean>((resolve) => {
      this.#waiting.push({ worker, dataset, snapshot, resolve });
    });
    this.#settleAgreed();
    return agreed;
  }

  refused(worker: Worker, dataset: DatasetId): void {
    this.#workers.get(worker)?.set(dataset, 'refused');
    this.#settleAgreed();
  }

  #settleAgreed(): void {
    const holdings = [...this.#workers.values()];
    this.#settle(
      ({ dataset, snapshot }) =>
        holdings.every((held) => [snapshot, 'refused'].includes(held.get(dataset) ?? 'not yet')),
      () => true,
    );
  }

  #settle(which: (waiting: Waiting<Worker>) => boolean, agreed: () => boolean): void {
    const settled = this.#waiting.filter(which);
    this.#waiting = this.#waiting.filter((waiting) => !settled.includes(waiting));
    for (const { resolve } of settled) resolve(agreed());
  }
}
