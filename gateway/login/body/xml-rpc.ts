// A call of XML-RPC: its method, and those of its parameters that are strings. Anything that XML
// allows and the format does not need is refused: readers of XML-RPC differ in what they skip.

import { MAX_FIELDS } from './fields.ts';
import { withTrimmed } from './texts.ts';

export interface XmlRpcCall {
  readonly method: string;
  /** Texts of each parameter; none of one that is no string. */
  readonly params: readonly (readonly string[])[];
}

const DECLARATION =
  /^(?:\ufeff)?<\?xml version=(?:"1\.0"|'1\.0')(?: encoding=(?:"utf-8"|'utf-8'))?(?: standalone="(?:yes|no)")? ?\?>/i;
const TOKENS = /<[^<>]*>|[^<]+/g;
const TAG = /^<(\/?)([A-Za-z][\w.]*) *(\/?)>$/;
const ENTITY = /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([\da-f]{1,6}));|&/gi;
const NAMED: { readonly [name: string]: string } = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const SCALARS: ReadonlySet<string> = new Set([
  'int',
  'i4',
  'i8',
  'boolean',
  'double',
  'dateTime.iso8601',
  'base64',
  'nil',
]);
const MAX_DEPTH = 32;

/** It is not a call of XML-RPC that every reader reads alike. */
class Malformed extends Error {}

/** @param body each character is one byte. @returns undefined if it may have another reading */
export function readXmlRpc(body: string): XmlRpcCall | undefined {
  const text = Buffer.from(body, 'latin1').toString('utf8');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has none
  if (text.includes('\ufffd') || /[\0-\x08\v\f\x0e-\x1f]/.test(text)) return undefined;
  try {
    return new Reader(text.replace(DECLARATION, '')).readCall();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

class Reader {
  readonly #tokens: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = text.match(TOKENS) ?? [];
    if (this.#tokens.join('').length !== text.length) throw new Malformed();
  }

  readCall(): XmlRpcCall {
    this.#open('methodCall');
    const method = this.#textIn('methodName').trim();
    const params: (readonly string[])[] = [];
    if (this.#tryOpen('params')) {
      while (this.#tryOpen('param')) {
        params.push(this.#value());
        this.#close('param');
        if (params.length > MAX_FIELDS) throw new Malformed();
      }
      this.#close('params');
    }
    this.#close('methodCall');
    this.#skipBlanks();
    if (this.#at !== this.#tokens.length || !/^[\w.:/]+$/.test(method)) throw new Malformed();
    return { method, params };
  }

  #value(): readonly string[] {
    if (++this.#depth > MAX_DEPTH) throw new Malformed();
    this.#skipBlanks();
    this.#expect('<value>');
    const texts = this.#content();
    this.#expect('</value>');
    this.#depth--;
    return texts;
  }

  #content(): readonly string[] {
    const before = this.#at;
    const text = this.#text();
    const [, slash, name = '', empty] = TAG.exec(this.#tokens[this.#at] ?? '') ?? [];
    // Without a type it is a string.
    if (slash === '/') return withTrimmed([text]);
    if (text.trim() !== '') throw new Malformed();
    if (empty === '/') {
      this.#at++;
      this.#skipBlanks();
      if (name !== 'string' && name !== 'nil') throw new Malformed();
      return name === 'string' ? [''] : [];
    }
    this.#at = before;
    if (name === 'string') {
      const texts = withTrimmed([this.#textIn('string')]);
      this.#skipBlanks();
      return texts;
    }
    if (SCALARS.has(name)) this.#textIn(name);
    else if (name === 'struct') this.#struct();
    else if (name === 'array') this.#array();
    else throw new Malformed();
    this.#skipBlanks();
    return [];
  }

  #struct(): void {
    this.#open('struct');
    while (this.#tryOpen('member')) {
      this.#textIn('name');
      this.#value();
      this.#close('member');
    }
    this.#close('struct');
  }

  #array(): void {
    this.#open('array');
    this.#open('data');
    while (this.#peek() === '<value>') this.#value();
    this.#close('data');
    this.#close('array');
  }

  #textIn(name: string): string {
    this.#open(name);
    const text = this.#text();
    this.#expect(`</${name}>`);
    return text;
  }

  /** What stands before the next tag. */
  #text(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.startsWith('<')) return '';
    this.#at++;
    return token.replace(ENTITY, (entity, name?: string, decimal?: string, hex?: string) => {
      if (name !== undefined && Object.hasOwn(NAMED, name)) return NAMED[name] as string;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      if (!(code > 0 && code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff) || entity === '&')
        throw new Malformed();
      return String.fromCodePoint(code);
    });
  }

  #skipBlanks(): void {
    const token = this.#tokens[this.#at];
    if (token !== undefined && !token.startsWith('<') && token.trim() === '') this.#at++;
  }

  #peek(): string | undefined {
    this.#skipBlanks();
    return this.#tokens[this.#at];
  }

  #expect(tag: string): void {
    if (this.#tokens[this.#at] !== tag) throw new Malformed();
    this.#at++;
  }

  #open(name: string): void {
    this.#skipBlanks();
    this.#expect(`<${name}>`);
  }

  #tryOpen(name: string): boolean {
    if (this.#peek() !== `<${name}>`) return false;
    this.#at++;
    return true;
  }

  #close(name: string): void {
    this.#skipBlanks();
    this.#expect(`</${name}>`);
  }
}
