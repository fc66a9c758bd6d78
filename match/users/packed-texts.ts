// Millions of short texts in a few buffers: as strings they would take twice the memory.

const CHUNK_BYTES = 1 << 20;
const LENGTH_BYTES = 4;

export class PackedTexts {
  readonly #chunks: Buffer[] = [];
  /** Bytes that are taken of the last chunk. */
  #end = CHUNK_BYTES;
  /** Where each text starts: the chunk times its size, and the offset in it. */
  #starts = new Float64Array(1024);
  #count = 0;

  /** @param text of less than a quarter of a chunk */
  add(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (this.#end + LENGTH_BYTES + bytes > CHUNK_BYTES) {
      this.#chunks.push(Buffer.allocUnsafeSlow(CHUNK_BYTES));
      this.#end = 0;
    }
    const chunk = this.#chunks.at(-1) as Buffer;
    if (this.#count === this.#starts.length) {
      const longer = new Float64Array(2 * this.#count);
      longer.set(this.#starts);
      this.#starts = longer;
    }
    this.#starts[this.#count++] = (this.#chunks.length - 1) * CHUNK_BYTES + this.#end;
    chunk.writeUInt32LE(bytes, this.#end);
    chunk.write(text, this.#end + LENGTH_BYTES);
    this.#end += LENGTH_BYTES + bytes;
  }

  at(place: number): string {
    const start = this.#starts[place] as number;
    const chunk = this.#chunks[Math.floor(start / CHUNK_BYTES)] as Buffer;
    const from = (start % CHUNK_BYTES) + LENGTH_BYTES;
    return chunk.toString('utf8', from, from + chunk.readUInt32LE(from - LENGTH_BYTES));
  }

  get length(): number {
    return this.#count;
  }
}
