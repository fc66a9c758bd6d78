// Scans JSON (RFC 8259) of any size in blocks: hands on its members one by one and holds none of
// it.

import { decodeText } from '../input/text.ts';
import { Excerpt } from './excerpt.ts';
import { LostLines } from './lost-lines.ts';

/** Nesting beyond this is malformed. */
const MAX_DEPTH = 128;
/** Six bytes for each of the characters of a field: `\u0000`. */
const MAX_STRING_BYTES = 6 * 0xffff;
const MAX_KEY_BYTES = 1024;
const MAX_LITERAL_BYTES = 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LITERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
const BOM = [0xef, 0xbb, 0xbf];
const NOTHING = Buffer.alloc(0);

export interface JsonHandler {
  /**
   * A member of the innermost object begins. @returns whether a string or literal there is wanted
   */
  key(name: string): boolean;
  /** A wanted string, or undefined if it is too long. */
  string(text: string | undefined): void;
  /** A wanted number as written, or `true`, `false` or `null`. */
  literal(text: string): void;
  open(isObject: boolean): void;
  close(isObject: boolean): void;
  /** What was open is malformed and forgotten. @param text from its innermost object on */
  malformed(text: Uint8Array): void;
}

type Expected = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'next';
type Mode = 'between' | 'string' | 'literal' | 'lost';

/** Values may follow one another at the top, with or without commas. */
export class JsonScanner {
  readonly #handler: JsonHandler;
  #mode: Mode = 'between';
  #expected: Expected = 'value';
  /** Whether each open container is an object. */
  #stack: boolean[] = [];
  #isKey = false;
  #wanted = false;
  #parts: Buffer[] = [];
  #bytes = 0;
  #hasEscape = false;
  #afterBackslash = false;
  #start = 0;
  /** Whether a malformed text may have left the ends of its containers. */
  #isRecovered = false;
  readonly #excerpt = new Excerpt();
  readonly #lostLines = new LostLines();
  /** Whether the handler does not know yet of what is malformed. */
  #isLost = false;

  constructor(handler: JsonHandler) {
    this.#handler = handler;
  }

  push(block: Buffer): void {
    for (let at = 0; at < block.length; ) {
      at = this.#step(block, at);
      if (this.#isLost) this.#report(block, at + 1);
    }
    if (this.#stack.length > 0 || this.#mode !== 'between') this.#excerpt.keep(block);
  }

  #step(block: Buffer, at: number): number {
    switch (this.#mode) {
      case 'between':
        return this.#between(block, at);
      case 'string':
        return this.#string(block, at);
      case 'literal':
        return this.#literal(block, at);
      case 'lost':
        return this.#recover(block, at);
    }
  }

  #report(block: Buffer, end: number): void {
    this.#isLost = false;
    this.#handler.malformed(this.#excerpt.take(block, end));
  }

