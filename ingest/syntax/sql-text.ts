// The escapes of texts in SQL.

import { decodeText } from '../input/text.ts';

/** What a backslash in a text begins. */
export type SqlEscapes = 'none' | 'mysql' | 'postgres';

const MYSQL_ESCAPES: { readonly [letter: string]: string } = {
  0: '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\x1a',
  // Patterns keep their backslash.
  '%': '\\%',
  _: '\\_',
};
const POSTGRES_ESCAPES: { readonly [letter: string]: string } = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Also for the cells of COPY, which escape like texts of PostgreSQL. */
export function unescapeText(bytes: Buffer, escapes: SqlEscapes): string {
  // Bytes of one character each, until octal and hexadecimal ones are in place.
  const text = bytes.toString('latin1');
  if (escapes === 'mysql') {
    const plain = text.replace(/\\(.)/gs, (_, letter: string) => MYSQL_ESCAPES[letter] ?? letter);
    return decodeText(Buffer.from(plain, 'latin1'));
  }
  const plain = text.replace(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/gs,
    (_, octal?: string, hex?: string, short?: string, long?: string, letter?: string) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      const point = short ?? long;
      if (point === undefined) return POSTGRES_ESCAPES[letter as string] ?? (letter as string);
      const code = Number.parseInt(point, 16);
      return code > 0x10ffff ? '' : Buffer.from(String.fromCodePoint(code)).toString('latin1');
    },
  );
  return decodeText(Buffer.from(plain, 'latin1'));
}

/** The name of a table without its schema. */
export const lastPart = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
