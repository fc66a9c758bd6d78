// What is counted while buckets are written, part by part, and the facts of an index that follow
// from all parts: the same ones, however many there are.

import type { FormTags } from '../../../protocol/bucket.ts';
import { TAG_BITS } from '../../../protocol/entry.ts';
import type { MetadataBytes } from '../../../protocol/metadata.ts';
import type { IndexFacts } from '../layout/snapshot-facts.ts';
import { chooseBodySizes, sizeEntropyBits } from './body-sizes.ts';
import { addUp, type Counts, increase, total } from './counts.ts';
import { SizeTally } from './histogram.ts';

/** Of some buckets. Plain values, so that threads and files carry them. */
export interface BucketTally {
  /** Lengths of bodies without padding. */
  readonly sizes: Counts;
  /** Entries of buckets. */
  readonly entries: Counts;
  /** Tags of forms in buckets, and how long they are: tags × BITS_LIMIT + bits. */
  readonly forms: Counts;
  readonly usernames: number;
}

/** Above the bits of a tag. */
const BITS_LIMIT = 64;

export class TallyKeeper {
  readonly #sizes = new Map<number, number>();
  readonly #entries = new Map<number, number>();
  readonly #forms = new Map<number, number>();
  usernames = 0;

  addBucket(bytes: number, entries: number, forms: FormTags | undefined): void {
    increase(this.#sizes, bytes);
    increase(this.#entries, entries);
    if (forms) increase(this.#forms, forms.tags.length * BITS_LIMIT + forms.bits);
  }

  tally(): BucketTally {
    return {
      sizes: [...this.#sizes],
      entries: [...this.#entries],
      forms: [...this.#forms],
      usernames: this.usernames,
    };
  }
}

/** What all entries of a bucket need at least, in bits. */
const leastBits = (entries: number, tagBits: number): number =>
  entries === 0 ? 0 : entries * (tagBits - Math.log2(entries));

interface IndexShape {
  readonly prefixBits: number;
  readonly metadataBytes: MetadataBytes;
  readonly similar: boolean;
  /** Of the account index. */
  readonly hasUsernames: boolean;
  /** All bodies are padded to the longest. */
  readonly hasOneLength: boolean;
}

/** @param tallies of all buckets of the index */
export function describeIndex(shape: IndexShape, tallies: readonly BucketTally[]): IndexFacts {
  const { prefixBits, metadataBytes, similar, hasUsernames, hasOneLength } = shape;
  const sizes = addUp(tallies.map((tally) => tally.sizes));
  const counts = addUp(tallies.map((tally) => tally.entries));
  const forms = addUp(tallies.map((tally) => tally.forms));
  const usernames = tallies.reduce((sum, tally) => sum + tally.usernames, 0);
  const bodyBytes = chooseBodySizes(new Map(sizes)).slice(hasOneLength ? -1 : 0);
  const entries = total(counts);
  const buckets = new SizeTally();
  let bits = 0;
  for (const [count, times] of counts) {
    buckets.add(count, times);
    bits += times * leastBits(count, TAG_BITS);
  }
  const formCounts = forms.map(([value, times]) => [Math.floor(value / BITS_LIMIT), times] as const);
  for (const [value, times] of forms) bits += times * leastBits(Math.floor(value / BITS_LIMIT), value % BITS_LIMIT);
  return {
    ...{ prefixBits, metadataBytes, bodyBytes, entries },
    ...(hasUsernames && { usernames }),
    ...(similar && { forms: total(formCounts), maxForms: formCounts.at(-1)?.[0] ?? 0 }),
    minEntries: counts[0]?.[0] ?? 0,
    maxEntries: counts.at(-1)?.[0] ?? 0,
    contentBytes: total(sizes),
    metadataTotalBytes: entries * metadataBytes,
    leastBits: bits,
    sizeBits: sizeEntropyBits(new Map(sizes), bodyBytes),
    histogram: buckets.histogram(),
  };
}
