// Functions of text. Bytes are text of which each character is one byte.

import { type Address, formatAddress } from '../../addresses/address.ts';
import type { RuleValue } from '../schema/types.ts';

const MAX_PASSES = 10;

/** Other bytes than A to Z stay as they are. */
export const lowerAscii = (bytes: string): string =>
  isAscii(bytes) ? bytes.toLowerCase() : bytes.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
export const upperAscii = (bytes: string): string =>
  isAscii(bytes) ? bytes.toUpperCase() : bytes.replace(/[a-z]+/g, (letters) => letters.toUpperCase());

const isAscii = (bytes: string): boolean => !/[\x80-\xff]/.test(bytes);

/** Missing values are left out, unless all are missing. */
export function concat(...values: readonly (RuleValue | null)[]): RuleValue | null {
  const present = values.filter((value) => value !== null);
  if (present.length === 0) return null;
  return typeof present[0] === 'string' ? present.join('') : (present as RuleValue[][]).flat();
}

/** At most `limit` parts, of which the last has the rest. */
export function split(bytes: string, separator: string, limit: number): string[] {
  const parts = bytes.split(separator);
  return parts.length <= limit ? parts : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

/** Negative positions count from the end. */
export const substring = (bytes: string, start: number, end?: number): string => bytes.slice(start, end);

export const toText = (value: number | boolean | Address): string =>
  typeof value === 'object' ? formatAddress(value) : String(value);

/**
 * Decodes `%HH`, and `+` to a blank. What is malformed stays.
 * @param options `r` until nothing changes, at most ten times; `u` also `%uHHHH`, to UTF-8
 */
export function urlDecode(bytes: string, options = ''): string {
  const isUnicode = options.includes('u');
  let decoded = decodeOnce(bytes, isUnicode);
  if (!options.includes('r')) return decoded;
  for (let pass = 1; pass < MAX_PASSES; pass++) {
    const again = decodeOnce(decoded, isUnicode);
    if (again === decoded) break;
    decoded = again;
  }
  return decoded;
}

function decodeOnce(bytes: string, isUnicode: boolean): string {
  if (!/[%+]/.test(bytes)) return bytes;
  return bytes.replace(
    isUnicode ? /\+|%[uU]([\da-fA-F]{4})|%([\da-fA-F]{2})/g : /\+|%()([\da-fA-F]{2})/g,
    (text, code, byte) => {
      if (text === '+') return ' ';
      if (!code) return String.fromCharCode(parseInt(byte, 16));
      const unit = parseInt(code, 16);
      // Half of a pair is no character.
      return unit >= 0xd800 && unit <= 0xdfff ? text : Buffer.from(String.fromCharCode(unit)).toString('latin1');
    },
  );
}
