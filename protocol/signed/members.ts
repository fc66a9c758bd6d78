// Tables of members: the one description of a JSON document. Parsers are built from them; tests
// compare /openapi.json and the tables of PROTOCOL.md with them.

import { ProtocolError, type ProtocolErrorCode } from '../errors.ts';

/** Why a document was refused. `parseDocument` turns it into the document's own error. */
class MemberError extends Error {}

export function refuseMember(what: string): never {
  throw new MemberError(what);
}

/** @param what the value's name in an error message @throws MemberError */
export type Parse<T> = (value: unknown, what: string) => T;

export interface Member<T> {
  readonly parse: Parse<T>;
  readonly isOptional: boolean;
}

/** One entry for each member of a document, in the order in which it is written. */
export type Members<T> = { readonly [Name in keyof T]-?: Member<NonNullable<T[Name]>> };

/** The name of a kind of document, and the error of one that is malformed. */
export interface DocumentKind {
  readonly name: string;
  readonly code: ProtocolErrorCode;
  readonly hint: string;
}

/**
 * Runs a parser.
 * @throws ProtocolError the error of this kind of document
 */
export function parseDocument<T>({ name, code, hint }: DocumentKind, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof MemberError)) throw cause;
    throw new ProtocolError(code, `${name}: ${cause.message}`, hint);
  }
}

export const required = <T>(parse: Parse<T>): Member<T> => ({ parse, isOptional: false });
export const optional = <T>(parse: Parse<T>): Member<T> => ({ parse, isOptional: true });

export function parseObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuseMember(`${what} is not an object`);
  return value as Record<string, unknown>;
}

/** Ignores members that the table lacks, so that a later publisher may add some. */
export function parseMembers<T>(value: unknown, what: string, members: Members<T>): T {
  const given = parseObject(value, what);
  const parsed: Partial<T> = {};
  for (const name of Object.keys(members) as (keyof T & string)[]) {
    const { parse, isOptional } = members[name];
    if (isOptional && given[name] === undefined) continue;
    parsed[name] = parse(given[name], `${name} of ${what}`);
  }
  return parsed as T;
}

export const object =
  <T>(members: Members<T>): Parse<T> =>
  (value, what) =>
    parseMembers(value, what, members);

export const array =
  <T>(parse: Parse<T>, low: number, high: number): Parse<T[]> =>
  (value, what) => {
    if (!Array.isArray(value) || value.length < low || value.length > high) refuseMember(`${what} is malformed`);
    return (value as unknown[]).map((item) => parse(item, what));
  };

export const integer =
  (low: number, high: number): Parse<number> =>
  (value, what) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high)
      refuseMember(`${what} is out of range`);
    return value as number;
  };

/** Text of a pattern. The type parameter is the brand that the pattern makes. */
export const text =
  <T extends string = string>(pattern: RegExp): Parse<T> =>
  (value, what) => {
    if (typeof value !== 'string' || !pattern.test(value)) refuseMember(`${what} is malformed`);
    return value as T;
  };

export const oneOf =
  <T>(values: readonly T[]): Parse<T> =>
  (value, what) => {
    if (!values.includes(value as T)) refuseMember(`${what} is out of range`);
    return value as T;
  };

export const hex = <T extends string = string>(digits: number): Parse<T> =>
  text<T>(new RegExp(`^[0-9a-f]{${digits}}$`));

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** Formats a time as ISO 8601, UTC, in whole seconds. */
export function formatTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** A time in the spelling of `formatTime`, which leaves each second one spelling. */
export const time: Parse<string> = (value, what) => {
  const given = text(TIME)(value, what);
  const milliseconds = Date.parse(given);
  if (Number.isNaN(milliseconds) || formatTime(milliseconds) !== given) refuseMember(`${what} is not a time`);
  return given;
};
