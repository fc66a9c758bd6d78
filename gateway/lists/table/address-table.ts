// Sorted, merged ranges of addresses in typed arrays, and the binary search in them.

import type { Address, Words } from '../../addresses/address.ts';

/** Ranges are in order, and neither overlap nor touch. Both ends belong to a range. */
export interface AddressColumns {
  /** One word for each range of IPv4. */
  readonly starts4: Uint32Array;
  readonly ends4: Uint32Array;
  /** Four words for each range of IPv6, the most significant first. */
  readonly starts6: Uint32Array;
  readonly ends6: Uint32Array;
}

export class AddressTable {
  readonly columns: AddressColumns;

  constructor(columns: AddressColumns) {
    this.columns = columns;
  }

  has(address: Address): boolean {
    return address.family === 4 ? has4(this.columns, address.word) : has6(this.columns, address.words);
  }
}

function has4({ starts4, ends4 }: AddressColumns, word: number): boolean {
  let low = 0;
  let high = starts4.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts4[middle] as number) <= word) low = middle + 1;
    else high = middle;
  }
  return low > 0 && word <= (ends4[low - 1] as number);
}

function has6({ starts6, ends6 }: AddressColumns, words: Words): boolean {
  let low = 0;
  let high = starts6.length / 4;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAt(starts6, middle, words) <= 0) low = middle + 1;
    else high = middle;
  }
  return low > 0 && compareAt(ends6, low - 1, words) >= 0;
}

/** Of the address at an index of a column, with one. */
function compareAt(column: Uint32Array, index: number, words: Words): number {
  for (let i = 0; i < 4; i++) {
    const difference = (column[4 * index + i] as number) - (words[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
