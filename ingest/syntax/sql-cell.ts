// One value of a row in SQL: a text, a number, NULL, bytes in hex, or an expression.

import { decodeText } from '../input/text.ts';

const PREFIX = /^(?:n|e|x|b|r|q|u&|_[a-z0-9]+)$/i;
const HEX_WORD = /^0x((?:[0-9a-fA-F]{2})*)$/;
const HEX = /^(?:[0-9a-fA-F]{2})*$/;
const COLON = 0x3a;

export class SqlCell {
  #value: string | undefined;
  #prefix = '';
  #isFilled = false;
  #isBroken = false;
  #isCast = false;
  /** Whether something follows a text that only the rest of a torn text can be. */
  isTorn = false;

  /** What stands before a text: `N`, `E`, `x` or a character set, in lower case. */
  get prefix(): string {
    return this.#prefix;
  }

  clear(): void {
    this.#value = undefined;
    this.#prefix = '';
    this.#isFilled = false;
    this.#isBroken = false;
    this.#isCast = false;
    this.isTorn = false;
  }

  word(word: string): void {
    if (this.#isCast) return;
    if (this.#isFilled) {
      this.isTorn = !this.#isBroken;
      return;
    }
    if (PREFIX.test(word) && this.#prefix === '') {
      this.#prefix = word.toLowerCase();
      return;
    }
    this.#isFilled = true;
    const hex = HEX_WORD.exec(word)?.[1];
    if (hex !== undefined) this.#value = decodeText(Buffer.from(hex, 'hex'));
    else this.#value = word.toLowerCase() === 'null' ? '' : word;
  }

  text(text: string | undefined): void {
    if (this.#isCast || this.#isBroken) return;
    if (this.#isFilled) {
      this.isTorn = true;
      return;
    }
    this.#isFilled = true;
    const isHex = this.#prefix === 'x' && text !== undefined && HEX.test(text);
    this.#value = isHex ? decodeText(Buffer.from(text, 'hex')) : text;
  }

  symbol(byte: number): void {
    if (this.#isCast || this.#isBroken) return;
    // `'…'::text` of PostgreSQL.
    if (byte === COLON && this.#isFilled) this.#isCast = true;
    else this.broken();
  }

  /** An expression, which has no value here. */
  broken(): void {
    if (this.#isCast) return;
    this.#isBroken = true;
    this.#isFilled = true;
    this.#value = undefined;
  }

  /** The value; an empty text for NULL, undefined for an expression. */
  take(): string | undefined {
    if (!this.#isFilled && this.#prefix !== '') return this.#prefix;
    return this.#isBroken ? undefined : this.#value;
  }
}
