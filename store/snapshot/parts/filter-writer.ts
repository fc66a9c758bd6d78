// Writes the password filter: its blocks part by part, with a mebibyte of memory each, and then the
// whole. PROTOCOL.md §17.

import { createHash, createHmac } from 'node:crypto';
import fs from 'node:fs';
import type { DatasetId, EntryTag, LayerId, SealKey } from '../../../protocol/brands.ts';
import { encodeFilterHeader, FILTER_SEAL_LABEL, filterLow } from '../../../protocol/password-filter.ts';
import { SEAL_BYTES } from '../../../protocol/seal.ts';
import { BLOCK_BYTES, blockIndex, falsePositiveRate, MAX_BLOCKS, setBits } from '../../../protocol/split-block.ts';
import { workAltered } from '../../errors.ts';
import { openRegularFile, readFully, writeFully } from '../../files.ts';
import type { KeyRange } from '../../run/part-reader.ts';
import type { FileDigest } from '../layout/bodies-file.ts';
import { BufferedWriter } from '../layout/buffered-writer.ts';
import { PartHasher } from '../layout/parted-file.ts';
import type { FilterFacts } from '../layout/snapshot-facts.ts';
import { corruptSnapshot } from '../layout/snapshot-files.ts';

/** Blocks in memory at once. */
const WINDOW_BLOCKS = 2 ** 15;

/** The minimum number of blocks for at most one false positive in `oneIn`. */
export function chooseBlocks(entries: number, oneIn: number): number {
  let high = Math.max(1, entries);
  let low = 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (falsePositiveRate(entries, middle) * oneIn <= 1) high = middle;
    else low = middle + 1;
  }
  return Math.min(MAX_BLOCKS, high);
}

export interface FilterPlace {
  readonly dataset: DatasetId;
  readonly layer: LayerId;
  readonly blocks: number;
}

/** Successive blocks, from `from` up to `to`. */
export interface BlockRange {
  readonly from: number;
  readonly to: number;
}

/** The blocks that these keys are in. Two neighbours may share one. */
export function blocksOf(keys: KeyRange, blocks: number): BlockRange {
  const hashes = 2 ** 24;
  return { from: blockIndex(keys.from * hashes, blocks), to: 1 + blockIndex(keys.to * hashes - 1, blocks) };
}

/**
 * Takes entries of the password index in the order of their hashes, which is the order of their
 * blocks, and hands over the blocks that they make.
 */
export class FilterBlocks {
  readonly #take: (bytes: Uint8Array) => void;
  readonly #blocks: number;
  readonly #to: number;
  readonly #window: Uint8Array;
  /** The first block in the window. */
  #from: number;

  /**
   * @param blocks of the whole filter
   * @param take gets each block once, in order, in memory that is used again
   */
  constructor(blocks: number, { from, to }: BlockRange, take: (bytes: Uint8Array) => void) {
    this.#blocks = blocks;
    this.#from = from;
    this.#to = to;
    this.#window = new Uint8Array(Math.min(WINDOW_BLOCKS, to - from) * BLOCK_BYTES);
    this.#take = take;
  }

