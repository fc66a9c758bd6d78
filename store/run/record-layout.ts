// Layouts of records, for everything that reads, merges or sorts them by their leading bytes.

/** Offsets and widths in bytes. A record starts with its key and ends with its times, a u32. */
export interface RecordLayout {
  /** Length of the key, 10 or more. Records of a run ascend strictly by it. */
  readonly keyBytes: number;
  readonly timesAt: number;
  readonly recordBytes: number;
  /** True if a merged record keeps the number of its source. */
  readonly numbered: boolean;
}
