// What programs have in common whose ClientHellos are alike: JA4, as github.com/FoxIO-LLC/ja4 has
// it (technical_details/JA4.md). Browsers of one family mostly share theirs, and it proves nothing.

import { createHash } from 'node:crypto';
import { type Cursor, helloOf, Malformed } from './client-hello.ts';

const SERVER_NAME = 0;
const SIGNATURE_ALGORITHMS = 13;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const LENGTH = 12;
const NOTHING = '0'.repeat(LENGTH);

const VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
]);

/** @param bytes that begin with a whole ClientHello @returns undefined for anything else */
export function ja4Of(bytes: Buffer): string | undefined {
  try {
    const hello = helloOf(bytes);
    return hello && fingerprint(hello);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function fingerprint(hello: Cursor): string {
  const legacy = hello.number(2);
  hello.take(32);
  hello.vector(1);
  const ciphers = numbersIn(hello.vector(2));
  hello.vector(1);
  const types: number[] = [];
  let alpn = '00';
  let algorithms: readonly number[] = [];
  let versions: readonly number[] = [];
  const extensions = hello.isAtEnd ? undefined : hello.vector(2);
  while (extensions && !extensions.isAtEnd) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    if (isGrease(type)) continue;
    types.push(type);
    if (type === ALPN) alpn = endsOf(data.vector(2).vector(1));
    if (type === SIGNATURE_ALGORITHMS) algorithms = numbersIn(data.vector(2));
    if (type === SUPPORTED_VERSIONS) versions = numbersIn(data.vector(1));
  }
  const version = VERSIONS.get(versions.length > 0 ? Math.max(...versions) : legacy) ?? '00';
  const name = types.includes(SERVER_NAME) ? 'd' : 'i';
  const others = types.filter((type) => type !== SERVER_NAME && type !== ALPN);
  const listed = [sorted(others), ...(algorithms.length > 0 ? [algorithms.map(hex).join(',')] : [])].join('_');
  return [
    `t${version}${name}${count(ciphers)}${count(types)}${alpn}`,
    ciphers.length === 0 ? NOTHING : digest(sorted(ciphers)),
    types.length === 0 ? NOTHING : digest(listed),
  ].join('_');
}

/** Without GREASE: RFC 8701. */
function numbersIn(list: Cursor): readonly number[] {
  const numbers: number[] = [];
  while (!list.isAtEnd) {
    const number = list.number(2);
    if (!isGrease(number)) numbers.push(number);
  }
  return numbers;
}

const isGrease = (value: number): boolean => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);

/** The first and the last character of the first protocol; of its bytes where they are none. */
function endsOf(protocol: Cursor): string {
  const bytes: number[] = [];
  while (!protocol.isAtEnd) bytes.push(protocol.number(1));
  const [first, last] = [bytes.at(0), bytes.at(-1)];
  if (first === undefined || last === undefined) return '00';
  const text = String.fromCharCode(first, last);
  if (/^[0-9A-Za-z]{2}$/.test(text)) return text;
  const [high, low] = [first, last].map((byte) => byte.toString(16).padStart(2, '0')) as [string, string];
  return `${high[0]}${low[1]}`;
}

const hex = (value: number): string => value.toString(16).padStart(4, '0');
const sorted = (values: readonly number[]): string => values.map(hex).sort().join(',');
const count = (values: readonly unknown[]): string => String(Math.min(99, values.length)).padStart(2, '0');
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, LENGTH);
