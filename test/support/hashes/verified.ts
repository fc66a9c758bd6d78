// Checks vectors of password hashes: each fits its password, and no other.

import { expect, test } from 'vitest';
import { type HashOptions, parseHash } from '../../../match/hashes/parse-hash.ts';
import { isFault, type StoredHash } from '../../../match/hashes/stored-hash.ts';

export type Vector = readonly [password: string | Buffer, hash: string];

/** @throws if the hash cannot be verified */
export function storedHash(text: string, options: HashOptions = {}, salt?: string): StoredHash {
  const parsed = parseHash(text, salt, options);
  if (isFault(parsed)) throw new Error(`${parsed}: ${text}`);
  return parsed;
}

/** @param source the project that published them */
export function testVectors(source: string, vectors: readonly Vector[], kind: RegExp): void {
  test.each(vectors.map(([password, hash]) => [hash, password] as const))(
    `verifies %s of ${source}`,
    (hash, password) => {
      const stored = storedHash(hash);
      expect(stored.kind).toMatch(kind);
      expect(stored.verify(Buffer.from(password))).toBe(true);
      const others = [Buffer.concat([Buffer.from('x'), Buffer.from(password)]), Buffer.from('another password')];
      for (const other of others) expect(stored.verify(other)).toBe(false);
    },
  );
}

/** A Greek name, and letters of several scripts: the texts of passlib's tests. */
export const UPASS_WAV = '\u0399\u03c9\u03b1\u03bd\u03bd\u03b7\u03c2';
export const UPASS_TABLE = 't\u00e1\u0411\u2113\u0259';
export const UPASS_USD = '\u20ac\u00a5$';
