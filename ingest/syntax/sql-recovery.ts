// Finds what follows a torn row of a dump: the next row of its statement, or the next line.

const OPEN = 0x28;
const CLOSE = 0x29;
const COMMA = 0x2c;
const LF = 0x0a;

export class SqlRecovery {
  /** Of `),` between two rows, the marks that were seen. */
  #marks = 0;
  found: 'row' | 'line' | undefined;

  /** @returns the offset behind what was found, or the end of the block */
  push(block: Buffer, from: number): number {
    for (let at = from; at < block.length; at++) {
      const byte = block[at] as number;
      if (byte === LF && this.#marks < 2) this.found = 'line';
      else if (byte === OPEN && this.#marks === 2) this.found = 'row';
      else if (byte === CLOSE) this.#marks = 1;
      else if (byte === COMMA && this.#marks === 1) this.#marks = 2;
      else if (byte > 0x20) this.#marks = 0;
      if (this.found) return at + 1;
    }
    return block.length;
  }
}
