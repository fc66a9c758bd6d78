// ristretto255 (RFC 9496) with SHA-512 on libsodium's WebAssembly: bytes in, bytes out.
//
// The module's own functions are called, not its wrappers: these allocate and copy at each call, 6% of an evaluation.
// Everything is synchronous, so that one scratch region serves the whole process. It is wiped after every call.

import { randomBytes } from '@noble/hashes/utils.js';
import sodium from 'libsodium-wrappers-sumo';
import { ELEMENT_BYTES, SCALAR_BYTES } from '../protocol/oprf-suite.ts';

export const SHA512_BYTES = 64;
/** Longer than any message of RFC 9497: 65,535 bytes of input and what goes around them. */
const MESSAGE_BYTES = 66 * 1024;
/** Where the operands of a call lie, from the start of the scratch region on. */
const RESULT = 0;
const FIRST = RESULT + SHA512_BYTES;
const SECOND = FIRST + ELEMENT_BYTES;
const SCRATCH_BYTES = FIRST + MESSAGE_BYTES;

/** Arguments are addresses in the module's memory; the result of each function is 0 where it succeeded. */
interface SodiumModule {
  /** Replaced whenever the memory grows: never to be kept. */
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _crypto_hash_sha512(result: number, message: number, lengthLow: number, lengthHigh: number): number;
  _crypto_core_ristretto255_from_hash(result: number, uniform: number): number;
  _crypto_core_ristretto255_is_valid_point(element: number): number;
  _crypto_core_ristretto255_add(result: number, a: number, b: number): number;
  _crypto_core_ristretto255_scalar_reduce(result: number, wide: number): void;
  _crypto_core_ristretto255_scalar_invert(result: number, scalar: number): number;
  _crypto_core_ristretto255_scalar_mul(result: number, a: number, b: number): void;
  _crypto_core_ristretto255_scalar_sub(result: number, a: number, b: number): void;
  _crypto_scalarmult_ristretto255(result: number, scalar: number, element: number): number;
  _crypto_scalarmult_ristretto255_base(result: number, scalar: number): number;
}

/**
 * Elements are 32 bytes as RFC 9496 encodes them, scalars 32 bytes, little-endian, below the order of the group.
 * Operands of other lengths are a mistake of the caller's: RangeError.
 */
