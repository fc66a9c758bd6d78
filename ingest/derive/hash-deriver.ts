// Derives records of the range indexes, from lists of hashes and from plaintext passwords.

import { hash } from 'node:crypto';
import type { RangeName } from '../../protocol/bucket-id.ts';
import { HASH_BYTES } from '../../store/run/range-record.ts';
import { isHexDigit } from '../formats/hashes/hash-list.ts';
import { md4 } from '../md4.ts';
import type { HashSorter } from '../sort/hash-sorter.ts';
import type { Sorters } from '../sort/sorters.ts';
import type { Deriver } from './deriver.ts';

/** For formats that feed a range index alone, where the password is the hash in hex. */
export function createHashListDeriver(sorter: HashSorter, name: RangeName): Deriver {
  const binary = new Uint8Array(20);
  const addHex = (bytes: Uint8Array, from: number, to: number, times: number): void => {
    for (let at = from, byte = 0; at < to; at += 2, byte++)
      binary[byte] = (hexDigit(bytes[at] as number) << 4) | hexDigit(bytes[at + 1] as number);
    sorter.add(binary, times);
  };
  return {
    addBytes: (bytes, _usernameFrom, _usernameTo, from, to, times) => addHex(bytes, from, to, times),
    add(_username, hash, times) {
      if (hash.length !== 2 * HASH_BYTES[name] || !hash.every(isHexDigit)) return false;
      addHex(hash, 0, hash.length, times);
      return true;
    },
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
    addBytes(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times) {
      deriver.addBytes(bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times);
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
