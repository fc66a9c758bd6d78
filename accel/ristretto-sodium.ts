// ristretto255 (RFC 9496) with SHA-512 on libsodium's WebAssembly: bytes in, bytes out.
//
// Calls the module's functions directly: its wrappers allocate and copy on every call, 6% of an
// evaluation. All calls are synchronous, so one scratch region serves the whole process. Every call
// wipes it.

import { randomBytes } from '@noble/hashes/utils.js';
import sodium from 'libsodium-wrappers-sumo';
import { ELEMENT_BYTES, SCALAR_BYTES } from '../protocol/oprf-suite.ts';

export const SHA512_BYTES = 64;
/** Longer than any message of RFC 9497: 65,535 bytes of input and their framing. */
const MESSAGE_BYTES = 66 * 1024;
/** Offsets of result and operands in the scratch region. */
const RESULT = 0;
const FIRST = RESULT + SHA512_BYTES;
const SECOND = FIRST + ELEMENT_BYTES;
const SCRATCH_BYTES = FIRST + MESSAGE_BYTES;

/** Arguments are addresses in the module's memory. Functions with a result return 0 on success. */
interface SodiumModule {
  /** Replaced whenever the memory grows: do not keep a reference. */
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _crypto_hash_sha512(result: number, message: number, lengthLow: number, lengthHigh: number): number;
  _crypto_core_ristretto255_from_hash(result: number, uniform: number): number;
  _crypto_core_ristretto255_is_valid_point(element: number): number;
  _crypto_core_ristretto255_add(result: number, a: number, b: number): number;
  _crypto_core_ristretto255_sub(result: number, a: number, b: number): number;
  _crypto_core_ristretto255_scalar_reduce(result: number, wide: number): void;
  _crypto_core_ristretto255_scalar_invert(result: number, scalar: number): number;
  _crypto_core_ristretto255_scalar_mul(result: number, a: number, b: number): void;
  _crypto_core_ristretto255_scalar_sub(result: number, a: number, b: number): void;
  _crypto_scalarmult_ristretto255(result: number, scalar: number, element: number): number;
  _crypto_scalarmult_ristretto255_base(result: number, scalar: number): number;
}

/**
 * Elements have 32 bytes in the encoding of RFC 9496 §4.3.2. Scalars have 32 bytes, little-endian,
 * and are less than the order of the group. All functions throw RangeError for an operand of
 * another length.
 */
export interface Ristretto255 {
  /** SHA-512 of the concatenated parts. @returns 64 bytes */
  sha512(...parts: readonly Uint8Array[]): Uint8Array;
  /** The one-way map of RFC 9496 §4.3.4. @param uniform 64 uniformly random bytes */
  fromHash(uniform: Uint8Array): Uint8Array;
  /** True for a canonical encoding, RFC 9496 §4.3.1. The identity is valid. */
  isValid(element: Uint8Array): boolean;
  add(a: Uint8Array, b: Uint8Array): Uint8Array;
  subtract(a: Uint8Array, b: Uint8Array): Uint8Array;
  /** @returns undefined if the element is not canonical or the product is the identity */
  multiply(scalar: Uint8Array, element: Uint8Array): Uint8Array | undefined;
  /** @returns undefined if the scalar is zero */
  multiplyBase(scalar: Uint8Array): Uint8Array | undefined;
  /** A uniformly random scalar: zero with a probability of 2^-252. */
  randomScalar(): Uint8Array;
  /** Reduces modulo the order of the group. @param wide 64 bytes, little-endian */
  reduceScalar(wide: Uint8Array): Uint8Array;
  /** @returns undefined for zero */
  invertScalar(scalar: Uint8Array): Uint8Array | undefined;
  multiplyScalars(a: Uint8Array, b: Uint8Array): Uint8Array;
  subtractScalars(a: Uint8Array, b: Uint8Array): Uint8Array;
}

let loaded: Promise<Ristretto255> | undefined;

/** Loads libsodium; the first call compiles its WebAssembly. */
export function loadRistretto255(): Promise<Ristretto255> {
  loaded ??= sodium.ready.then(() => {
    // The wrapper exports the module under this name; its types leave it out.
    const { libsodium } = sodium as unknown as { readonly libsodium: SodiumModule };
    return createRistretto255(libsodium);
  });
  return loaded;
}

