// The functions that a rule can call: their parameters and what they return.

import type { Literal } from '../syntax/ast.ts';
import { arrayOf, isArray, type Type } from './types.ts';

export interface Signature {
  readonly parameters: readonly Parameter[];
  /** How many of the last parameters can be left out. */
  readonly optional?: number;
  /** The last parameter can be repeated. */
  readonly isVariadic?: true;
  readonly returns: Type | 'first';
  /** Has a result for every value, so that a mapped call keeps each element in its place. */
  readonly isTotal: boolean;
}

export interface Parameter {
  readonly name: string;
  readonly types: readonly Type[];
  /** Whether the argument is a literal: it must be, must not, or (undefined) may. */
  readonly literal?: 'only' | 'never';
  /** @returns what a literal must be, if it is not that */
  readonly check?: (literal: Literal) => string | undefined;
}

const ARRAYS: readonly Type[] = (['Bytes', 'Int', 'Bool', 'Ip'] as const).map(arrayOf);

const bytes = (name: string, literal?: 'only' | 'never'): Parameter => parameter(name, ['Bytes'], literal);
const parameter = (name: string, types: readonly Type[], literal?: 'only' | 'never'): Parameter =>
  literal === undefined ? { name, types } : { name, types, literal };

const integer = (name: string, min: number, max: number): Parameter => ({
  name,
  types: ['Int'],
  literal: 'only',
  check: (literal) =>
    literal.kind === 'int' && literal.value >= min && literal.value <= max
      ? undefined
      : `an integer from ${min} to ${max}`,
});

const flags = (letters: string): Parameter => ({
  name: 'options',
  types: ['Bytes'],
  literal: 'only',
  check: (literal) =>
    literal.kind === 'bytes' && [...literal.bytes].every((letter) => letters.includes(letter))
      ? undefined
      : `a string of the letters ${[...letters].map((letter) => `"${letter}"`).join(' and ')}`,
});

const notEmpty = (name: string): Parameter => ({
  ...bytes(name, 'only'),
  check: (literal) => (literal.kind === 'bytes' && literal.bytes !== '' ? undefined : 'a string that is not empty'),
});

const key: Parameter = {
  name: 'key',
  types: ['Bytes', 'Int'],
  literal: 'only',
  check: (literal) => (literal.kind === 'int' && literal.value < 0 ? 'a name, or a position from 0' : undefined),
};

const test: Signature = {
  parameters: [parameter('values', [arrayOf('Bool')], 'never')],
  returns: 'Bool',
  isTotal: true,
};
const ofText = (returns: Type, isTotal: boolean, ...rest: Parameter[]): Signature => ({
  parameters: [bytes('source', 'never'), ...rest],
  returns,
  isTotal,
});
const lookup = (returns: Type): Signature => ({ ...ofText(returns, false, key), isVariadic: true });

export const SIGNATURES = {
  any: test,
  all: test,
  cidr: {
    parameters: [parameter('address', ['Ip'], 'never'), integer('ipv4_bits', 1, 32), integer('ipv6_bits', 1, 128)],
    returns: 'Ip',
    isTotal: true,
  },
  cidr6: {
    parameters: [parameter('address', ['Ip'], 'never'), integer('ipv6_bits', 1, 128)],
    returns: 'Ip',
    isTotal: true,
  },
  concat: {
    parameters: [parameter('value', ['Bytes', ...ARRAYS]), parameter('value', ['Bytes', ...ARRAYS])],
    isVariadic: true,
    returns: 'first',
    isTotal: true,
  },
  decode_base64: ofText('Bytes', false),
  encode_base64: { parameters: [bytes('input'), flags('up')], optional: 1, returns: 'Bytes', isTotal: true },
  ends_with: ofText('Bool', false, bytes('substring')),
  starts_with: ofText('Bool', false, bytes('substring')),
  join: {
    parameters: [parameter('items', [arrayOf('Bytes')], 'never'), bytes('separator')],
    returns: 'Bytes',
    isTotal: false,
  },
  split: ofText('Array<Bytes>', true, notEmpty('separator'), integer('limit', 1, 128)),
  len: { parameters: [parameter('value', ['Bytes', ...ARRAYS], 'never')], returns: 'Int', isTotal: true },
  lower: ofText('Bytes', true),
  upper: ofText('Bytes', true),
  lookup_json_string: lookup('Bytes'),
  lookup_json_integer: lookup('Int'),
  substring: { ...ofText('Bytes', false, parameter('start', ['Int']), parameter('end', ['Int'])), optional: 1 },
  to_string: { parameters: [parameter('value', ['Int', 'Bool', 'Ip'], 'never')], returns: 'Bytes', isTotal: true },
  url_decode: { ...ofText('Bytes', true, flags('ru')), optional: 1 },
  sha256: { parameters: [bytes('input')], returns: 'Bytes', isTotal: true },
  is_timed_hmac_valid_v0: {
    parameters: [
      notEmpty('key'),
      bytes('message_mac'),
      integer('ttl', 1, 2 ** 40),
      parameter('current_time', ['Int']),
      integer('separator_length', 0, 1024),
      flags('s'),
    ],
    optional: 2,
    returns: 'Bool',
    isTotal: false,
  },
} as const satisfies { readonly [name: string]: Signature };

export type FunctionName = keyof typeof SIGNATURES;

export const signatureOf = (name: string): Signature | undefined =>
  Object.hasOwn(SIGNATURES, name) ? SIGNATURES[name as FunctionName] : undefined;

/** Functions of Cloudflare that this language leaves out, and what to do instead. */
export const LEFT_OUT: { readonly [name: string]: string } = {
  regex_replace: 'Compare with `matches`, which sees the value as it is.',
  wildcard_replace: 'Compare with `wildcard`, which sees the value as it is.',
  remove_query_args: 'Read single arguments: `http.request.uri.args["name"][0]`.',
  remove_bytes: 'Compare with `matches`, and allow the bytes in the expression.',
  uuidv4: 'Rules compare requests, and make no identifiers.',
  bit_slice: 'Rules see requests, not packets.',
};

/** What a call returns, by the type of its first argument. */
export const returnOf = (signature: Signature, first: Type | undefined): Type =>
  signature.returns === 'first' ? (first ?? 'Bytes') : signature.returns;

/** Whether arrays of it exist: results of mapped calls are arrays. */
export const hasArrays = (type: Type): boolean => !isArray(type);
