// Labelled lines that name nothing known: a block of nothing else that has an address may be a
// credential of another tool.

import { isAddress } from '../line-parser.ts';

const MIN_LINES = 2;

export class StrangeLabels {
  #lines = new Map<string, Buffer>();
  #hasAddress = false;

  /** @returns the lines of a block that ends before this one, if they may be a credential */
  add(label: string, value: string, line: Buffer): Iterable<Buffer> {
    const before = this.#lines.has(label) ? this.take() : [];
    this.#lines.set(label, Buffer.from(line));
    this.#hasAddress ||= isAddress(value.trim());
    return before;
  }

  /** Starts anew. @returns the lines, if they may be a credential */
  take(): Iterable<Buffer> {
    const lines = this.#hasAddress && this.#lines.size >= MIN_LINES ? this.#lines.values() : [];
    this.#lines = new Map();
    this.#hasAddress = false;
    return lines;
  }
}
