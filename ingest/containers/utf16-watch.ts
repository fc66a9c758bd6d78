// Watches a text in UTF-16 for bytes that are none: an odd byte after which all units are shifted,
// or another byte order. Decoded, all of it would be one line of meaningless letters.

import { ContainerError } from './errors.ts';

/** Bytes of ASCII in a row: by chance, letters of Chinese hardly ever make as many. */
const MAX_ASCII = 64;
const MAX_ASCII_AT_END = 24;
/** Units of ASCII in the other byte order in a row. */
const MAX_SWAPPED = 12;
const MAX_SWAPPED_AT_END = 6;

const isText = (byte: number): boolean =>
  (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d;

export class Utf16Watch {
  readonly #isLittle: boolean;
  #offset = 0;
  #before = 0;
  #ascii = 0;
  #swapped = 0;

  constructor(encoding: 'utf-16le' | 'utf-16be') {
    this.#isLittle = encoding === 'utf-16le';
  }

  /** @throws ContainerError */
  push(block: Uint8Array): void {
    for (const byte of block) {
      this.#ascii = isText(byte) ? this.#ascii + 1 : 0;
      if (this.#offset++ % 2 === 1) this.#unit(this.#before, byte);
      this.#before = byte;
      if (this.#ascii > MAX_ASCII || this.#swapped > MAX_SWAPPED) throw mixed();
    }
  }

  /** @throws ContainerError */
  end(): void {
    if (this.#ascii > MAX_ASCII_AT_END || this.#swapped > MAX_SWAPPED_AT_END) throw mixed();
  }

  #unit(first: number, second: number): void {
    const [high, low] = this.#isLittle ? [second, first] : [first, second];
    this.#swapped = low === 0 && isText(high) ? this.#swapped + 1 : 0;
  }
}

const mixed = (): ContainerError =>
  new ContainerError(
    'CONTAINER_CORRUPT',
    'begins in UTF-16 and goes on in another encoding, or shifted by a byte',
    'It was joined from several texts or is damaged: convert each part to UTF-8 and ingest them as files of their own.',
  );
