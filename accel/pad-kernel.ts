// The pads of many entries at once, on the WebAssembly kernel: PROTOCOL.md §5. Tests compare it
// with node:crypto.

import type { LayerId } from '../protocol/brands.ts';
import { PAD_INPUT_BYTES, PAD_PREFIX_BYTES, padPrefix, TAG_AND_SEED_BYTES } from '../protocol/entry.ts';
import type { MetadataBytes, PadBatch } from '../protocol/metadata.ts';
import { type KernelExports, startKernel } from './kernel-instance.ts';

/** Entries in a batch, a multiple of the kernel's four lanes. */
const CAPACITY = 2048;
const LANES = 4;
/** One block of SHA-256 holds a PadInput and its padding. */
const BLOCK_BYTES = 64;
/** The kernel returns the first word of each digest. */
const HEAD_BYTES = 4;

class PadKernel implements PadBatch {
  readonly #exports: KernelExports;
  readonly #bytes: Uint8Array;
  readonly #blocksAt: number;
  readonly #headsAt: number;
  #count = 0;

  constructor(layer: LayerId) {
    const { exports, heapAt, bytes } = startKernel(() => CAPACITY * (BLOCK_BYTES + HEAD_BYTES));
    this.#exports = exports;
    this.#bytes = bytes;
    this.#blocksAt = heapAt;
    this.#headsAt = this.#blocksAt + CAPACITY * BLOCK_BYTES;
    // All but tag and seed is the same in every block: FIPS 180-4 §5.1.1.
    const block = new Uint8Array(BLOCK_BYTES);
    block.set(padPrefix(layer));
    block[PAD_INPUT_BYTES] = 0x80;
    new DataView(block.buffer).setUint16(BLOCK_BYTES - 2, 8 * PAD_INPUT_BYTES);
    for (let i = 0; i < CAPACITY; i++) this.#bytes.set(block, this.#blocksAt + i * BLOCK_BYTES);
  }

  get isFull(): boolean {
    return this.#count === CAPACITY;
  }

  add(bytes: Uint8Array, at: number): void {
    const to = this.#blocksAt + this.#count++ * BLOCK_BYTES + PAD_PREFIX_BYTES;
    for (let i = 0; i < TAG_AND_SEED_BYTES; i++) this.#bytes[to + i] = bytes[at + i] as number;
  }

  hide(metadata: Uint8Array, at: number, width: MetadataBytes): void {
    const pads = this.#bytes;
    // The unused lanes of the last four hash what an earlier batch left there.
    this.#exports.sha256Heads(this.#blocksAt, Math.ceil(this.#count / LANES) * LANES, this.#headsAt);
    for (let entry = 0; entry < this.#count; entry++) {
      const from = this.#headsAt + entry * HEAD_BYTES;
      const to = at + entry * width;
      for (let i = 0; i < width; i++) metadata[to + i] = (metadata[to + i] as number) ^ (pads[from + i] as number);
    }
    this.#count = 0;
  }
}

export const createKernelPads = (layer: LayerId): PadBatch => new PadKernel(layer);
