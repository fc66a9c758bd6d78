// Counts rejected lines by reason. A rejected line never stops an ingest.

export type RejectReason =
  | 'blank'
  | 'no-separator'
  | 'empty-username'
  | 'empty-password'
  | 'bad-count'
  | 'bad-hash'
  | 'too-long'
  | 'malformed-row'
  | 'missing-column';

export class RejectCounter {
  readonly #counts = new Map<RejectReason, number>();
  total = 0;

  add(reason: RejectReason, count = 1): void {
    this.total += count;
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  /** Adds the counts of another counter. */
  addAll(counts: { readonly [reason: string]: number }): void {
    for (const [reason, count] of Object.entries(counts)) this.add(reason as RejectReason, count);
  }

  /** Reasons in alphabetical order, so that equal runs have equal bytes. */
  byReason(): { [reason: string]: number } {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
