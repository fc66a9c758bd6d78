// A call of XML-RPC: its method and its parameters. Anything that XML allows and the format does
// not need is refused: readers of XML-RPC differ in what they skip.

import { MAX_FIELDS } from './fields.ts';
import { withTrimmed } from './texts.ts';

export interface XmlRpcCall {
  readonly method: string;
  readonly params: readonly XmlRpcValue[];
}

export type XmlRpcValue =
  | { readonly kind: 'text'; readonly texts: readonly string[] }
  /** Bytes, which some languages take for a text. */
  | { readonly kind: 'base64' }
  | { readonly kind: 'scalar' }
  /** Without type and text, or of a type that is no part of the format: some servers drop it. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'array'; readonly items: readonly XmlRpcValue[] }
  | { readonly kind: 'struct'; readonly members: readonly (readonly [name: string, value: XmlRpcValue])[] };

const DECLARATION =
  /^(?:\ufeff)?<\?xml version=(?:"1\.0"|'1\.0')(?: encoding=(?:"utf-8"|'utf-8'))?(?: standalone="(?:yes|no)")? ?\?>/i;
const TOKENS = /<[^<>]*>|[^<]+/g;
const TAG = /^<(\/?)([A-Za-z][\w.]*) *(\/?)>$/;
const ENTITY = /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([\da-f]{1,6}));|&/gi;
const NAMED: { readonly [name: string]: string } = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const SIMPLE: { readonly [name: string]: XmlRpcValue } = {
  int: { kind: 'scalar' },
  i4: { kind: 'scalar' },
  i8: { kind: 'nothing' },
  boolean: { kind: 'scalar' },
  double: { kind: 'scalar' },
  'dateTime.iso8601': { kind: 'scalar' },
  base64: { kind: 'base64' },
  nil: { kind: 'nothing' },
};
const MAX_DEPTH = 32;

/** It is not a call of XML-RPC that every reader reads alike. */
class Malformed extends Error {}

/** @param body each character is one byte. @returns undefined if it may have another reading */
export function readXmlRpc(body: string): XmlRpcCall | undefined {
  const text = Buffer.from(body, 'latin1').toString('utf8');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML has none
  if (text.includes('\ufffd') || /[\0-\x08\v\f\x0e-\x1f]/.test(text)) return undefined;
  try {
    // XML 1.0 §2.11: all line ends are one.
    return new Reader(text.replace(DECLARATION, '').replace(/\r\n?/g, '\n')).readCall();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

const textOf = (text: string): XmlRpcValue => ({ kind: 'text', texts: withTrimmed([text]) });

function emptyOf(name: string): XmlRpcValue {
  if (name !== 'string' && name !== 'nil') throw new Malformed();
  return name === 'string' ? textOf('') : { kind: 'nothing' };
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
    const params: XmlRpcValue[] = [];
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

  #value(): XmlRpcValue {
    if (++this.#depth > MAX_DEPTH) throw new Malformed();
    this.#skipBlanks();
    this.#expect('<value>');
    const value = this.#content();
    this.#expect('</value>');
    this.#depth--;
    return value;
  }

  #content(): XmlRpcValue {
    const before = this.#at;
    const text = this.#text();
    const [, slash, name = '', empty] = TAG.exec(this.#tokens[this.#at] ?? '') ?? [];
    // Without a type it is a string.
    if (slash === '/') return text.trim() === '' ? { kind: 'nothing' } : textOf(text);
    if (text.trim() !== '') throw new Malformed();
    if (empty === '/') this.#at++;
    else this.#at = before;
    const value = empty === '/' ? emptyOf(name) : this.#typed(name);
    this.#skipBlanks();
    return value;
  }

  #typed(name: string): XmlRpcValue {
    if (name === 'struct') return this.#struct();
    if (name === 'array') return this.#array();
    const text = this.#textIn(name);
    if (name === 'string') return textOf(text);
    if (!Object.hasOwn(SIMPLE, name)) throw new Malformed();
    return SIMPLE[name] as XmlRpcValue;
  }

  #struct(): XmlRpcValue {
    const members: [string, XmlRpcValue][] = [];
    this.#open('struct');
    while (this.#tryOpen('member')) {
      members.push([this.#textIn('name').trim(), this.#value()]);
      this.#close('member');
    }
    this.#close('struct');
    return { kind: 'struct', members };
  }

  #array(): XmlRpcValue {
    const items: XmlRpcValue[] = [];
    this.#open('array');
    this.#open('data');
    while (this.#peek() === '<value>') items.push(this.#value());
    this.#close('data');
    this.#close('array');
    return { kind: 'array', items };
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
