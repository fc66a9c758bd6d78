// Usernames as events have them: keyed hashes, which nobody without the key of the installation can
// test guesses against.

import { createHmac, type KeyObject } from 'node:crypto';
import { nameBytes } from '../checks/typed-text.ts';

const HASH_BYTES = 16;

/** The same for each spelling of a name; another one in another application. */
export type NameUser = (application: string, usernames: readonly string[]) => string | undefined;

/** @param key derived for names in events alone */
export function createNameUser(key: KeyObject): NameUser {
  return (application, usernames) => {
    const [typed] = usernames.filter((username) => username.trim() !== '');
    if (typed === undefined) return undefined;
    const hash = createHmac('sha256', key)
      .update(`${application}\0${nameBytes(typed)}`)
      .digest();
    return `u_${hash.subarray(0, HASH_BYTES).toString('base64url')}`;
  };
}
