// Writes the password filter in one pass with a mebibyte of memory. PROTOCOL.md §17.

import { createHash, createHmac } from 'node:crypto';
import fs from 'node:fs';
import type { DatasetId, EntryTag, LayerId, SealKey } from '../../protocol/brands.ts';
import {
  encodeFilterHeader,
  FILTER_HEADER_BYTES,
  FILTER_SEAL_LABEL,
  type FilterHeader,
  filterLow,
} from '../../protocol/password-filter.ts';
import { SEAL_BYTES } from '../../protocol/seal.ts';
import { BLOCK_BYTES, blockIndex, falsePositiveRate, MAX_BLOCKS, setBits } from '../../protocol/split-block.ts';
import { openRegularFile, writeFully } from '../files.ts';
import { PartHasher } from './layout/parted-file.ts';
import type { FilterFacts } from './layout/snapshot-facts.ts';
import { corruptSnapshot } from './layout/snapshot-files.ts';

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

/**
 * Takes the entries of the password index in the order of their hashes, which is the order of their
 * blocks.
 */
export class FilterWriter {
  readonly #file: string;
  readonly #handle: number;
  readonly #place: FilterPlace;
  readonly #window: Uint8Array;
  #open = true;
  /** The first block in the window. */
  #from = 0;
  #entries = 0;

  constructor(file: string, place: FilterPlace) {
    this.#file = file;
    this.#place = place;
    this.#window = new Uint8Array(Math.min(WINDOW_BLOCKS, place.blocks) * BLOCK_BYTES);
    this.#handle = fs.openSync(file, 'wx');
    // Zeros until the number of entries is known.
    writeFully(this.#handle, new Uint8Array(FILTER_HEADER_BYTES), FILTER_HEADER_BYTES);
  }

  /** @param hash not less than that of the previous call */
  add(hash: number, tag: number): void {
    const block = blockIndex(hash, this.#place.blocks);
    while (block >= this.#from + WINDOW_BLOCKS) this.#flush();
    setBits(this.#window, (block - this.#from) * BLOCK_BYTES, filterLow(tag as EntryTag));
    this.#entries++;
  }

  /** Gives the file its header and seal. @returns its facts, and the digests of its parts */
  async finish(sealKey: SealKey): Promise<{ readonly facts: FilterFacts; readonly digests: Buffer }> {
    const { blocks } = this.#place;
    while (this.#from < blocks) this.#flush();
    this.close();
    const header: FilterHeader = { ...this.#place, entries: this.#entries };
    append(this.#file, 'r+', encodeFilterHeader(header));
    const seal = await sealFilterFile(this.#file, sealKey);
    append(this.#file, 'a', seal);
    const sha256 = createHash('sha256');
    const parts = new PartHasher();
    const bytes = await readBlocks(this.#file, Number.POSITIVE_INFINITY, (block) => {
      sha256.update(block);
      parts.add(block);
    });
    const facts: FilterFacts = { bytes, sha256: sha256.digest('hex'), entries: this.#entries, blocks };
    return { facts, digests: parts.finish() };
  }

  /** Closes the file, also after a failure. */
  close(): void {
    if (this.#open) fs.closeSync(this.#handle);
    this.#open = false;
  }

  #flush(): void {
    const blocks = Math.min(WINDOW_BLOCKS, this.#place.blocks - this.#from);
    writeFully(this.#handle, this.#window, blocks * BLOCK_BYTES);
    this.#window.fill(0);
    this.#from += blocks;
  }
}

/** @param flags `r+` writes at the beginning, `a` at the end */
function append(file: string, flags: 'r+' | 'a', bytes: Uint8Array): void {
  const handle = fs.openSync(file, flags);
  try {
    writeFully(handle, bytes, bytes.length);
  } finally {
    fs.closeSync(handle);
  }
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
