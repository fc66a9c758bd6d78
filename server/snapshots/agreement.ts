// Agreement: a new snapshot becomes current in one worker when all of them have it open, so that a
// client that was told of it by one may ask any other for it.

import type { DatasetId, SnapshotId } from '../../protocol/brands.ts';

/**
 * What a worker has for a dataset. Refused: it cannot open what CURRENT names, and is not waited
 * for.
 */
type Holding = SnapshotId | 'refused';

interface Waiting<Worker> {
  readonly worker: Worker;
  readonly dataset: DatasetId;
  readonly snapshot: SnapshotId;
  resolve(agreed: boolean): void;
}

/** Owned by the primary. */
export class SnapshotAgreement<Worker> {
  readonly #workers = new Map<Worker, Map<DatasetId, Holding>>();
  #waiting: Waiting<Worker>[] = [];

  /** From here on it is waited for: before it opens anything. */
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
   * True when all workers have it open; false where one has another since, so that CURRENT should
   * be looked at again.
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
