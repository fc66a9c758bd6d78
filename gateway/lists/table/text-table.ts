// Sorted texts as bytes in one array, and the binary search in them: a file of a list is read
// without making an object for each entry.

export interface TextColumns {
  /** Where each text starts in `bytes`, and, last, where the last one ends. */
  readonly offsets: Uint32Array;
  readonly bytes: Uint8Array;
}

export class TextTable {
  readonly columns: TextColumns;

  constructor(columns: TextColumns) {
    this.columns = columns;
  }

  /** @param text one character for each byte */
  has(text: string): boolean {
    let low = 0;
    let high = this.columns.offsets.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.#compareAt(middle, text);
      if (order === 0) return true;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return false;
  }

  #compareAt(index: number, text: string): number {
    const { offsets, bytes } = this.columns;
    const start = offsets[index] as number;
    const length = (offsets[index + 1] as number) - start;
    const shared = Math.min(length, text.length);
    for (let i = 0; i < shared; i++) {
      const difference = (bytes[start + i] as number) - text.charCodeAt(i);
      if (difference !== 0) return difference;
    }
    return length - text.length;
  }
}

/** @param texts in any order, each with one character for each byte */
export function buildTextColumns(texts: Iterable<string>): TextColumns {
  const sorted = [...new Set(texts)].sort((a, b) => (a < b ? -1 : 1));
  const offsets = new Uint32Array(sorted.length + 1);
  for (const [i, text] of sorted.entries()) offsets[i + 1] = (offsets[i] as number) + text.length;
  return { offsets, bytes: Uint8Array.from(Buffer.from(sorted.join(''), 'latin1')) };
}
