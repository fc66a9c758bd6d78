// The names in heads of parts of a multipart form that comes piece by piece. Boundaries do not
// matter: readers differ in what they take for one.

import { findFrom } from './texts.ts';

const HEAD = /content-disposition/gi;
const HEAD_END = '\r\n\r\n';
const PARAMETER = /(?<![\w-])name(?:\s{0,64}([*=])|\s{65})/gi;
/** What begins the name ends the blanks: in one place alone. */
const QUOTED = /^[\s"']*([^\s"';][^"';\r\n]*)["';\r\n]/;
const BARE = /^\s*([^\s"';,]+)[\s"';,]/;
/** More than a name and what stands around it; twice what is read of a name. */
const MAX_KEPT = 4_096;
const MAX_NAME = 2_048;

export class MultipartScan {
  readonly #onName: (name: string) => void;
  readonly #onOddName: () => void;
  #kept = '';
  #isInHead = false;

  /**
   * @param onName is called with all that a reader may take for the name of a part
   * @param onOddName is called for names that are encoded as RFC 7578 §4.2 forbids it
   */
  constructor(onName: (name: string) => void, onOddName: () => void) {
    this.#onName = onName;
    this.#onOddName = onOddName;
  }

  /** @param text each character is one byte */
  push(text: string): void {
    const seen = this.#kept + text;
    let at = 0;
    while (at < seen.length) {
      if (!this.#isInHead) {
        const head = findFrom(HEAD, seen, at);
        if (!head) break;
        this.#isInHead = true;
        at = head.index;
      }
      const end = seen.indexOf(HEAD_END, at);
      this.#readHead(seen.slice(at, end < 0 ? seen.length : end + 2));
      if (end < 0) break;
      this.#isInHead = false;
      at = end + HEAD_END.length;
    }
    this.#kept = seen.slice(Math.max(at, seen.length - MAX_KEPT));
  }

  /** @param head with a line end at its end, if that is here */
  #readHead(head: string): void {
    for (const { 0: found, 1: sign, index } of head.matchAll(PARAMETER)) {
      const from = index + found.length;
      const value = head.slice(from, from + MAX_NAME);
      if (sign !== '=' || isOdd(value)) this.#onOddName();
      for (const text of [value, value.replaceAll('\\', '')])
        for (const pattern of [QUOTED, BARE]) this.#onName(pattern.exec(text)?.[1]?.trim() ?? '');
    }
  }
}

/** An encoded word, or nothing but blanks. */
const isOdd = (value: string): boolean =>
  /^[\s"']*=\?/.test(value) || (value.length === MAX_NAME && /^[\s"']*$/.test(value));
