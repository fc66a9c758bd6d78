// The start of a value that is read in blocks, for masked examples of those that are malformed.

const MAX_BYTES = 512;
const NOTHING = Buffer.alloc(0);

export class Excerpt {
  #held: Buffer = NOTHING;
  /** Where the value, or the rest of it, begins in the current block. */
  #from = 0;

  begin(at: number): void {
    this.#held = NOTHING;
    this.#from = at;
  }

  /** Keeps what the block has of the value, which goes on in the next one. */
  keep(block: Buffer): void {
    const room = MAX_BYTES - this.#held.length;
    if (room > 0) this.#held = Buffer.concat([this.#held, block.subarray(this.#from, this.#from + room)]);
    this.#from = 0;
  }

  /** @param end where it turned out to be malformed, in the current block */
  take(block: Buffer, end: number): Buffer {
    return Buffer.concat([this.#held, block.subarray(this.#from, Math.max(this.#from, end))]).subarray(0, MAX_BYTES);
  }
}
