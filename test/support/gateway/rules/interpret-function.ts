// The functions of rules once more, by the byte, for the naive interpreter.

import crypto from 'node:crypto';
import { type Address, formatAddress } from '../../../../gateway/addresses/address.ts';
import type { MaybeValue, RuleValue } from '../../../../gateway/rules/schema/types.ts';

export function callFunction(name: string, values: readonly MaybeValue[]): MaybeValue {
  if (name !== 'concat' && values.includes(null)) return null;
  if (values.includes(undefined)) return undefined;
  const [first, ...rest] = values as [RuleValue, ...RuleValue[]];
  const text = String(first);
  switch (name) {
    case 'starts_with':
      return text.slice(0, String(rest[0]).length) === rest[0];
    case 'ends_with':
      return String(rest[0]) === '' || text.slice(-String(rest[0]).length) === rest[0];
    case 'len':
      return (first as string | RuleValue[]).length;
    case 'lower':
      return perByte(text, (byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));
    case 'upper':
      return perByte(text, (byte) => (byte >= 97 && byte <= 122 ? byte - 32 : byte));
    case 'concat':
      return values.every((value) => value === null)
        ? null
        : (values as readonly (string | null)[]).reduce<string>((joined, value) => joined + (value ?? ''), '');
    case 'join':
      return (first as string[]).reduce((joined, item, i) => joined + (i === 0 ? '' : rest[0]) + item, '');
    case 'split':
      return splitAt(text, String(rest[0]), Number(rest[1]));
    case 'substring':
      return cut(text, Number(rest[0]), rest[1] === undefined ? text.length : Number(rest[1]));
    case 'to_string':
      return typeof first === 'object' ? formatAddress(first as Address) : `${first}`;
    case 'url_decode':
      return rest[0] === 'r' ? decodeFully(text) : decode(text);
    case 'sha256':
      return crypto.hash('sha256', Buffer.from(text, 'latin1'), 'buffer').toString('latin1');
    case 'encode_base64':
      return btoa(text).replaceAll('=', '');
    case 'decode_base64':
      return decodeBase64(text);
    case 'lookup_json_string':
    case 'lookup_json_integer':
      return lookUp(text, rest, name.endsWith('integer'));
    case 'cidr':
    case 'cidr6':
      return networkOf(first as Address, name === 'cidr6' ? 32 : Number(rest[0]), Number(rest.at(-1)));
    default:
      throw new Error(`no function ${name}`);
  }
}

const perByte = (text: string, change: (byte: number) => number): string =>
  String.fromCharCode(...Array.from(text, (sign) => change(sign.charCodeAt(0))));

function splitAt(text: string, separator: string, limit: number): string[] {
  const at = text.indexOf(separator);
  if (at === -1 || limit === 1) return [text];
  return [text.slice(0, at), ...splitAt(text.slice(at + separator.length), separator, limit - 1)];
}

function cut(text: string, start: number, end: number): string {
  const place = (position: number): number => (position < 0 ? text.length + position : position);
  return [...text].filter((_, i) => i >= place(start) && i < place(end)).join('');
}

function decode(text: string): string {
  let decoded = '';
  for (let i = 0; i < text.length; i++) {
    const hex = text.slice(i + 1, i + 3);
    if (text[i] === '%' && /^[\da-f]{2}$/i.test(hex)) {
      decoded += String.fromCharCode(Number(`0x${hex}`));
      i += 2;
    } else decoded += text[i] === '+' ? ' ' : text[i];
  }
  return decoded;
}

const decodeFully = (text: string, passes = 10): string =>
  passes === 0 || decode(text) === text ? text : decodeFully(decode(text), passes - 1);

function decodeBase64(text: string): string | null {
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(text)) return null;
  return atob(text);
}

/** The documents of random requests have no numbers but plain integers and 3.0. */
function lookUp(text: string, keys: readonly RuleValue[], isInteger: boolean): RuleValue | null {
  let value: unknown;
  try {
    value = JSON.parse(text.replace('3.0', '"a fraction"'));
  } catch {
    return null;
  }
  for (const key of keys) {
    const isRight = typeof key === 'number' ? Array.isArray(value) : value?.constructor === Object;
    value = isRight ? new Map(Object.entries(value as object)).get(String(key)) : undefined;
  }
  if (isInteger) return typeof value === 'number' ? value : null;
  return typeof value === 'string' && value !== 'a fraction' ? value : null;
}

function networkOf(address: Address, bits4: number, bits6: number): Address {
  const words = address.family === 4 ? [address.word] : address.words;
  const bits = address.family === 4 ? bits4 : bits6;
  const masked = words.map((word, i) =>
    Array.from({ length: 32 }, (_, bit) =>
      i * 32 + bit < bits && word & (2 ** (31 - bit)) ? 2 ** (31 - bit) : 0,
    ).reduce((a, b) => a + b, 0),
  );
  const [a = 0, b = 0, c = 0, d = 0] = masked;
  return address.family === 4 ? { family: 4, word: a } : { family: 6, words: [a, b, c, d] };
}
