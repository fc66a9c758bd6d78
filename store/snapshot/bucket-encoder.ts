// Gathers merged records into buckets, and computes the facts of an index. PROTOCOL.md §12.

import type { BucketHash, BucketId } from '../../protocol/brands.ts';
import { type BucketContent, type FormTags, shortenTags } from '../../protocol/bucket.ts';
import { bucketId } from '../../protocol/bucket-id.ts';
import { TAG_BITS } from '../../protocol/entry.ts';
import { type MetadataBytes, type PadBatch, writeMetadata } from '../../protocol/metadata.ts';
import { EntryKind } from '../../protocol/private-input.ts';
import type { Merge } from '../run/merge.ts';
import { KIND_AT, TAG_AT } from '../run/record.ts';
import { chooseBodySizes, sizeEntropyBits } from './body-sizes.ts';
import { SizeTally } from './histogram.ts';
import type { IndexFacts } from './layout/snapshot-facts.ts';

/** Writes a bucket. @returns the length of its body without padding */
export type WriteBucket = (id: BucketId, content: BucketContent & { readonly tags: Float64Array }) => number;

/** How the records of one index become buckets. */
export interface BucketEncoding {
  readonly prefixBits: number;
  readonly metadataBytes: MetadataBytes;
  /** Whether its buckets have entries of similarity forms. */
  readonly similar: boolean;
  /** Of the layer. Only this encoder may use it meanwhile. */
  readonly pads: PadBatch;
  /** The number of a source by its place in the merge. */
  readonly numbers: ArrayLike<number>;
}

/** Gathers merged records into buckets, id by id, and computes IndexFacts. */
export class BucketEncoder {
  readonly #prefixBits: number;
  readonly #metadataBytes: MetadataBytes;
  readonly #similar: boolean;
  readonly #pads: PadBatch;
  readonly #numbers: ArrayLike<number>;
  readonly #write: WriteBucket;
  readonly #sizes = new Map<number, number>();
  readonly #tally = new SizeTally();
  #tags = new Float64Array(4096);
  #metadata = new Uint8Array(4096 * 3);
  #count = 0;
  /** Tags of similarity forms. */
  #formTags = new Float64Array(4096);
  #formCount = 0;
  /** Entries of the bucket whose metadata is encrypted. */
  #hidden = 0;
  #id = 0;
  #entries = 0;
  #forms = 0;
  #maxForms = 0;
  #usernames = 0;
  #minEntries = Number.POSITIVE_INFINITY;
  #maxEntries = 0;
  #contentBytes = 0;
  #leastBits = 0;

  constructor({ prefixBits, metadataBytes, similar, pads, numbers }: BucketEncoding, write: WriteBucket) {
    this.#prefixBits = prefixBits;
    this.#metadataBytes = metadataBytes;
    this.#similar = similar;
    this.#pads = pads;
    this.#numbers = numbers;
    this.#write = write;
  }

