// Finds the credential in parsed fields by their names: everything that a handler may read there,
// and whether it may read anything else.

import type { Credential } from '../verdict/inquiry.ts';

/** The name of a field, taken literally, or the path to a nested one: `['user', 'email']`. */
export type FieldPath = string | readonly string[];

export interface FieldNames {
  /** The username field. Instead of `usernames`. */
  readonly username?: FieldPath;
  /**
   * The fields of all usernames that a login may be made with. The guard checks every one that is
   * present, so that a field which the handler ignores cannot hide the one that it reads. Default
   * `username` and `email`.
   */
  readonly usernames?: readonly FieldPath[];
  /** The password field. Default `password`. */
  readonly password?: FieldPath;
}

export interface ParsedFields {
  readonly usernames: readonly (readonly string[])[];
  readonly password: readonly string[];
}

/** What a handler may read as the credential of a request. */
export interface Reading {
  readonly usernames: readonly string[];
  /** Empty if the request has no password. */
  readonly passwords: readonly string[];
  /** Why a handler may read something else; undefined if it cannot. */
  readonly unreadable?: string | undefined;
  /** The same, if any other source has the password. */
  readonly doubt?: string | undefined;
  /** Whether there is a body, with whatever fields. */
  readonly isSent?: boolean;
}

/** A credential that may be present but cannot be read. The error contains no part of the body. */
export class CredentialUnreadable extends Error {
  override name = 'CredentialUnreadable';
}

export function unreadable(why: string): CredentialUnreadable {
  return new CredentialUnreadable(`cannot read the credential in the request: ${why}`);
}

/** A request with more distinct values is not an ordinary login, and each costs a bucket. */
const MAX_USERNAMES = 4;
const MAX_PASSWORDS = 2;

export const NOTHING: Reading = { usernames: [], passwords: [] };

/** Reads the fields of one source, such as a parsed body or a query. */
export function readFields(source: unknown, fields: ParsedFields): Reading {
  if (source === undefined || source === null) return NOTHING;
  if (typeof source !== 'object' || ArrayBuffer.isView(source) || Array.isArray(source))
    return { ...NOTHING, unreadable: 'the body was not parsed into fields' };
  const password = textsAt(source, fields.password);
  const usernames = fields.usernames.map((path) => textsAt(source, path));
  const inexact = 'a field is not a string, is repeated or is inherited';
  return {
    usernames: usernames.flatMap(({ texts }) => texts),
    passwords: password.texts,
    ...(!password.isExact && { unreadable: inexact }),
    ...(!usernames.every(({ isExact }) => isExact) && { doubt: inexact }),
  };
}

/**
 * Reads the fields of a form. A repeated name is a list, since a handler may use any of its values.
 */
export function readForm(form: FormData | URLSearchParams, fields: ParsedFields): Reading {
  const roots = [fields.password, ...fields.usernames].map(([root = '']) => root);
  // Not by `getAll`, which searches the whole form for each name.
  const values = new Map<string, unknown[]>();
  for (const [name, value] of form) {
    const before = values.get(name);
    if (before) before.push(value);
    else if (name === '__proto__' || roots.some((root) => name.startsWith(root))) values.set(name, [value]);
  }
  const members = [...values].map(([name, all]) => [name, all.length === 1 ? all[0] : all] as const);
  const reading = readFields(Object.fromEntries(members), fields);
  // Some parsers make `password[]` or `password.x` a part of `password`.
  const isNested = members.some(([name]) =>
    roots.some((root) => name.startsWith(root) && /^[[.]/.test(name.slice(root.length))),
  );
  return isNested ? { ...reading, doubt: 'a field has members' } : reading;
}

/** The reading of a handler that may use any of several sources. */
export function mergeReadings(readings: readonly Reading[]): Reading {
  const passwords = readings.flatMap((reading) => reading.passwords);
  const isOne = new Set(passwords).size <= 1;
  const [why] = readings.flatMap(({ unreadable }) => unreadable ?? []);
  const [doubt] = readings.flatMap((reading) => reading.doubt ?? []);
  return {
    usernames: readings.flatMap(({ usernames }) => usernames),
    passwords,
    unreadable: why ?? (isOne ? undefined : 'it has two passwords'),
    doubt,
    isSent: readings.some(({ isSent }) => isSent),
  };
}

/** What a guard can check of a reading, each text once, and whether that is all of it. */
export function boundReading({ usernames, passwords, doubt, ...rest }: Reading, fields: ParsedFields): Reading {
  const names = [...new Set(usernames)];
  const texts = [...new Set(passwords)];
  const max = Math.max(MAX_USERNAMES, fields.usernames.length);
  const isBounded = names.length <= max && texts.length <= MAX_PASSWORDS;
  const why = rest.unreadable ?? (texts.length > 0 ? doubt : undefined);
  return {
    ...rest,
    usernames: names.slice(0, max),
    passwords: texts.slice(0, MAX_PASSWORDS),
    unreadable: why ?? (isBounded ? undefined : 'it has too many usernames or passwords'),
  };
}

/**
 * All that was read, for one check; undefined without a password. One with blanks around it is
 * checked without them too, since handlers trim.
 */
export function credentialOf({ usernames, passwords }: Reading): Credential | undefined {
  const trimmed = passwords.length === 1 ? passwords[0]?.trim() : undefined;
  const [password, ...others] = new Set(trimmed ? [...passwords, trimmed] : passwords);
  if (password === undefined) return undefined;
  return {
    ...(usernames.length > 0 && { usernames }),
    ...(others.length > 0 ? { passwords: [password, ...others] } : { password }),
  };
}

/** The texts that a handler may make of a field. */
interface Texts {
  readonly texts: readonly string[];
  /** Whether it can make no other. */
  readonly isExact: boolean;
}

function textsAt(source: object, path: readonly string[]): Texts {
  let holders: unknown[] = [source];
  let isExact = true;
  for (const name of path)
    holders = holders.flatMap((holder) => {
      if (typeof holder !== 'object' || holder === null) return [];
      // A copy of the holder inherits from this member: then `holder.name` may be a member of it.
      const inherited = Object.hasOwn(holder, '__proto__') ? Reflect.get(holder, '__proto__') : undefined;
      if (inherited !== undefined) isExact = false;
      return [memberOf(holder, name), memberOf(inherited, name)];
    });
  const values = holders.filter((value) => value !== undefined && value !== null);
  const found = values.map(textsOf);
  return {
    texts: found.flatMap(({ texts }) => texts),
    isExact: isExact && found.every((one) => one.isExact),
  };
}

/** What `holder.name` gives to a handler, except for what every object inherits. */
function memberOf(holder: unknown, name: string): unknown {
  if (typeof holder !== 'object' || holder === null) return undefined;
  return Object.hasOwn(holder, name) || !(name in Object.prototype) ? Reflect.get(holder, name) : undefined;
}

/** A handler may convert a list or a number to a string in its own way. */
function textsOf(value: unknown): Texts {
  if (typeof value === 'string') return { texts: [value], isExact: true };
  if (typeof value === 'number' || typeof value === 'boolean') return { texts: [String(value)], isExact: false };
  if (!Array.isArray(value)) return { texts: [], isExact: false };
  const ends = [value[0], value.at(-1)].filter((end) => typeof end === 'string' || typeof end === 'number');
  return { texts: ends.map(String), isExact: false };
}
