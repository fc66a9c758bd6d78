// A person, from what a provider says of them. What is too large or odd is refused, and nothing is
// cut off: a policy that excludes a group must see all of them.

import type { Person } from '../person.ts';
import { SignInError } from './provider.ts';

export interface ClaimNames {
  readonly groups: string;
  readonly emailVerified: string;
}

export type Claims = Readonly<Record<string, unknown>>;

const MAX_SUBJECT = 255;
const MAX_LENGTH = 16_384;
/** They are about the token, or have a place of their own. */
const NO_CLAIMS: ReadonlySet<string> = new Set([
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'nonce', 'azp', 'auth_time', 'at_hash', 'c_hash', 's_hash'],
  ...['sid', 'amr', 'email', 'email_verified', '__proto__'],
]);
/**
 * Of e-mail addresses those that read in one way: one `@`, and letters whose case everybody agrees
 * on.
 */
const EMAIL = /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/;

/** @throws SignInError `invalid` */
export function personFrom(provider: string, claims: Claims, names: ClaimNames): Person {
  const { sub } = claims;
  // OpenID Connect Core §2.
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT) throw new SignInError('invalid', 'subject');
  const person: Person = {
    provider,
    subject: sub,
    email: emailFrom(claims, names),
    groups: textsOf(claims[names.groups]) ?? [],
    claims: othersOf(claims, names),
    amr: textsOf(claims['amr']) ?? [],
  };
  const { groups, claims: others, amr } = person;
  if (JSON.stringify([groups, [...others], amr]).length > MAX_LENGTH)
    throw new SignInError('invalid', 'claims too long');
  return person;
}

function emailFrom(claims: Claims, { emailVerified }: ClaimNames): string | undefined {
  const { email } = claims;
  const verified = claims[emailVerified];
  if (typeof email !== 'string' || !(verified === true || verified === 'true')) return undefined;
  return plainEmail(email);
}

/** In lower case; undefined for one that could be read as another. */
export function plainEmail(email = ''): string | undefined {
  // Before the case changes: that of other letters than these depends on who changes it.
  return /^[\x21-\x7e]+$/.test(email) && EMAIL.test(email.toLowerCase()) ? email.toLowerCase() : undefined;
}

function othersOf(claims: Claims, { groups, emailVerified }: ClaimNames): Person['claims'] {
  const others = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(claims)) {
    if (NO_CLAIMS.has(name) || name === groups || name === emailVerified) continue;
    const texts = textsOf(value);
    if (texts && texts.length > 0) others.set(name, texts);
  }
  return others;
}

/** Texts, numbers and truth values, one or a list. Undefined for what is none of them. */
function textsOf(value: unknown): readonly string[] | undefined {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = values.map((each) => (isPlain(each) ? String(each) : undefined));
  return texts.every((each) => each !== undefined) ? texts.filter((each) => each !== '') : undefined;
}

const isPlain = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
