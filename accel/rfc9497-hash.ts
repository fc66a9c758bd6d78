// The hashes of ristretto255-SHA512 (RFC 9497 §4.1) over expand_message_xmd (RFC 9380 §5.3.1).

import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { OprfMode } from '../protocol/oprf.ts';
import { type Ristretto255, SHA512_BYTES } from './ristretto-sodium.ts';

/** Z_pad: a block of SHA-512. */
const Z_PAD = new Uint8Array(128);
/** I2OSP(64, 2) ‖ I2OSP(0, 1): all that is ever asked for is one output block. */
const LENGTH_AND_ZERO = Uint8Array.of(0, SHA512_BYTES, 0);
const ONE = Uint8Array.of(1);

/** I2OSP(value, 2). */
export const i2osp2 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value);

export interface Rfc9497Hash {
  /** contextString of RFC 9497 §3.1. */
  readonly context: Uint8Array;
  hashToGroup(input: Uint8Array): Uint8Array;
  hashToScalar(message: Uint8Array): Uint8Array;
  /** HashToScalar under the DST of DeriveKeyPair. */
  hashToSecretKey(message: Uint8Array): Uint8Array;
}

export function createRfc9497Hash(group: Ristretto255, mode: OprfMode): Rfc9497Hash {
  const contextString = `OPRFV1-${mode === 'oprf' ? '\0' : '\x01'}-ristretto255-SHA512`;
  /** DST ‖ I2OSP(len(DST), 1). */
  const dstPrime = (label: string): Uint8Array => {
    const dst = utf8ToBytes(label + contextString);
    return Uint8Array.of(...dst, dst.length);
  };
  const expand = (message: Uint8Array, dst: Uint8Array): Uint8Array =>
    group.sha512(group.sha512(Z_PAD, message, LENGTH_AND_ZERO, dst), ONE, dst);
  const toGroup = dstPrime('HashToGroup-');
  const toScalar = dstPrime('HashToScalar-');
  const toSecretKey = dstPrime('DeriveKeyPair');
  return {
    context: utf8ToBytes(contextString),
    hashToGroup: (input) => group.fromHash(expand(input, toGroup)),
    hashToScalar: (message) => group.reduceScalar(expand(message, toScalar)),
    hashToSecretKey: (message) => group.reduceScalar(expand(message, toSecretKey)),
  };
}
