// The keys in JSON that comes piece by piece, and in what lenient readers take for JSON: with
// comments, single quotes or names without any.

import { findFrom } from './texts.ts';

/** A longer key is no name of a field. */
const MAX_KEY = 1_024;
/** More than a spelled name and what stands around it. */
const MAX_KEPT = 8_192;
const WORDS: ReadonlySet<string> = new Set(['true', 'false', 'null', 'e', 'E']);

export class JsonScan {
  readonly #onKey: (raw: string) => void;
  readonly #onLoose: (text: string) => void;
  #place: 'between' | 'string' | 'escape' | 'behind' = 'between';
  #key = '';
  #kept = '';
  #isLoose = false;

  /**
   * @param onKey is called with each string before a colon, escapes and all
   * @param onLoose is called with text that JSON has no room for, as soon as there was any: pieces
   * that overlap
   */
  constructor(onKey: (raw: string) => void, onLoose: (text: string) => void) {
    this.#onKey = onKey;
    this.#onLoose = onLoose;
  }

  /** @param text each character is one byte */
  push(text: string): void {
    let at = 0;
    while (at < text.length) at = this.#step(text, at);
    const seen = this.#kept + text;
    if (this.#isLoose) this.#onLoose(seen);
    this.#kept = seen.slice(-MAX_KEPT);
  }

  #step(text: string, at: number): number {
    switch (this.#place) {
      case 'escape':
        this.#place = 'string';
        return this.#take(text, at, at + 1);
      case 'string': {
        const end = findFrom(/["\\]/g, text, at)?.index ?? text.length;
        if (end === text.length) return this.#take(text, at, end);
        this.#place = text[end] === '"' ? 'behind' : 'escape';
        return this.#place === 'behind' ? this.#take(text, at, end) + 1 : this.#take(text, at, end + 1);
      }
      case 'behind': {
        const end = findFrom(/[^ \t\r\n]/g, text, at)?.index ?? text.length;
        if (text[end] === ':') this.#onKey(this.#key);
        if (end < text.length) this.#place = 'between';
        return end;
      }
      default:
        return this.#skip(text, at);
    }
  }

  #take(text: string, from: number, to: number): number {
    if (this.#key.length < MAX_KEY) this.#key += text.slice(from, Math.min(to, from + MAX_KEY));
    return to;
  }

  /** Up to the next string. */
  #skip(text: string, at: number): number {
    const odd = findFrom(/"|[a-z]+|[^\s{}[\]:,\d+\-.]/gi, text, at);
    if (!odd) return text.length;
    const [found] = odd;
    if (found === '"') {
      this.#place = 'string';
      this.#key = '';
    } else if (!WORDS.has(found)) this.#isLoose = true;
    return odd.index + found.length;
  }
}
