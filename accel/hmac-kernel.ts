// HMAC-SHA-256 of many short messages at once, on a WebAssembly kernel. Tests compare it with
// node:crypto.

import { type KernelExports, type KernelInstance, startKernel } from './kernel-instance.ts';

/** Two blocks of SHA-256 without their padding. Longer messages need another implementation. */
export const MAX_KERNEL_MESSAGE_BYTES = 119;
export const DIGEST_BYTES = 32;

const LANES = 4;
const STATE_BYTES = 32;
/** What `prepareKey` writes: the states after the inner and the outer pad. */
export const KEY_STATE_BYTES = 2 * STATE_BYTES;
/** Address and length of a message. */
const LIST_ITEM_BYTES = 8;
const BLOCK_BYTES = 64;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/**
 * RFC 2104: writes the states after one block, the key padded with zero bytes and XORed with a pad.
 * @param key up to 64 bytes
 * @param blockAt memory for a block
 */
export function prepareKey({ exports, bytes }: KernelInstance, key: Uint8Array, keysAt: number, blockAt: number): void {
  if (key.length > BLOCK_BYTES) throw new RangeError('hash a key of more than 64 bytes first');
  for (const [place, pad] of [INNER_PAD, OUTER_PAD].entries()) {
    for (let i = 0; i < BLOCK_BYTES; i++) bytes[blockAt + i] = (key[i] ?? 0) ^ pad;
    exports.stateAfter(blockAt, keysAt + place * STATE_BYTES);
  }
  bytes.fill(0, blockAt, blockAt + BLOCK_BYTES);
}

/** Collects messages and computes their digests in one batch, all under one key. */
export class HmacKernel {
  readonly #exports: KernelExports;
  readonly #capacity: number;
  readonly #keysAt: number;
  readonly #listAt: number;
  readonly #messagesAt: number;
  readonly #digestsAt: number;
  readonly #list: Uint32Array;
  /** The module's memory: callers write messages to it and read digests from it. */
  readonly bytes: Uint8Array;
  #count = 0;
  #end: number;

  /**
   * @param key up to 64 bytes
   * @param capacity messages in a batch
   */
  constructor(key: Uint8Array, capacity: number) {
    this.#capacity = Math.ceil(capacity / LANES) * LANES;
    const bytesEach = LIST_ITEM_BYTES + DIGEST_BYTES + MAX_KERNEL_MESSAGE_BYTES + 1;
    const kernel = startKernel(() => KEY_STATE_BYTES + this.#capacity * bytesEach);
    const { exports } = kernel;
    this.#exports = exports;
    this.bytes = kernel.bytes;
    this.#keysAt = kernel.heapAt;
    this.#listAt = this.#keysAt + KEY_STATE_BYTES;
    this.#digestsAt = this.#listAt + this.#capacity * LIST_ITEM_BYTES;
    this.#messagesAt = this.#digestsAt + this.#capacity * DIGEST_BYTES;
    this.#list = new Uint32Array(exports.memory.buffer, this.#listAt, this.#capacity * 2);
    prepareKey(kernel, key, this.#keysAt, this.#messagesAt);
    this.#end = this.#messagesAt;
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.#capacity;
  }

  /** Offset in `bytes` for the next message of up to MAX_KERNEL_MESSAGE_BYTES. */
  get messageAt(): number {
    return this.#end;
  }

  /** Ends the message at `messageAt`. @returns its place in the batch */
  commitMessage(length: number): number {
    const place = this.#count++;
    this.#list[2 * place] = this.#end;
    this.#list[2 * place + 1] = length;
    this.#end += length;
    return place;
  }

  /**
   * Computes all digests and empties the batch. The digests are valid until the next message is
   * committed.
   */
  run(): void {
    // The unused lanes of the last four hash empty messages.
    const count = Math.ceil(this.#count / LANES) * LANES;
    for (let i = this.#count; i < count; i++) this.#list[2 * i + 1] = 0;
    this.#exports.hmacBatch(this.#keysAt, this.#listAt, count, this.#digestsAt);
    this.#count = 0;
    this.#end = this.#messagesAt;
  }

  /** Offset in `bytes` of a message's digest. */
  digestAt(place: number): number {
    return this.#digestsAt + place * DIGEST_BYTES;
  }
}
