// Cuts SQL of any size into tokens, in blocks: words, names, texts and symbols. Comments are left
// out.

import { decodeText } from '../input/text.ts';
import { type SqlEscapes, unescapeText } from './sql-text.ts';

/** More than a field has, with each byte escaped. */
const MAX_TEXT_BYTES = 4 * 0xffff;

const LF = 0x0a;
const BACKSLASH = 0x5c;
const DASH = 0x2d;
const DASH_ALONE = Buffer.of(DASH);
const SLASH = 0x2f;
const STAR = 0x2a;
const HASH = 0x23;
const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const BACKTICK = 0x60;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

export interface SqlHandler {
  /**
   * A keyword, name or number, as written. @param startsLine whether it is the first of its line
   */
  word(text: string, startsLine: boolean): void;
  /** A name in quotes of any kind. */
  name(text: string): void;
  /** A text in quotes, or undefined if it is too long or not wanted. */
  text(text: string | undefined): void;
  symbol(byte: number): void;
  /** Whether tokens are values now: `"…"` is then a text, and `[` no name. */
  isValue(): boolean;
  /** Whether the text of the next token is wanted. */
  isWanted(): boolean;
  /** How backslashes in the next text are read. */
  escapes(): SqlEscapes;
}

type Mode = 'between' | 'word' | 'quoted' | 'after-quote' | 'line-comment' | 'block-comment' | 'dash' | 'slash';

export class SqlTokens {
  readonly #handler: SqlHandler;
  #mode: Mode = 'between';
  #startsLine = true;
  /** Grows to the longest text. */
  #held: Buffer = Buffer.alloc(256);
  #bytes = 0;
  #wanted = false;
  #quote = 0;
  #escapes: SqlEscapes = 'none';
  #afterBackslash = false;
  #hasEscape = false;
  #afterStar = false;
  #stopped = false;
  /** Where the token, or a part of it, begins in the block. */
  at = 0;

  constructor(handler: SqlHandler) {
    this.#handler = handler;
  }

  /** Makes `push` return after the token that is being handed on. */
  stop(): void {
    this.#stopped = true;
  }

  /** Forgets the token that is open. The next byte begins a line or a value. */
  reset(): void {
    this.#mode = 'between';
    this.#startsLine = true;
    this.#forget();
  }

  /** @returns the offset of the first byte that was not taken, after `stop` */
  push(block: Buffer, from = 0): number {
    this.#stopped = false;
    let at = from;
    while (at < block.length && !this.#stopped) {
      this.at = at;
      at = this.#step(block, at);
    }
    return at;
  }

  end(): void {
    if (this.#mode === 'word') this.#closeWord();
    else if (this.#mode === 'after-quote') this.#closeQuoted();
  }

  #step(block: Buffer, at: number): number {
    const byte = block[at] as number;
    switch (this.#mode) {
      case 'between':
        return this.#between(byte, at);
      case 'word':
        return this.#word(block, at);
      case 'quoted':
        return this.#quoted(block, at);
      case 'after-quote':
        return this.#afterQuote(block, at);
      case 'line-comment': {
        const end = block.indexOf(LF, at);
        if (end === -1) return block.length;
        this.#mode = 'between';
        return end;
      }
      case 'block-comment':
        return this.#comment(block, at);
      case 'dash':
        this.#mode = byte === DASH ? 'line-comment' : 'word';
        if (byte !== DASH) this.#hold(DASH_ALONE, 0, 1);
        return byte === DASH ? at + 1 : at;
      case 'slash':
        this.#mode = byte === STAR ? 'block-comment' : 'between';
        if (byte === STAR) return at + 1;
        this.#handler.symbol(SLASH);
        return at;
    }
  }

  #between(byte: number, at: number): number {
    if (byte === LF) this.#startsLine = true;
    if (byte <= 0x20) return at + 1;
    if (byte === DASH || byte === SLASH) {
      this.#wanted = true;
      this.#mode = byte === DASH ? 'dash' : 'slash';
      return at + 1;
    }
    if (byte === HASH && this.#startsLine) {
      this.#mode = 'line-comment';
      return at + 1;
    }
    const isValue = this.#handler.isValue();
    if (byte === QUOTE || byte === DOUBLE_QUOTE || byte === BACKTICK || (byte === OPEN_BRACKET && !isValue)) {
      this.#quote = byte === OPEN_BRACKET ? CLOSE_BRACKET : byte;
      this.#wanted = !this.#isText() || this.#handler.isWanted();
      this.#escapes = this.#isText() ? this.#handler.escapes() : 'none';
      this.#mode = 'quoted';
      return at + 1;
    }
    if (isWordByte(byte)) {
      this.#wanted = true;
      this.#mode = 'word';
      return at;
    }
    this.#startsLine = false;
    this.#handler.symbol(byte);
    return at + 1;
  }

