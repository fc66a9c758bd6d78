// Plain headers that say who a request is of, for applications that read no assertion. A value that
// an application could read as another one is left out.

import type { Person } from '../person.ts';

/** What may stand in a header: `claim:NAME` is another claim of the provider. */
export const IDENTITY_SOURCE = /^(?:email|subject|provider|groups|serviceToken|claim:[\x21-\x7e]{1,256})$/;

/** Who was let in. */
export type Subject =
  | { readonly kind: 'person'; readonly person: Person; readonly sessionHash: string }
  | { readonly kind: 'service'; readonly token: string };

const MAX_BYTES = 4_096;

export const ASSERTION = 'Credveil-Assertion';
/** As Cloudflare calls its own. */
const ALIAS = 'Cf-Access-Jwt-Assertion';

/** What an application is configured to hear. */
export interface IdentityNames {
  /** Sources by the name of a header. */
  readonly headers: { readonly [name: string]: string };
  readonly assertionAlias: boolean;
}

/** Of the headers that hold the assertion. */
export const assertionNames = ({ assertionAlias }: IdentityNames): readonly string[] =>
  assertionAlias ? [ASSERTION, ALIAS] : [ASSERTION];

/** Of all headers that tell who somebody is. */
export const assertedNames = (names: IdentityNames): string[] => [
  ...assertionNames(names),
  ...Object.keys(names.headers),
];

/** @param mapping sources by name of the header @returns names and values in turn */
export function identityHeaders(mapping: { readonly [name: string]: string }, subject: Subject): string[] {
  return Object.entries(mapping).flatMap(([name, source]) => {
    const value = encode(valuesOf(source, subject).filter(isPlain));
    return value === undefined ? [] : [name, value];
  });
}

function valuesOf(source: string, subject: Subject): readonly string[] {
  if (subject.kind === 'service') return source === 'serviceToken' ? [subject.token] : [];
  const { email, subject: id, provider, groups, claims } = subject.person;
  if (source.startsWith('claim:')) return separate(claims.get(source.slice('claim:'.length)) ?? []);
  switch (source) {
    case 'email':
      return email === undefined ? [] : [email];
    case 'subject':
      return [id];
    case 'provider':
      return [provider];
    case 'groups':
      return separate(groups);
    default:
      return [];
  }
}

/** A group `a,admin` would be two. */
const separate = (values: readonly string[]): string[] => values.filter((value) => !value.includes(','));

/** No control characters, and none that another text would be encoded as too. */
const isPlain = (value: string): boolean =>
  value !== '' && value.trim() === value && value.isWellFormed() && !/\p{Cc}/u.test(value);

/** UTF-8, each byte a character, as node:http writes them. */
function encode(values: readonly string[]): string | undefined {
  if (values.length === 0) return undefined;
  const bytes = Buffer.from(values.join(','), 'utf8');
  return bytes.length > MAX_BYTES ? undefined : bytes.toString('latin1');
}
