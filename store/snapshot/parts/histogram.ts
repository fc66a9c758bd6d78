// Histograms of entries per bucket, stored in the snapshot's facts.

import type { HistogramBin } from '../../../protocol/service-status.ts';

const BINS = 16;

/** Counts buckets by size. */
export class SizeTally {
  readonly #buckets = new Map<number, number>();

  add(entries: number, buckets = 1): void {
    this.#buckets.set(entries, (this.#buckets.get(entries) ?? 0) + buckets);
  }

  /**
   * Up to 16 bins of equal width from the smallest size to the largest, which ends the last bin. No
   * bins without sizes.
   */
  histogram(): HistogramBin[] {
    const sizes = [...this.#buckets.keys()];
    if (sizes.length === 0) return [];
    const low = sizes.reduce((least, size) => Math.min(least, size));
    const high = sizes.reduce((most, size) => Math.max(most, size));
    const width = Math.max(1, Math.ceil((high - low + 1) / BINS));
    const buckets = new Array<number>(Math.ceil((high - low + 1) / width)).fill(0);
    for (const [size, count] of this.#buckets) {
      const bin = Math.floor((size - low) / width);
      buckets[bin] = (buckets[bin] ?? 0) + count;
    }
    return buckets.map((count, i) => ({
      from: low + i * width,
      to: Math.min(high, low + (i + 1) * width - 1),
      buckets: count,
    }));
  }
}

/** The histogram of sizes that were not counted when they were written. */
export function histogramOf(sizes: Iterable<number>): HistogramBin[] {
  const tally = new SizeTally();
  for (const size of sizes) tally.add(size);
  return tally.histogram();
}
