// DER, as far as certificates and lists of revoked ones are read here: X.690 §8.1, §10.1. The
// library makes an object of each value, which takes it seconds for the list of a large CA; this
// takes milliseconds.

/** A value that stands where none of its kind may. */
export class DerError extends Error {
  override name = 'DerError';
}

export const TAG = {
  integer: 0x02,
  bits: 0x03,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  context0: 0xa0,
  context1: 0x81,
  context2: 0x82,
  context3: 0xa3,
  octets: 0x04,
  boolean: 0x01,
} as const;

export interface Value {
  readonly tag: number;
  readonly content: Buffer;
  /** With tag and length. */
  readonly whole: Buffer;
}

/** Reads values off the front of bytes, one after the other. */
export class DerReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The tag of the next value; undefined at the end. */
  get next(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** @throws DerError unless the next value has this tag */
  take(tag: number): Value {
    const start = this.#at;
    if (this.#bytes[start] !== tag) throw new DerError('has another value than it should');
    const [length, lengthBytes] = this.#lengthAt(start + 1);
    const from = start + 1 + lengthBytes;
    const end = from + length;
    if (end > this.#bytes.length) throw new DerError('is cut off');
    this.#at = end;
    return { tag, content: this.#bytes.subarray(from, end), whole: this.#bytes.subarray(start, end) };
  }

  takeIf(tag: number): Value | undefined {
    return this.next === tag ? this.take(tag) : undefined;
  }

  /** Of the shortest form: X.690 §10.1. */
  #lengthAt(at: number): readonly [length: number, bytes: number] {
    const first = this.#bytes[at];
    if (first === undefined) throw new DerError('is cut off');
    if (first < 0x80) return [first, 1];
    const size = first & 0x7f;
    if (size === 0 || size > 4 || at + 1 + size > this.#bytes.length) throw new DerError('has a length that is none');
    const length = this.#bytes.readUIntBE(at + 1, size);
    if (length < 0x80 || length < 2 ** (8 * (size - 1))) throw new DerError('has a length that is none');
    return [length, 1 + size];
  }
}
