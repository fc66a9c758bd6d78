// Decodes concatenated bzip2 streams by the decoder of unbzip2-stream, which checks the CRC of
// every block. Its stream makes an array of numbers of each block, ten times as large as its text.

import createBitReader from 'unbzip2-stream/lib/bit_iterator.js';
import bzip2 from 'unbzip2-stream/lib/bzip2.js';
import type { Blocks } from './blocks.ts';
import { ContainerError, corruptContainer } from './errors.ts';

/** Numbers per unit of the block size that a stream states. */
const BLOCK_UNIT = 100_000;
const MAX_BLOCK_UNITS = 9;
/** A block takes at most as much input as its size, and this. */
const BLOCK_OVERHEAD = 25_000;
const PIECE_BYTES = 1 << 18;

/** @param count as in `decompress` */
export async function* decodeBzip2(blocks: Blocks, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  const decoder = new Bzip2Decoder(count);
  for await (const block of blocks) {
    decoder.take(block);
    while (decoder.hasBlock) yield* decoder.decode();
  }
  while (decoder.hasInput) yield* decoder.decode();
  if (decoder.isOpen) throw corruptContainer('bzip2');
}

class Bzip2Decoder {
  readonly #count: (bytes: number) => void;
  readonly #input: Buffer[] = [];
  #inputBytes = 0;
  #read: ReturnType<typeof createBitReader> | undefined;
  readonly #numbers = new Int32Array(MAX_BLOCK_UNITS * BLOCK_UNIT);
  /** Of the stream that is being read; 0 between two. */
  #units = 0;
  #crc: number | null = null;
  #pieces: Buffer[] = [];
  #piece = Buffer.alloc(0);
  #filled = 0;

  constructor(count: (bytes: number) => void) {
    this.#count = count;
  }

  take(block: Buffer): void {
    if (block.length === 0) return;
    this.#input.push(block);
    this.#inputBytes += block.length;
  }

  /** Whether the next header or block is there as a whole. */
  get hasBlock(): boolean {
    return this.#unread + 1 >= BLOCK_OVERHEAD + BLOCK_UNIT * this.#units;
  }

  get hasInput(): boolean {
    return this.#unread > 0;
  }

  /** Whether a stream has not ended. */
  get isOpen(): boolean {
    return this.#crc !== null;
  }

  get #unread(): number {
    return this.#inputBytes - (this.#read?.bytesRead ?? 0);
  }

  /** Reads the header of a stream, or its next block. @returns the text, once its CRC is right */
  decode(): readonly Buffer[] {
    this.#read ??= createBitReader(() => this.#input.shift());
    this.#pieces = [];
    this.#filled = 0;
    try {
      if (this.#units === 0) {
        this.#units = bzip2.header(this.#read);
        this.#crc = 0;
        return [];
      }
      const length = this.#units * BLOCK_UNIT;
      this.#crc = bzip2.decompress(this.#read, (byte) => this.#write(byte), this.#numbers, length, this.#crc ?? 0);
    } catch (error) {
      throw error instanceof ContainerError ? error : corruptContainer('bzip2', error);
    }
    if (this.#crc === null) this.#units = 0;
    this.#flush();
    return this.#pieces;
  }

  #write(byte: number): void {
    if (this.#filled === this.#piece.length) {
      this.#flush();
      this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
    }
    this.#piece[this.#filled++] = byte;
  }

  /** A block may unpack to fifty times its size, so its pieces are counted one by one. */
  #flush(): void {
    if (this.#filled > 0) {
      this.#count(this.#filled);
      this.#pieces.push(this.#piece.subarray(0, this.#filled));
    }
    this.#piece = Buffer.alloc(0);
    this.#filled = 0;
  }
}
