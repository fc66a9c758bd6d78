// What a method gets as its arguments: the parameters of its call, for most servers. IXR, the
// library of WordPress, drops values without type and text, and passes a single parameter in place
// of the list, so that its elements, members or bytes are the arguments (class-IXR-message.php and
// class-IXR-server.php of WordPress 6.1.9).

import { isDeepStrictEqual } from 'node:util';
import { textsOfBytes } from './texts.ts';
import type { XmlRpcCall, XmlRpcValue } from './xml-rpc.ts';

interface Argument {
  /** What servers may read as its value. */
  readonly texts: readonly string[];
  /** Why servers may read something else. */
  readonly problem?: string | undefined;
}

type Values = readonly XmlRpcValue[];

/** @returns undefined if no server finds one there */
export function argumentAt({ params }: XmlRpcCall, position: number): Argument | undefined {
  const [plain, ofIxr] = [(values: Values) => values, withoutNothing].map((list) => find(params, position, list));
  if (isDeepStrictEqual(plain, ofIxr)) return plain;
  const texts = [...(plain?.texts ?? []), ...(ofIxr?.texts ?? [])];
  return { texts, problem: 'servers count its parameters in different ways' };
}

/** Texts of each argument; none of one that is no string. */
export function argumentsOf({ params }: XmlRpcCall): readonly (readonly string[])[] {
  const [first] = params;
  const values = params.length === 1 && first?.kind === 'array' ? first.items : params;
  return values.map((value) => argumentOf(value).texts);
}

function find(params: Values, position: number, list: (values: Values) => Values): Argument | undefined {
  const values = list(params);
  const [first] = values;
  if (!first || values.length > 1) return values[position] && argumentOf(values[position]);
  switch (first.kind) {
    case 'array': {
      const item = list(first.items)[position];
      return item && argumentOf(item);
    }
    case 'struct':
      return memberOf(first.members, position);
    case 'text':
      return position === 0 ? argumentOf(first) : byteOf(first.texts, position);
    case 'base64':
      return argumentOf(first);
    default:
      return position === 0 ? argumentOf(first) : undefined;
  }
}

/** PHP takes a name of digits for a position, and some methods number such members anew. */
function memberOf(members: readonly (readonly [string, XmlRpcValue])[], position: number): Argument | undefined {
  const numbered = members.filter(([name]) => /^-?\d+$/.test(name));
  if (numbered.length === 0) return undefined;
  const texts = numbered.flatMap(([name, value]) => (name === String(position) ? argumentOf(value).texts : []));
  return { texts, problem: 'its parameters are members of one' };
}

/** PHP reads a position of a text as a byte. */
function byteOf(texts: readonly string[], position: number): Argument | undefined {
  const bytes = texts.flatMap((text) => Buffer.from(text).toString('latin1')[position] ?? []);
  return bytes.length === 0 ? undefined : { texts: bytes.flatMap((byte) => textsOfBytes(byte)) };
}

const argumentOf = (value: XmlRpcValue): Argument => {
  if (value.kind === 'text') return { texts: value.texts };
  return value.kind === 'nothing' ? { texts: [''] } : { texts: [], problem: 'a parameter is no string' };
};

const withoutNothing = (values: Values): Values => values.filter(({ kind }) => kind !== 'nothing');