  add(merge: Merge): void {
    const id = bucketId(merge.head as BucketHash, this.#prefixBits);
    while (this.#id < id) this.#flush();
    const { bytes, at: from, times } = merge;
    const kind = bytes[from + KIND_AT] as EntryKind;
    if (kind === EntryKind.similar) {
      this.#addForm(merge.middle);
      return;
    }
    if (this.#count === this.#tags.length) this.#grow();
    const at = this.#count++;
    this.#tags[at] = merge.middle;
    // Each username has one entry of its own.
    if (kind === EntryKind.username) this.#usernames++;
    const width = this.#metadataBytes;
    if (width === 0) return;
    const source = this.#numbers[merge.source] as number;
    writeMetadata({ kind, times, source }, width, this.#metadata, at * width);
    this.#pads.add(bytes, from + TAG_AT);
    if (this.#pads.isFull) this.#hide();
  }

  #addForm(tag: number): void {
    if (this.#formCount === this.#formTags.length) this.#formTags = grown(this.#formTags);
    this.#formTags[this.#formCount++] = tag;
  }

  /** Encrypts the metadata of the entries that the batch holds: the last ones. */
  #hide(): void {
    this.#pads.hide(this.#metadata, this.#hidden * this.#metadataBytes, this.#metadataBytes);
    this.#hidden = this.#count;
  }

  finish(): IndexFacts {
    const buckets = 2 ** this.#prefixBits;
    while (this.#id < buckets) this.#flush();
    const bodyBytes = chooseBodySizes(this.#sizes);
    return {
      prefixBits: this.#prefixBits,
      metadataBytes: this.#metadataBytes,
      bodyBytes,
      entries: this.#entries,
      ...(this.#usernames > 0 && { usernames: this.#usernames }),
      ...(this.#similar && { forms: this.#forms, maxForms: this.#maxForms }),
      minEntries: this.#minEntries,
      maxEntries: this.#maxEntries,
      contentBytes: this.#contentBytes,
      metadataTotalBytes: this.#entries * this.#metadataBytes,
      leastBits: this.#leastBits,
      sizeBits: sizeEntropyBits(this.#sizes, bodyBytes),
      histogram: this.#tally.histogram(),
    };
  }

  #flush(): void {
    if (this.#metadataBytes > 0) this.#hide();
    this.#hidden = 0;
    const { tags, metadata } = this.#sortByTag(this.#count);
    const count = tags.length;
    const forms = this.#similar ? this.#takeForms() : undefined;
    const metadataBytes = this.#metadataBytes;
    const bytes = this.#write(this.#id as BucketId, { tags, metadata, metadataBytes, forms });
    this.#sizes.set(bytes, (this.#sizes.get(bytes) ?? 0) + 1);
    this.#tally.add(count);
    this.#entries += count;
    this.#minEntries = Math.min(this.#minEntries, count);
    this.#maxEntries = Math.max(this.#maxEntries, count);
    this.#contentBytes += bytes;
    if (count > 0) this.#leastBits += count * (TAG_BITS - Math.log2(count));
    this.#count = 0;
    this.#id++;
  }

  #takeForms(): FormTags {
    const forms = shortenTags(this.#formTags.subarray(0, this.#formCount));
    const count = forms.tags.length;
    this.#forms += count;
    this.#maxForms = Math.max(this.#maxForms, count);
    if (count > 0) this.#leastBits += count * (forms.bits - Math.log2(count));
    this.#formCount = 0;
    return forms;
  }

  /**
   * Records arrive ordered by hash, then tag. A bucket needs them ordered by tag, each tag once.
   */
  #sortByTag(count: number): { tags: Float64Array; metadata: Uint8Array } {
    const width = this.#metadataBytes;
    const order = this.#orderByTag(count);
    const tags = new Float64Array(count);
    const metadata = new Uint8Array(count * width);
    let kept = 0;
    for (let place = 0; place < count; place++) {
      const from = order[place] as number;
      const tag = this.#tags[from] as number;
      // Two entries of a bucket share a tag in one of 2^29 buckets. Clients cannot tell them apart:
      // either is a hit.
      if (kept > 0 && tags[kept - 1] === tag) continue;
      tags[kept] = tag;
      for (let byte = 0; byte < width; byte++)
        metadata[kept * width + byte] = this.#metadata[from * width + byte] as number;
      kept++;
    }
    return { tags: tags.subarray(0, kept), metadata: metadata.subarray(0, kept * width) };
  }

  /**
   * Positions of the entries, ordered by tag; equal tags keep their order. Tags are pseudo-random:
   * distributing them by their leading bits leaves about one in each group.
   */
  #orderByTag(count: number): Uint32Array {
    const tags = this.#tags;
    const bits = 32 - Math.clz32(count);
    const divisor = 2 ** (TAG_BITS - bits);
    const ends = new Uint32Array(2 ** bits);
    for (let i = 0; i < count; i++) {
      const group = Math.floor((tags[i] as number) / divisor);
      ends[group] = (ends[group] as number) + 1;
    }
    let sum = 0;
    for (let group = 0; group < ends.length; group++) {
      const size = ends[group] as number;
      ends[group] = sum;
      sum += size;
    }
    const order = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const group = Math.floor((tags[i] as number) / divisor);
      const place = ends[group] as number;
      order[place] = i;
      ends[group] = place + 1;
    }
    // Nearly sorted: entries move within their groups only.
    for (let i = 1; i < count; i++) {
      const moving = order[i] as number;
      const tag = tags[moving] as number;
      let at = i;
      for (; at > 0 && (tags[order[at - 1] as number] as number) > tag; at--) order[at] = order[at - 1] as number;
      order[at] = moving;
    }
    return order;
  }

  #grow(): void {
    this.#tags = grown(this.#tags);
    const metadata = new Uint8Array(this.#metadata.length * 2);
    metadata.set(this.#metadata);
    this.#metadata = metadata;
  }
}

/** A copy with room for as many more. */
function grown(tags: Float64Array): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(tags.length * 2);
  longer.set(tags);
  return longer;
}
