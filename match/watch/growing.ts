// Numbers and bytes of fixed width for millions of tags, in memory that grows as they come.

const FIRST = 1024;

/** Items of `width` bytes each. */
export class GrowingBytes {
  readonly width: number;
  #bytes: Buffer;
  #count = 0;

  constructor(width: number) {
    this.width = width;
    this.#bytes = Buffer.alloc(FIRST * width);
  }

  get length(): number {
    return this.#count;
  }

  add(item: Uint8Array): void {
    const at = this.#count++ * this.width;
    if (at === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(at)]);
    this.#bytes.set(item, at);
  }

  /** A view of one item. */
  at(place: number): Buffer {
    return this.#bytes.subarray(place * this.width, (place + 1) * this.width);
  }

  /** All items, one after the other. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#count * this.width);
  }
}

/** Unsigned integers of 32 bits. */
export class GrowingNumbers {
  #numbers = new Uint32Array(FIRST);
  #count = 0;

  get length(): number {
    return this.#count;
  }

  add(value: number): void {
    if (this.#count === this.#numbers.length) {
      const longer = new Uint32Array(2 * this.#count);
      longer.set(this.#numbers);
      this.#numbers = longer;
    }
    this.#numbers[this.#count++] = value;
  }

  at(place: number): number {
    return this.#numbers[place] as number;
  }

  set(place: number, value: number): void {
    this.#numbers[place] = value;
  }
}
