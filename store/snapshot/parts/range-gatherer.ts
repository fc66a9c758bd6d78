// Gathers merged range records into ranges, part by part. PROTOCOL.md §12.

import type { RangeName } from '../../../protocol/bucket-id.ts';
import { StoreError } from '../../errors.ts';
import { HASH_BYTES, readRange } from '../../run/range-record.ts';
import type { RangeFacts } from '../layout/snapshot-facts.ts';
import { encodeRangeBody, MAX_RANGE_ENTRIES, SHARED_BYTES } from '../ranges/range-body.ts';
import { textBytes } from '../ranges/range-text.ts';
import { addUp, type Counts, increase, total } from './counts.ts';
import { SizeTally } from './histogram.ts';

/** Of some ranges. Plain values, so that threads and files carry them. */
export interface RangeTally {
  /** Entries of ranges that have some. */
  readonly entries: Counts;
  readonly contentBytes: number;
  readonly maxTextBytes: number;
}

/** @param tallies of all ranges @param gaps ranges that a mirror lacks */
export function describeRanges(tallies: readonly RangeTally[], gaps: number): RangeFacts {
  const counts = addUp(tallies.map(({ entries }) => entries));
  const sizes = new SizeTally();
  for (const [entries, ranges] of counts) sizes.add(entries, ranges);
  return {
    entries: total(counts),
    ranges: counts.reduce((sum, [, ranges]) => sum + ranges, 0),
    minEntries: counts[0]?.[0] ?? 0,
    maxEntries: counts.at(-1)?.[0] ?? 0,
    contentBytes: tallies.reduce((sum, { contentBytes }) => sum + contentBytes, 0),
    maxTextBytes: tallies.reduce((most, { maxTextBytes }) => Math.max(most, maxTextBytes), 0),
    histogram: sizes.histogram(),
    ...(gaps > 0 && { gaps }),
  };
}

/** Gathers merged records into ranges. Ranges without entries get no body. */
export class RangeGatherer {
  readonly #insert: (range: number, body: Buffer) => void;
  readonly #name: RangeName;
  readonly #suffixBytes: number;
  #suffixes = new Uint8Array(1 << 16);
  #times = new Float64Array(4096);
  #count = 0;
  #range = -1;
  readonly #entries = new Map<number, number>();
  #contentBytes = 0;
  #maxTextBytes = 0;

  constructor(name: RangeName, insert: (range: number, body: Buffer) => void) {
    this.#name = name;
    this.#suffixBytes = HASH_BYTES[name] - SHARED_BYTES;
    this.#insert = insert;
  }

  /** Adds the hash at `bytes[from]`. */
  add(bytes: Uint8Array, from: number, times: number): void {
    const range = readRange(bytes, from);
    if (range !== this.#range) this.#flush();
    this.#range = range;
    if (this.#count === MAX_RANGE_ENTRIES)
      throw new StoreError(
        'RUN_CORRUPT',
        'a range has more hashes than SHA-1 or NTLM can produce',
        'Remove the last source.',
      );
    this.#reserve();
    const at = this.#count * this.#suffixBytes;
    for (let byte = 0; byte < this.#suffixBytes; byte++)
      this.#suffixes[at + byte] = bytes[from + SHARED_BYTES + byte] as number;
    this.#times[this.#count++] = times;
  }

  finish(): RangeTally {
    this.#flush();
    return { entries: [...this.#entries], contentBytes: this.#contentBytes, maxTextBytes: this.#maxTextBytes };
  }

  #flush(): void {
    const count = this.#count;
    if (count === 0) return;
    const times = this.#times.subarray(0, count);
    const body = encodeRangeBody(this.#suffixes.subarray(0, count * this.#suffixBytes), times);
    this.#insert(this.#range, body);
    increase(this.#entries, count);
    this.#contentBytes += body.length;
    this.#maxTextBytes = Math.max(this.#maxTextBytes, textBytes(this.#name, times));
    this.#count = 0;
  }

  #reserve(): void {
    if (this.#count === this.#times.length) {
      const times = new Float64Array(2 * this.#times.length);
      times.set(this.#times);
      this.#times = times;
    }
    if ((this.#count + 1) * this.#suffixBytes > this.#suffixes.length) {
      const suffixes = new Uint8Array(2 * this.#suffixes.length);
      suffixes.set(this.#suffixes);
      this.#suffixes = suffixes;
    }
  }
}
