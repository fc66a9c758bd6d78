// The names in a form that comes piece by piece.

import { findFrom } from './texts.ts';

/** Longer ones are judged by what they begin with. */
const MAX_NAME = 2_048;
const LEADING_BLANKS = /^(?:[ +]|%20)+/;

export class FormScan {
  readonly #onName: (raw: string) => void;
  #name = '';
  #isInName = true;

  /** @param onName is called with each name that has a value, escapes and all */
  constructor(onName: (raw: string) => void) {
    this.#onName = onName;
  }

  /** @param text each character is one byte */
  push(text: string): void {
    let at = 0;
    while (at < text.length) {
      const end = findFrom(this.#isInName ? /[=&;]/g : /[&;]/g, text, at)?.index ?? text.length;
      if (this.#isInName) this.#take(text.slice(at, end));
      if (end === text.length) return;
      const hasValue = text[end] === '=' && this.#isInName;
      if (hasValue && this.#name !== '') this.#onName(this.#name);
      this.#isInName = !hasValue;
      this.#name = '';
      at = end + 1;
    }
  }

  /** PHP drops blanks before a name, however many. */
  #take(piece: string): void {
    if (this.#name.length < MAX_NAME) this.#name = (this.#name + piece).replace(LEADING_BLANKS, '').slice(0, MAX_NAME);
  }
}
