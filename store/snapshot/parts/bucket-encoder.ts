// Gathers merged records into buckets. PROTOCOL.md §12.

import type { BucketHash, BucketId } from '../../../protocol/brands.ts';
import { type BucketContent, type FormTags, shortenTags } from '../../../protocol/bucket.ts';
import { bucketId } from '../../../protocol/bucket-id.ts';
import { TAG_BITS } from '../../../protocol/entry.ts';
import { type MetadataBytes, type PadBatch, writeMetadata } from '../../../protocol/metadata.ts';
import { EntryKind } from '../../../protocol/private-input.ts';
import type { Merge } from '../../run/merge.ts';
import { KIND_AT, TAG_AT } from '../../run/record.ts';
import { type BucketTally, TallyKeeper } from './bucket-tally.ts';

/** Writes a bucket, whose arrays are used again. @returns the length of its body without padding */
export type WriteBucket = (id: BucketId, content: BucketContent & { readonly tags: Float64Array }) => number;

/** How the records of one index become buckets. */
export interface BucketEncoding {
  readonly prefixBits: number;
  /** The buckets to make, from `from` up to `to`. Default: all of the index. */
  readonly ids?: { readonly from: number; readonly to: number };
  readonly metadataBytes: MetadataBytes;
  /** Whether its buckets have entries of similarity forms. */
  readonly similar: boolean;
  /** Bits that their short tags have more than they need. Default 0. */
  readonly spareFormBits?: number;
  /** Of the layer. Only this encoder may use it meanwhile. */
  readonly pads: PadBatch;
  /** The number of a source by its place in the merge. */
  readonly numbers: ArrayLike<number>;
}

/** Gathers merged records into buckets, id by id. */
export class BucketEncoder {
  readonly #prefixBits: number;
  readonly #metadataBytes: MetadataBytes;
  readonly #similar: boolean;
  readonly #spareFormBits: number;
  readonly #pads: PadBatch;
  readonly #numbers: ArrayLike<number>;
  readonly #write: WriteBucket;
  readonly #tally = new TallyKeeper();
  /** The bucket after the last one. */
  readonly #end: number;
  #tags = new Float64Array(4096);
  #metadata = new Uint8Array(4096 * 3);
  #count = 0;
  // Used again for each bucket.
  #sortedTags = new Float64Array(4096);
  #sortedMetadata = new Uint8Array(4096 * 3);
  #order = new Uint32Array(4096);
  #ends = new Uint32Array(4096);
  /** Tags of similarity forms. */
  #formTags = new Float64Array(4096);
  #formCount = 0;
  /** Entries of the bucket whose metadata is encrypted. */
  #hidden = 0;
  #id: number;

  constructor(encoding: BucketEncoding, write: WriteBucket) {
    const { prefixBits, metadataBytes, similar, spareFormBits = 0, pads, numbers } = encoding;
    const { from, to } = encoding.ids ?? { from: 0, to: 2 ** prefixBits };
    this.#id = from;
    this.#end = to;
    this.#prefixBits = prefixBits;
    this.#metadataBytes = metadataBytes;
    this.#similar = similar;
    this.#spareFormBits = spareFormBits;
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
    if (kind === EntryKind.username) this.#tally.usernames++;
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

  finish(): BucketTally {
    while (this.#id < this.#end) this.#flush();
    return this.#tally.tally();
  }

  #flush(): void {
    if (this.#metadataBytes > 0) this.#hide();
    this.#hidden = 0;
    const { tags, metadata } = this.#sortByTag(this.#count);
    const forms = this.#similar ? this.#takeForms() : undefined;
    const metadataBytes = this.#metadataBytes;
    const bytes = this.#write(this.#id as BucketId, { tags, metadata, metadataBytes, forms });
    this.#tally.addBucket(bytes, tags.length, forms);
    this.#count = 0;
    this.#id++;
  }

  #takeForms(): FormTags {
    const forms = shortenTags(this.#formTags.subarray(0, this.#formCount), this.#spareFormBits);
    this.#formCount = 0;
    return forms;
  }

  /**
   * Records arrive ordered by hash, then tag. A bucket needs them ordered by tag, each tag once.
   * What is returned is good until the next call.
   */
  #sortByTag(count: number): { tags: Float64Array; metadata: Uint8Array } {
    const width = this.#metadataBytes;
    const order = this.#orderByTag(count);
    if (this.#sortedTags.length < count) {
      this.#sortedTags = new Float64Array(this.#tags.length);
      this.#sortedMetadata = new Uint8Array(this.#metadata.length);
    }
    const tags = this.#sortedTags;
    const metadata = this.#sortedMetadata;
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
    if (this.#order.length < count) this.#order = new Uint32Array(tags.length);
    if (this.#ends.length < 2 ** bits) this.#ends = new Uint32Array(2 ** bits);
    const ends = this.#ends.subarray(0, 2 ** bits).fill(0);
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
    const order = this.#order;
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
