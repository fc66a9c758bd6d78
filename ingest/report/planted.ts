// The accounts that an operator planted in its own user table, as a corpus holds them.

import type { PlantedFound } from '../../store/run/run-report.ts';

/** How often planted accounts were seen, by id. */
export interface PlantedCounts {
  readonly [id: string]: {
    /** Lines with the name. */
    readonly names: number;
    /** Those that have the planted password too. */
    readonly pairs: number;
  };
}

/** Adds up what segments found. */
export class PlantedTally {
  readonly #found = new Map<string, PlantedFound>();

  add(counts: PlantedCounts = {}): void {
    for (const [id, { names, pairs }] of Object.entries(counts)) {
      const before = this.#found.get(id);
      this.#found.set(id, { id, names: names + (before?.names ?? 0), pairs: pairs + (before?.pairs ?? 0) });
    }
  }

  /** Ordered by id, so that equal runs have equal bytes. */
  get found(): readonly PlantedFound[] {
    return [...this.#found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
