// A name and a password as servers may read them, in a header.

import { textsOfBytes } from '../body/texts.ts';

export interface Credential {
  readonly username: readonly string[];
  readonly password: readonly string[];
}

/** @param name and secrets of which each character is one byte */
export function credentialOf(name: string, secrets: readonly string[]): Credential {
  // Applications of PHP split at all colons, and take the second piece.
  const pieces = secrets.map((secret) => secret.split(':', 1)[0] ?? '').filter((piece) => piece !== '');
  return {
    username: textsOfBytes(name),
    password: [...new Set([...secrets, ...pieces].flatMap((text) => textsOfBytes(text)))],
  };
}