export interface Ristretto255 {
  /** Of all parts, one after the other. @returns 64 bytes */
  sha512(...parts: readonly Uint8Array[]): Uint8Array;
  /** The one-way map of RFC 9496 §4.3.4. @param uniform 64 bytes */
  fromHash(uniform: Uint8Array): Uint8Array;
  /** Canonical by RFC 9496 §4.3.1; the identity counts as valid. */
  isValid(element: Uint8Array): boolean;
  add(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** Undefined where the element is not canonical, or where the product is the identity. */
  multiply(scalar: Uint8Array, element: Uint8Array): Uint8Array | undefined;
  /** Undefined where the scalar is zero. */
  multiplyBase(scalar: Uint8Array): Uint8Array | undefined;
  /** Zero with a chance of 2^-252. */
  randomScalar(): Uint8Array;
  /** @param wide 64 bytes, little-endian */
  reduceScalar(wide: Uint8Array): Uint8Array;
  /** Undefined for zero. */
  invertScalar(scalar: Uint8Array): Uint8Array | undefined;
  multiplyScalars(a: Uint8Array, b: Uint8Array): Uint8Array;
  subtractScalars(a: Uint8Array, b: Uint8Array): Uint8Array;
}

let loaded: Promise<Ristretto255> | undefined;

/** Compiles libsodium at the first call. */
export function loadRistretto255(): Promise<Ristretto255> {
  loaded ??= sodium.ready.then(() => {
    // The wrapper exports the module under this name; its types leave it out.
    const { libsodium } = sodium as unknown as { readonly libsodium: SodiumModule };
    return createRistretto255(libsodium);
  });
  return loaded;
}

function createRistretto255(libsodium: SodiumModule): Ristretto255 {
  const scratch = libsodium._malloc(SCRATCH_BYTES);
  if (scratch === 0) throw new RangeError('libsodium: out of memory');
  const result = scratch + RESULT;
  const first = scratch + FIRST;
  const second = scratch + SECOND;

  /** Reads the result and wipes it with `used` bytes of operands. */
  const take = (resultBytes: number, used: number): Uint8Array => {
    const heap = libsodium.HEAPU8;
    const taken = heap.slice(result, result + resultBytes);
    heap.fill(0, result, first + used);
    return taken;
  };
  const put = (at: number, bytes: Uint8Array, length: number): void => {
    if (bytes.length !== length) throw new RangeError(`an operand of ${length} bytes`);
    libsodium.HEAPU8.set(bytes, at);
  };
  const putTwo = (a: Uint8Array, b: Uint8Array): void => {
    put(first, a, SCALAR_BYTES);
    put(second, b, ELEMENT_BYTES);
  };
  const TWO = SCALAR_BYTES + ELEMENT_BYTES;
  const reduceScalar = (wide: Uint8Array): Uint8Array => {
    put(first, wide, 2 * SCALAR_BYTES);
    libsodium._crypto_core_ristretto255_scalar_reduce(result, first);
    return take(SCALAR_BYTES, 2 * SCALAR_BYTES);
  };

  return {
    sha512(...parts) {
      let length = 0;
      for (const part of parts) length += part.length;
      if (length > MESSAGE_BYTES) throw new RangeError(`a message of up to ${MESSAGE_BYTES} bytes`);
      let at = first;
      for (const part of parts) {
        libsodium.HEAPU8.set(part, at);
        at += part.length;
      }
      libsodium._crypto_hash_sha512(result, first, length, 0);
      return take(SHA512_BYTES, length);
    },
    fromHash(uniform) {
      put(first, uniform, SHA512_BYTES);
      libsodium._crypto_core_ristretto255_from_hash(result, first);
      return take(ELEMENT_BYTES, SHA512_BYTES);
    },
    isValid(element) {
      put(first, element, ELEMENT_BYTES);
      const valid = libsodium._crypto_core_ristretto255_is_valid_point(first) === 1;
      take(0, ELEMENT_BYTES);
      return valid;
    },
    add(a, b) {
      putTwo(a, b);
      if (libsodium._crypto_core_ristretto255_add(result, first, second) !== 0)
        throw new RangeError('elements that were checked before');
      return take(ELEMENT_BYTES, TWO);
    },
    multiply(scalar, element) {
      putTwo(scalar, element);
      const status = libsodium._crypto_scalarmult_ristretto255(result, first, second);
      const product = take(ELEMENT_BYTES, TWO);
      return status === 0 ? product : undefined;
    },
    multiplyBase(scalar) {
      put(first, scalar, SCALAR_BYTES);
      const status = libsodium._crypto_scalarmult_ristretto255_base(result, first);
      const product = take(ELEMENT_BYTES, SCALAR_BYTES);
      return status === 0 ? product : undefined;
    },
    // libsodium's own takes its randomness four bytes at a time from JavaScript: 140 µs.
    randomScalar: () => reduceScalar(randomBytes(2 * SCALAR_BYTES)),
    reduceScalar,
    invertScalar(scalar) {
      put(first, scalar, SCALAR_BYTES);
      const status = libsodium._crypto_core_ristretto255_scalar_invert(result, first);
      const inverse = take(SCALAR_BYTES, SCALAR_BYTES);
      return status === 0 ? inverse : undefined;
    },
    multiplyScalars(a, b) {
      putTwo(a, b);
      libsodium._crypto_core_ristretto255_scalar_mul(result, first, second);
      return take(SCALAR_BYTES, TWO);
    },
    subtractScalars(a, b) {
      putTwo(a, b);
      libsodium._crypto_core_ristretto255_scalar_sub(result, first, second);
      return take(SCALAR_BYTES, TWO);
    },
  };
}
