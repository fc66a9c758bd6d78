// Derives records under the `oprf` suite, with one evaluation per entry. PROTOCOL.md §15.

import type { NormalizedPassword, NormalizedUsername } from '../../protocol/brands.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import { deriveRecords } from '../../store/run/credential-records.ts';
import type { Sorters } from '../sort/sorters.ts';
import type { Deriver } from './deriver.ts';
import { lowerCase } from './hmac-deriver.ts';

/** @param similar also derives an entry for each similarity form */
export function createOprfDeriver(suite: KeyedSuite, sorters: Sorters, similar = false): Deriver {
  const derive = deriveRecords(suite, sorters.indexes, similar);
  const add = (username: Uint8Array | undefined, password: Uint8Array, times: number): boolean =>
    derive(username as NormalizedUsername | undefined, password as NormalizedPassword, times, sorters.emit);
  return {
    addBytes(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times) {
      const username = usernameFrom < 0 ? undefined : bytes.slice(usernameFrom, usernameTo);
      if (username) lowerCase(username, 0, username.length, username);
      add(username, bytes.slice(passwordFrom, passwordTo), times);
    },
    add,
    flush: () => undefined,
  };
}