  /** @returns whether the last value is complete. The scanner is then ready for another text. */
  end(): boolean {
    if (this.#mode === 'literal') this.#closeLiteral();
    const isWhole = this.#mode === 'between' && this.#stack.length === 0;
    if (!isWhole && this.#mode !== 'lost') this.#lose();
    if (this.#isLost) this.#report(NOTHING, 0);
    this.#excerpt.begin(0);
    this.#mode = 'between';
    this.#expected = 'value';
    this.#start = 0;
    this.#isRecovered = false;
    return isWhole;
  }

  #between(block: Buffer, from: number): number {
    let at = from;
    for (; at < block.length && this.#mode === 'between'; at++) {
      const byte = block[at] as number;
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
      if (byte === OPEN_OBJECT || this.#stack.length === 0) this.#excerpt.begin(at);
      // Without advancing: a literal's first byte is part of it, and a lost text may begin here.
      if (!this.#token(byte)) break;
    }
    return at;
  }

  /** @returns false if the byte has not been consumed */
  #token(byte: number): boolean {
    const depth = this.#stack.length;
    if (depth === 0 && this.#start < 3 && byte === BOM[this.#start]) {
      this.#start++;
      return true;
    }
    this.#start = 3;
    if (byte === COMMA) return this.#comma(depth);
    if (depth === 0 && this.#isRecovered && (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY)) return true;
    if (byte === CLOSE_OBJECT) return this.#close(true, this.#expected === 'key-or-end' || this.#expected === 'next');
    if (byte === CLOSE_ARRAY) return this.#close(false, this.#expected === 'value-or-end' || this.#expected === 'next');
    if (byte === COLON) return this.#expect(this.#expected === 'colon', 'value');
    const isKey = this.#expected === 'key' || this.#expected === 'key-or-end';
    if (isKey ? byte !== QUOTE : this.#expected === 'colon' || (this.#expected === 'next' && depth > 0))
      return this.#lose();
    if (byte === QUOTE) {
      this.#isKey = isKey;
      this.#hasEscape = false;
      this.#mode = 'string';
      return true;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (depth === MAX_DEPTH) return this.#lose();
      this.#stack.push(byte === OPEN_OBJECT);
      this.#handler.open(byte === OPEN_OBJECT);
      this.#wanted = this.#wanted && byte === OPEN_ARRAY;
      this.#expected = byte === OPEN_OBJECT ? 'key-or-end' : 'value-or-end';
      return true;
    }
    this.#mode = 'literal';
    return false;
  }

  #comma(depth: number): boolean {
    if (depth === 0) return this.#expect(true, 'value');
    return this.#expect(this.#expected === 'next', this.#stack[depth - 1] ? 'key' : 'value');
  }

  #expect(isRight: boolean, next: Expected): boolean {
    if (!isRight) return this.#lose();
    this.#expected = next;
    return true;
  }

  #close(isObject: boolean, isRight: boolean): boolean {
    if (!isRight || this.#stack.at(-1) !== isObject) return this.#lose();
    this.#stack.pop();
    this.#wanted = false;
    this.#handler.close(isObject);
    this.#expected = 'next';
    return true;
  }

  #string(block: Buffer, from: number): number {
    let at = from;
    for (; at < block.length; at++) {
      const byte = block[at] as number;
      if (this.#afterBackslash) this.#afterBackslash = false;
      else if (byte === QUOTE) break;
      else if (byte === BACKSLASH) {
        this.#afterBackslash = true;
        this.#hasEscape = true;
      }
      if (byte < 0x20) {
        this.#lose();
        return at;
      }
    }
    this.#hold(block.subarray(from, at), this.#isKey ? MAX_KEY_BYTES : MAX_STRING_BYTES);
    if (at === block.length) return at;
    this.#closeString();
    return at + 1;
  }

  #hold(bytes: Buffer, maxBytes: number): void {
    if (!this.#isKey && !this.#wanted) return;
    this.#bytes += bytes.length;
    // Copied, because the caller may reuse the block.
    if (this.#bytes <= maxBytes) this.#parts.push(Buffer.from(bytes));
    else this.#parts = [];
  }

  #closeString(): void {
    this.#mode = 'between';
    const isLong = this.#bytes > (this.#isKey ? MAX_KEY_BYTES : MAX_STRING_BYTES);
    const text = isLong || !(this.#isKey || this.#wanted) ? undefined : this.#text();
    this.#bytes = 0;
    this.#parts = [];
    if (text === null) {
      this.#lose();
      return;
    }
    if (this.#isKey) {
      this.#wanted = this.#handler.key(text ?? '');
      this.#expected = 'colon';
      return;
    }
    if (this.#wanted) this.#handler.string(text);
    this.#expected = 'next';
  }

  /** @returns null if an escape is malformed */
  #text(): string | null {
    const text = decodeText(this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts));
    if (!this.#hasEscape) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      return null;
    }
  }

  #literal(block: Buffer, from: number): number {
    let at = from;
    for (; at < block.length; at++) {
      const byte = block[at] as number;
      const isPart =
        (byte >= 0x30 && byte <= 0x39) ||
        (byte >= 0x61 && byte <= 0x7a) ||
        byte === 0x2d ||
        byte === 0x2b ||
        byte === 0x2e ||
        byte === 0x45;
      if (!isPart) break;
    }
    this.#bytes += at - from;
    if (this.#bytes > MAX_LITERAL_BYTES) {
      this.#lose();
      return at;
    }
    this.#parts.push(Buffer.from(block.subarray(from, at)));
    if (at < block.length) this.#closeLiteral();
    return at;
  }

  #closeLiteral(): void {
    const text = Buffer.concat(this.#parts).toString('latin1');
    this.#bytes = 0;
    this.#parts = [];
    if (!LITERAL.test(text)) {
      this.#lose();
      return;
    }
    this.#mode = 'between';
    if (this.#wanted) this.#handler.literal(text);
    this.#expected = 'next';
  }

  /** Gives up what is open. @returns false: the byte may begin a new value */
  #lose(): false {
    this.#mode = 'lost';
    this.#stack = [];
    this.#parts = [];
    this.#bytes = 0;
    this.#wanted = false;
    this.#afterBackslash = false;
    this.#isLost = true;
    this.#lostLines.begin();
    return false;
  }

  /** The next object after a malformed one may be whole. Each line before it is malformed too. */
  #recover(block: Buffer, from: number): number {
    const next = block.indexOf(OPEN_OBJECT, from);
    const end = next === -1 ? block.length : next;
    for (let lines = this.#lostLines.count(block.subarray(from, end)); lines > 0; lines--)
      this.#handler.malformed(NOTHING);
    if (next === -1) return block.length;
    this.#mode = 'between';
    this.#expected = 'value';
    this.#isRecovered = true;
    return next;
  }
}
