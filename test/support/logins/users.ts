// The users of generated logins: their hashes are cheap, and take for equal what C strings do.

import { createHash } from 'node:crypto';

export interface User {
  readonly username: string;
  readonly password: string;
  /** Whether the corpus has this pair. */
  readonly isLeaked: boolean;
}

const user = (username: string, password: string, isLeaked: boolean): User => ({ username, password, isLeaked });

export const LEAKED: readonly User[] = [
  user('ada@example.com', 'Summer23', true),
  user('bob@example.com', 'correct horse 7', true),
  user('eve@example.com', 'pässwörd', true),
  user('12345678', '87654321', true),
  user('true', 'false', true),
  user('ann&bo=1@example.com', 'a=b&c+d%20', true),
];
export const CLEAN: readonly User[] = [
  user('zoe@example.com', 'never leaked 1', false),
  user('yan@example.com', 'never leaked 2', false),
];
/** Values beside a login: two have leaked, so that some decoys are findings too. */
export const DECOYS: readonly string[] = ['nobody@example.com', 'qwertz!never', 'ada@example.com', 'Summer23', ''];

/** How a login stores and compares passwords. */
export const HASHES = {
  exact: (password: string): string => createHash('sha256').update(password).digest('base64'),
  /** Ends at a NUL, like a hash whose input is a C string. */
  'c string': (password: string): string => HASHES.exact(password.split('\0', 1)[0] ?? ''),
} as const;

export type HashName = keyof typeof HASHES;

const STORED: { readonly [name in HashName]: ReadonlyMap<string, readonly [hash: string, user: User]> } = {
  exact: stored('exact'),
  'c string': stored('c string'),
};

function stored(name: HashName): Map<string, readonly [string, User]> {
  return new Map([...LEAKED, ...CLEAN].map((one) => [one.username, [HASHES[name](one.password), one]]));
}

/** @returns the user who logs in; undefined if the handler read no right credential */
export function logIn(username: unknown, password: unknown, hash: HashName): User | undefined {
  if (typeof username !== 'string' || typeof password !== 'string') return undefined;
  const [right, found] = STORED[hash].get(username) ?? [];
  return right === HASHES[hash](password) ? found : undefined;
}