  /** @param hash not less than that of the previous call */
  add(hash: number, tag: number): void {
    const block = blockIndex(hash, this.#blocks);
    while (block >= this.#from + WINDOW_BLOCKS) this.#flush();
    setBits(this.#window, (block - this.#from) * BLOCK_BYTES, filterLow(tag as EntryTag));
  }

  finish(): void {
    while (this.#from < this.#to) this.#flush();
  }

  #flush(): void {
    const blocks = Math.min(WINDOW_BLOCKS, this.#to - this.#from);
    this.#take(this.#window.subarray(0, blocks * BLOCK_BYTES));
    this.#window.fill(0);
    this.#from += blocks;
  }
}

/** Writes the blocks of a part to a file of their own. */
export class FilterPartWriter {
  readonly #out: BufferedWriter;
  readonly #hash = createHash('sha256');
  readonly #blocks: FilterBlocks;
  readonly #bytes: number;

  /** @param blocks of the whole filter */
  constructor(file: string, blocks: number, range: BlockRange) {
    this.#bytes = (range.to - range.from) * BLOCK_BYTES;
    this.#out = new BufferedWriter(file, 0o600, (bytes) => this.#hash.update(bytes));
    this.#blocks = new FilterBlocks(blocks, range, (bytes) => this.#out.write(bytes));
  }

  /** As that of FilterBlocks. */
  add(hash: number, tag: number): void {
    this.#blocks.add(hash, tag);
  }

  finish(): FileDigest {
    this.#blocks.finish();
    this.#out.finish();
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** Closes the file, also after a failure. */
  close(): void {
    this.#out.close();
  }
}

export interface WrittenFilterPart {
  readonly file: string;
  readonly range: BlockRange;
  readonly entries: number;
  /** SHA-256 of its blocks, in hex. */
  readonly sha256: string;
}

/**
 * Writes the filter from its parts, with header and seal.
 * @param turn is called from time to time: it may throw
 * @returns its facts, and the digests of its file's parts
 * @throws StoreError `WORK_ALTERED`
 */
export async function writeFilter(
  file: string,
  place: FilterPlace,
  parts: readonly WrittenFilterPart[],
  sealKey: SealKey,
  turn: () => Promise<void>,
): Promise<{ readonly facts: FilterFacts; readonly digests: Buffer }> {
  const entries = parts.reduce((sum, part) => sum + part.entries, 0);
  const handle = fs.openSync(file, 'wx');
  const mac = createHmac('sha256', sealKey).update(FILTER_SEAL_LABEL);
  const sha256 = createHash('sha256');
  const digests = new PartHasher();
  let bytes = 0;
  const write = (block: Uint8Array): void => {
    writeFully(handle, block, block.length);
    mac.update(block);
    sha256.update(block);
    digests.add(block);
    bytes += block.length;
  };
  try {
    write(encodeFilterHeader({ ...place, entries }));
    for (const block of joinBlocks(parts)) {
      write(block);
      await turn();
    }
    const seal = mac.digest().subarray(0, SEAL_BYTES);
    writeFully(handle, seal, seal.length);
    sha256.update(seal);
    digests.add(seal);
    const facts = { bytes: bytes + seal.length, sha256: sha256.digest('hex'), entries, blocks: place.blocks };
    return { facts, digests: digests.finish() };
  } finally {
    fs.closeSync(handle);
  }
}

/**
 * The blocks of all parts in order, each once: a block that parts share has the bits of all. The
 * bytes that are used have the digest of the part: a bit less would rule a leaked password out.
 */
function* joinBlocks(parts: readonly WrittenFilterPart[]): Generator<Uint8Array> {
  const window = Buffer.alloc(WINDOW_BLOCKS * BLOCK_BYTES);
  /** The last block, which the next part may share. */
  let last: Buffer | undefined;
  for (const [number, { file, range, sha256 }] of parts.entries()) {
    const isShared = number > 0 && range.from < (parts[number - 1] as WrittenFilterPart).range.to;
    const hash = createHash('sha256');
    const handle = fs.openSync(file, 'r');
    try {
      for (let from = range.from; from < range.to; from += WINDOW_BLOCKS) {
        const bytes = Math.min(WINDOW_BLOCKS, range.to - from) * BLOCK_BYTES;
        const at = (from - range.from) * BLOCK_BYTES;
        readFully(handle, window, bytes, at, () => workAltered(file));
        hash.update(window.subarray(0, bytes));
        if (last && isShared && from === range.from)
          for (const [i, bits] of last.entries()) window[i] = (window[i] as number) | bits;
        else if (last) yield last;
        yield window.subarray(0, bytes - BLOCK_BYTES);
        last = Buffer.from(window.subarray(bytes - BLOCK_BYTES, bytes));
      }
      if (hash.digest('hex') !== sha256) throw workAltered(file);
    } finally {
      fs.closeSync(handle);
    }
  }
  if (last) yield last;
}

/**
 * Computes the seal of a file.
 * @param bytes length of the sealed part; the whole file by default
 */
export async function sealFilterFile(
  file: string,
  sealKey: SealKey,
  bytes = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> {
  const mac = createHmac('sha256', sealKey).update(FILTER_SEAL_LABEL);
  await readBlocks(file, bytes, (block) => mac.update(block));
  return mac.digest().subarray(0, SEAL_BYTES);
}

async function readBlocks(file: string, limit: number, take: (block: Buffer) => unknown): Promise<number> {
  let bytes = 0;
  const fd = openRegularFile(file, (why) => corruptSnapshot(`its filter is ${why}`));
  for await (const block of fs.createReadStream('', { fd, highWaterMark: 1 << 20, start: 0, end: limit - 1 })) {
    take(block as Buffer);
    bytes += (block as Buffer).length;
  }
  return bytes;
}
