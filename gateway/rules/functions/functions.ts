// The functions of rules by name. What their arguments are was checked when the rule was loaded.

import type { Address } from '../../addresses/address.ts';
import { networkOf } from '../../addresses/network.ts';
import type { FunctionName } from '../schema/signatures.ts';
import type { RuleValue } from '../schema/types.ts';
import { decodeBase64, encodeBase64, isTimedHmacValid, sha256 } from './crypto.ts';
import { lookupInteger, lookupString } from './json.ts';
import { concat, lowerAscii, split, substring, toText, upperAscii, urlDecode } from './text.ts';

/** @returns null if there is no result */
export type RuleFunction = (...args: readonly RuleValue[]) => RuleValue | null;

/** any() and all() take results of expressions, so that the compiler has them. */
type Named = Exclude<FunctionName, 'any' | 'all'>;

const cidr = (address: Address, ipv4Bits: number, ipv6Bits: number): Address =>
  networkOf(address, address.family === 4 ? ipv4Bits : ipv6Bits).first;

const IMPLEMENTATIONS = {
  cidr,
  cidr6: (address: Address, bits: number) => cidr(address, 32, bits),
  concat,
  decode_base64: decodeBase64,
  encode_base64: encodeBase64,
  ends_with: (bytes: string, end: string) => bytes.endsWith(end),
  starts_with: (bytes: string, start: string) => bytes.startsWith(start),
  join: (items: readonly string[], separator: string) => items.join(separator),
  split,
  len: (value: string | readonly RuleValue[]) => value.length,
  lower: lowerAscii,
  upper: upperAscii,
  lookup_json_string: lookupString,
  lookup_json_integer: lookupInteger,
  substring,
  to_string: toText,
  url_decode: urlDecode,
  sha256,
  is_timed_hmac_valid_v0: isTimedHmacValid,
} as const satisfies { readonly [Name in Named]: (...args: never[]) => RuleValue | null };

export const functionOf = (name: string): RuleFunction => IMPLEMENTATIONS[name as Named] as RuleFunction;

/** Functions that leave out missing arguments. All others have no result then. */
export const takesMissing = (name: string): boolean => name === 'concat';