  #isText(): boolean {
    return this.#quote === QUOTE || (this.#quote === DOUBLE_QUOTE && this.#handler.isValue());
  }

  #word(block: Buffer, from: number): number {
    let at = from;
    while (at < block.length && isWordByte(block[at] as number)) at++;
    this.#hold(block, from, at);
    if (at < block.length) this.#closeWord();
    return at;
  }

  #closeWord(): void {
    const text = this.#take();
    const startsLine = this.#startsLine;
    this.#mode = 'between';
    this.#startsLine = false;
    this.#handler.word(text === undefined ? '' : text.toString('latin1'), startsLine);
  }

  #quoted(block: Buffer, from: number): number {
    const quote = this.#quote;
    const escapes = this.#escapes !== 'none';
    let at = from;
    for (; at < block.length; at++) {
      const byte = block[at] as number;
      if (this.#afterBackslash) this.#afterBackslash = false;
      else if (byte === quote) break;
      else if (byte === BACKSLASH && escapes) {
        this.#afterBackslash = true;
        this.#hasEscape = true;
      }
    }
    this.#hold(block, from, at);
    if (at === block.length) return at;
    this.#mode = 'after-quote';
    return at + 1;
  }

  /** Two quotes are one in the text. */
  #afterQuote(block: Buffer, at: number): number {
    if (block[at] !== this.#quote) {
      this.#closeQuoted();
      return at;
    }
    this.#hold(block, at, at + 1);
    this.#mode = 'quoted';
    return at + 1;
  }

  #closeQuoted(): void {
    const isText = this.#isText();
    const hasEscape = this.#hasEscape;
    const escapes = this.#escapes;
    const bytes = this.#take();
    this.#mode = 'between';
    this.#startsLine = false;
    if (!isText) this.#handler.name(bytes === undefined ? '' : decodeText(bytes));
    else if (bytes === undefined) this.#handler.text(undefined);
    else this.#handler.text(hasEscape ? unescapeText(bytes, escapes) : decodeText(bytes));
  }

  #comment(block: Buffer, from: number): number {
    for (let at = from; at < block.length; at++) {
      const byte = block[at];
      if (byte === SLASH && this.#afterStar) {
        this.#afterStar = false;
        this.#mode = 'between';
        return at + 1;
      }
      this.#afterStar = byte === STAR;
    }
    return block.length;
  }

  /** Copies block[from, to), because the caller may reuse the block. */
  #hold(block: Buffer, from: number, to: number): void {
    if (!this.#wanted) return;
    const end = this.#bytes + to - from;
    if (end <= MAX_TEXT_BYTES) {
      if (end > this.#held.length) this.#held = Buffer.concat([this.#held], Math.min(MAX_TEXT_BYTES, 2 * end));
      block.copy(this.#held, this.#bytes, from, to);
    }
    this.#bytes = end;
  }

  /** @returns the text, valid until the next one; undefined if it is too long or not wanted */
  #take(): Buffer | undefined {
    const bytes = this.#bytes;
    this.#forget();
    return this.#wanted && bytes <= MAX_TEXT_BYTES ? this.#held.subarray(0, bytes) : undefined;
  }

  #forget(): void {
    this.#bytes = 0;
    this.#hasEscape = false;
    this.#afterBackslash = false;
    this.#afterStar = false;
  }
}

/** Letters, digits, `_ $ . @ + -` and any byte of another script. */
function isWordByte(byte: number): boolean {
  const lower = byte | 0x20;
  return (
    (lower >= 0x61 && lower <= 0x7a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte >= 0x80 ||
    byte === 0x5f ||
    byte === 0x24 ||
    byte === 0x2e ||
    byte === 0x40 ||
    byte === 0x2b ||
    byte === DASH
  );
}
