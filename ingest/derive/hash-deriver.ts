// Derives records of the range indexes, from lists of hashes and from plaintext passwords.

import { hash } from 'node:crypto';
import type { HashSorter } from '../sort/hash-sorter.ts';
import type { Sorters } from '../sort/sorters.ts';
import type { Deriver } from './deriver.ts';
import { md4 } from './md4.ts';

/** For the formats of formats/hash-list.ts, where the password is the hash in hex. */
export function createHashListDeriver(sorter: HashSorter): Deriver {
  const binary = new Uint8Array(20);
  return {
    addAscii(bytes, _usernameFrom, _usernameTo, from, to, times) {
      for (let at = from, byte = 0; at < to; at += 2, byte++)
        binary[byte] = (hexDigit(bytes[at] as number) << 4) | hexDigit(bytes[at + 1] as number);
      sorter.add(binary, times);
    },
    // The format already rejected such a line, which contains no hash.
    add: () => false,
    flush: () => undefined,
  };
}

/** The value of a hex digit in either case. */
const hexDigit = (byte: number): number => (byte & 0xf) + (byte > 0x39 ? 9 : 0);

/**
 * Wraps `deriver` and also records SHA-1 (of UTF-8) and NTLM (MD4 of UTF-16LE) of nonempty
 * passwords.
 */
export function withPlaintextHashes(deriver: Deriver, { sha1, ntlm }: Sorters): Deriver {
  const record = (password: Uint8Array, times: number): void => {
    if (password.length === 0) return;
    sha1?.add(hash('sha1', password, 'buffer'), times);
    ntlm?.add(md4(Buffer.from(Buffer.from(password).toString('utf8'), 'utf16le')), times);
  };
  return {
    addAscii(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times) {
      deriver.addAscii(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times);
      record(bytes.subarray(passwordFrom, passwordTo), times);
    },
    add(username, password, times) {
      if (!deriver.add(username, password, times)) return false;
      record(password, times);
      return true;
    },
    flush: () => deriver.flush(),
  };
}
