// Collects ranges in any order, then sorts and merges them into the columns of a table.

import type { AddressRange } from '../../addresses/network.ts';
import type { AddressColumns } from './address-table.ts';

/** Which word of a 64-bit integer is the more significant one on this machine. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;
const FIRST_CAPACITY = 1024;
/** Words of a range of IPv6: its first address, then its last. */
const WORDS = 8;

export class RangeBuilder {
  /** Start and end of each range as one 64-bit integer, so that the platform sorts them. */
  #pairs4 = new Uint32Array(2 * FIRST_CAPACITY);
  #count4 = 0;
  #words6 = new Uint32Array(WORDS * FIRST_CAPACITY);
  #count6 = 0;

  get count(): number {
    return this.#count4 + this.#count6;
  }

  add({ first, last }: AddressRange): void {
    if (first.family === 4 && last.family === 4) {
      const at = 2 * this.#count4++;
      this.#pairs4 = withRoom(this.#pairs4, at + 2);
      this.#pairs4[at + HIGH] = first.word;
      this.#pairs4[at + 1 - HIGH] = last.word;
    } else if (first.family === 6 && last.family === 6) {
      const at = WORDS * this.#count6++;
      this.#words6 = withRoom(this.#words6, at + WORDS);
      this.#words6.set(first.words, at);
      this.#words6.set(last.words, at + 4);
    }
  }

  build(): AddressColumns {
    return { ...this.#build4(), ...this.#build6() };
  }

  #build4(): Pick<AddressColumns, 'starts4' | 'ends4'> {
    const pairs = this.#pairs4.subarray(0, 2 * this.#count4);
    new BigUint64Array(pairs.buffer, 0, this.#count4).sort();
    const starts4 = new Uint32Array(this.#count4);
    const ends4 = new Uint32Array(this.#count4);
    let count = 0;
    for (let i = 0; i < this.#count4; i++) {
      const start = pairs[2 * i + HIGH] as number;
      const end = pairs[2 * i + 1 - HIGH] as number;
      const before = count > 0 ? (ends4[count - 1] as number) : -2;
      if (start <= before + 1) ends4[count - 1] = Math.max(before, end);
      else {
        starts4[count] = start;
        ends4[count++] = end;
      }
    }
    return { starts4: starts4.slice(0, count), ends4: ends4.slice(0, count) };
  }

  #build6(): Pick<AddressColumns, 'starts6' | 'ends6'> {
    const words = this.#words6;
    const order = Uint32Array.from({ length: this.#count6 }, (_, i) => i * WORDS);
    order.sort((a, b) => compareWords(words, a, words, b));
    const starts6 = new Uint32Array(4 * this.#count6);
    const ends6 = new Uint32Array(4 * this.#count6);
    let count = 0;
    for (const at of order) {
      const before = 4 * (count - 1);
      if (count > 0 && reaches(ends6, before, words, at)) {
        if (compareWords(words, at + 4, ends6, before) > 0) ends6.set(words.subarray(at + 4, at + 8), before);
      } else {
        starts6.set(words.subarray(at, at + 4), 4 * count);
        ends6.set(words.subarray(at + 4, at + 8), 4 * count++);
      }
    }
    return { starts6: starts6.slice(0, 4 * count), ends6: ends6.slice(0, 4 * count) };
  }
}

/** Twice as large if it is too small. */
function withRoom(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const larger = new Uint32Array(2 * array.length);
  larger.set(array);
  return larger;
}

/** Of two addresses, each at an offset of its array. */
function compareWords(a: Uint32Array, atA: number, b: Uint32Array, atB: number): number {
  for (let i = 0; i < 4; i++) {
    const difference = (a[atA + i] as number) - (b[atB + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether the range that ends there overlaps or touches the one that starts here. */
function reaches(ends: Uint32Array, atEnd: number, starts: Uint32Array, atStart: number): boolean {
  if (compareWords(starts, atStart, ends, atEnd) <= 0) return true;
  // The address after the end: trailing words of ones become zeros, and the word before them grows.
  for (let i = 3, carry = 1; i >= 0; i--) {
    const next = (ends[atEnd + i] as number) + carry;
    carry = next > 0xffffffff ? 1 : 0;
    if (next >>> 0 !== starts[atStart + i]) return false;
  }
  return true;
}
