// Body sizes: the padding of buckets, and the information that sizes still reveal. PROTOCOL.md §7.

/** Number of buckets by the length of their body. */
export type SizeHistogram = ReadonlyMap<number, number>;

const ROUND_BYTES = 16;
const roundUp = (bytes: number): number => Math.ceil(bytes / ROUND_BYTES) * ROUND_BYTES;

/**
 * The sizes that bodies are padded to, ascending: one where the largest is at most 1.5 times the
 * mean; otherwise 1.5 times the mean and its doublings up to the largest, so that most buckets
 * still look alike.
 */
export function chooseBodySizes(sizes: SizeHistogram): number[] {
  let buckets = 0;
  let total = 0;
  let largest = 0;
  for (const [bytes, count] of sizes) {
    buckets += count;
    total += bytes * count;
    largest = Math.max(largest, bytes);
  }
  const last = roundUp(largest);
  const chosen: number[] = [];
  // Rounded before comparing: clients reject a statement with equal sizes.
  for (let size = roundUp((1.5 * total) / buckets); size < last; size *= 2) chosen.push(size);
  return [...chosen, last];
}

/** The smallest size that fits the body. `bodyBytes` ascend, and the last one fits every body. */
export function paddedSize(bytes: number, bodyBytes: readonly number[]): number {
  for (const size of bodyBytes) if (bytes <= size) return size;
  return bytes;
}

/**
 * Information that the size of a response reveals about the requested bucket, in bits: the entropy
 * of the padded sizes.
 */
export function sizeEntropyBits(sizes: SizeHistogram, bodyBytes: readonly number[]): number {
  const classes = new Map<number, number>();
  let buckets = 0;
  for (const [bytes, count] of sizes) {
    const size = paddedSize(bytes, bodyBytes);
    classes.set(size, (classes.get(size) ?? 0) + count);
    buckets += count;
  }
  let bits = 0;
  // In one order: sums of fractions depend on it.
  for (const [, count] of [...classes].sort(([a], [b]) => a - b))
    bits -= (count / buckets) * Math.log2(count / buckets);
  return Math.abs(bits);
}