/** Operands and result of one call in the module's memory. */
interface Scratch {
  readonly result: number;
  readonly first: number;
  readonly second: number;
  /** Writes an operand. @throws RangeError for another length */
  put(at: number, bytes: Uint8Array, length: number): void;
  /** Writes two operands of 32 bytes. */
  putTwo(a: Uint8Array, b: Uint8Array): void;
  /** Copies the result and wipes it together with `used` bytes of operands. */
  take(resultBytes: number, used: number): Uint8Array;
}

/** Length of two operands. */
const TWO_BYTES = SCALAR_BYTES + ELEMENT_BYTES;

function createScratch(libsodium: SodiumModule): Scratch {
  const scratch = libsodium._malloc(SCRATCH_BYTES);
  if (scratch === 0) throw new RangeError('libsodium: out of memory');
  const result = scratch + RESULT;
  const first = scratch + FIRST;
  const second = scratch + SECOND;
  const put = (at: number, bytes: Uint8Array, length: number): void => {
    if (bytes.length !== length) throw new RangeError(`an operand must have ${length} bytes`);
    libsodium.HEAPU8.set(bytes, at);
  };
  return {
    result,
    first,
    second,
    put,
    putTwo: (a, b) => {
      put(first, a, SCALAR_BYTES);
      put(second, b, ELEMENT_BYTES);
    },
    take: (resultBytes, used) => {
      const heap = libsodium.HEAPU8;
      const taken = heap.slice(result, result + resultBytes);
      heap.fill(0, result, first + used);
      return taken;
    },
  };
}

function createRistretto255(libsodium: SodiumModule): Ristretto255 {
  const scratch = createScratch(libsodium);
  return { ...createElements(libsodium, scratch), ...createScalars(libsodium, scratch) };
}

type ScalarFunctions = 'randomScalar' | 'reduceScalar' | 'invertScalar' | 'multiplyScalars' | 'subtractScalars';

/** SHA-512 and the functions of elements. */
function createElements(
  libsodium: SodiumModule,
  { result, first, second, put, putTwo, take }: Scratch,
): Omit<Ristretto255, ScalarFunctions> {
  const combining =
    (name: '_crypto_core_ristretto255_add' | '_crypto_core_ristretto255_sub') =>
    (a: Uint8Array, b: Uint8Array): Uint8Array => {
      putTwo(a, b);
      if (libsodium[name](result, first, second) !== 0)
        throw new RangeError('an element is not canonical: check elements before adding them');
      return take(ELEMENT_BYTES, TWO_BYTES);
    };
  return {
    sha512(...parts) {
      let length = 0;
      for (const part of parts) length += part.length;
      if (length > MESSAGE_BYTES) throw new RangeError(`a message may have up to ${MESSAGE_BYTES} bytes`);
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
    add: combining('_crypto_core_ristretto255_add'),
    subtract: combining('_crypto_core_ristretto255_sub'),
    multiply(scalar, element) {
      putTwo(scalar, element);
      const status = libsodium._crypto_scalarmult_ristretto255(result, first, second);
      const product = take(ELEMENT_BYTES, TWO_BYTES);
      return status === 0 ? product : undefined;
    },
    multiplyBase(scalar) {
      put(first, scalar, SCALAR_BYTES);
      const status = libsodium._crypto_scalarmult_ristretto255_base(result, first);
      const product = take(ELEMENT_BYTES, SCALAR_BYTES);
      return status === 0 ? product : undefined;
    },
  };
}

function createScalars(
  libsodium: SodiumModule,
  { result, first, second, put, putTwo, take }: Scratch,
): Pick<Ristretto255, ScalarFunctions> {
  const reduceScalar = (wide: Uint8Array): Uint8Array => {
    put(first, wide, 2 * SCALAR_BYTES);
    libsodium._crypto_core_ristretto255_scalar_reduce(result, first);
    return take(SCALAR_BYTES, 2 * SCALAR_BYTES);
  };
  return {
    // libsodium's own generator fetches its randomness four bytes at a time from JavaScript: 140
    // µs.
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
      return take(SCALAR_BYTES, TWO_BYTES);
    },
    subtractScalars(a, b) {
      putTwo(a, b);
      libsodium._crypto_core_ristretto255_scalar_sub(result, first, second);
      return take(SCALAR_BYTES, TWO_BYTES);
    },
  };
}
