// A person, from what a provider says of them. What is too large or odd is refused, and nothing is
// cut off: a policy that excludes a group must see all of them.

import { plainEmail } from '../email.ts';
import type { Person } from '../person.ts';
import { type Provider, SignInError } from './provider.ts';

export interface ClaimNames {
  readonly groups: string;
  readonly emailVerified: string;
}

export type Claims = Readonly<Record<string, unknown>>;

const MAX_SUBJECT = 255;
const MAX_LENGTH = 16_384;
/** Of a person whose groups are elsewhere: OpenID Connect Core §5.6.2. */
const ELSEWHERE = '_claim_names';
/** They are about the token, or have a place of their own. */
const NO_CLAIMS: ReadonlySet<string> = new Set([
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'nonce', 'azp', 'auth_time', 'at_hash', 'c_hash', 's_hash'],
  ...['sid', 'amr', 'email', 'email_verified', '__proto__', ELSEWHERE, '_claim_sources'],
]);
/** @throws SignInError `invalid` */
export function personFrom(
  { name, source }: Pick<Provider, 'name' | 'source'>,
  claims: Claims,
  names: ClaimNames,
): Person {
  const { sub } = claims;
  // OpenID Connect Core §2.
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT) throw new SignInError('invalid', 'subject');
  const person: Person = {
    provider: name,
    source,
    subject: sub,
    email: emailFrom(claims, names),
    groups: groupsFrom(claims, names),
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

/** All of them, or the person does not get in: a block of one that nobody sees would let them. */
function groupsFrom(claims: Claims, { groups: name }: ClaimNames): readonly string[] {
  const groups = textsOf(claims[name]);
  if (!groups) throw new SignInError('invalid', 'groups that are no text');
  if (namesElsewhere(claims).includes(name)) throw new SignInError('invalid', 'groups elsewhere');
  return groups;
}

/** A claim that is there and cannot be read is an empty list: nobody knows what it says. */
function othersOf(claims: Claims, { groups, emailVerified }: ClaimNames): Person['claims'] {
  const others = new Map<string, readonly string[]>();
  const values: [string, unknown][] = [
    ...Object.entries(claims),
    ...namesElsewhere(claims).map((name): [string, unknown] => [name, {}]),
  ];
  for (const [name, value] of values) {
    if (NO_CLAIMS.has(name) || name === groups || name === emailVerified) continue;
    const texts = textsOf(value);
    if (!texts || texts.length > 0) others.set(name, texts ?? []);
  }
  return others;
}

/** Of claims that another service would have to be asked for, such as more groups than fit. */
function namesElsewhere(claims: Claims): readonly string[] {
  const names = claims[ELSEWHERE];
  return typeof names === 'object' && names !== null ? Object.keys(names) : [];
}

/**
 * Texts, numbers and truth values, one or a list; none for what is not there. Undefined for
 * anything else.
 */
function textsOf(value: unknown): readonly string[] | undefined {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value ?? ''];
  const texts = values.map((each) => (isPlain(each) ? String(each) : undefined));
  return texts.every((each) => each !== undefined) ? texts.filter((each) => each !== '') : undefined;
}

const isPlain = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
