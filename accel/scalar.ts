// Range checks for scalars of ristretto255, in constant time and without BigInt.

import { SCALAR_BYTES } from '../protocol/oprf-suite.ts';

/**
 * The order of the group, 2^252 + 27742317777372353535851937790883648493, little-endian (RFC 9496
 * §4).
 */
const ORDER = Uint8Array.of(
  ...[0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10],
);

/** True for 32 bytes that encode a number less than the order. */
export function isScalar(bytes: Uint8Array): boolean {
  if (bytes.length !== SCALAR_BYTES) return false;
  let borrow = 0;
  for (let i = 0; i < SCALAR_BYTES; i++) borrow = (((bytes[i] as number) - (ORDER[i] as number) - borrow) >>> 8) & 1;
  return borrow === 1;
}

/** True for a scalar other than zero, as RFC 9497 requires of keys and blinds. */
export function isNonZeroScalar(bytes: Uint8Array): boolean {
  let union = 0;
  for (const byte of bytes) union |= byte;
  return union !== 0 && isScalar(bytes);
}
