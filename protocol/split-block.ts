// Split-block Bloom filter: the layout of the Apache Parquet specification (BloomFilter.md).
// PROTOCOL.md §17.
//
// A block has 8 little-endian words of 32 bits. An element sets one bit in each word of one block,
// so a query touches one cache line.

export const BLOCK_BYTES = 32;
/** Maximum size of a filter: 64 GiB, 32 billion passwords at one false positive in 1,000. */
export const MAX_BLOCKS = 2 ** 31;

/** The specification's odd constants, one for each word. */
const SALT = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31] as const;
const WORDS = 8;
const HALF = 0x1_0000;

/**
 * The block of an element: (high * blocks) >> 32. Blocks ascend with the upper halves of hashes.
 * @param high the upper 32 bits of the hash, unsigned
 */
export function blockIndex(high: number, blocks: number): number {
  // Multiplied in two halves: the product has up to 63 bits, a number holds 53.
  const carried = Math.floor(((high % HALF) * blocks) / HALF);
  return Math.floor(((high >>> 16) * blocks + carried) / HALF);
}

/**
 * Sets the bits of an element.
 * @param at offset of its block
 * @param low the lower 32 bits of the hash
 */
export function setBits(bytes: Uint8Array, at: number, low: number): void {
  for (let word = 0; word < WORDS; word++) {
    const bit = Math.imul(low, SALT[word] as number) >>> 27;
    const place = at + 4 * word + (bit >>> 3);
    bytes[place] = (bytes[place] as number) | (1 << (bit & 7));
  }
}

/** True if all bits of an element are set. Reads all of them in any case, in constant time. */
export function hasBits(bytes: Uint8Array, at: number, low: number): boolean {
  let set = 1;
  for (let word = 0; word < WORDS; word++) {
    const bit = Math.imul(low, SALT[word] as number) >>> 27;
    set &= (bytes[at + 4 * word + (bit >>> 3)] as number) >>> (bit & 7);
  }
  return set === 1;
}

/**
 * The share of absent elements that a filter of `entries` elements reports as present. Blocks fill
 * unevenly: this is the mean over a Poisson distribution, as in the specification's table of bits
 * and rates.
 */
export function falsePositiveRate(entries: number, blocks: number): number {
  const mean = entries / blocks;
  let rate = 0;
  const end = Math.ceil(mean + 12 * Math.sqrt(mean)) + 24;
  for (let filled = 1, logProbability = -mean; filled <= end; filled++) {
    logProbability += Math.log(mean) - Math.log(filled);
    rate += Math.exp(logProbability) * (1 - (31 / 32) ** filled) ** WORDS;
  }
  return rate;
}
