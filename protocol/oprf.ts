// RFC 9497 over ristretto255-SHA512, modes OPRF and VOPRF, on @noble/curves: the reference.
// PROTOCOL.md §15. accel/oprf-sodium.ts implements the same interface on libsodium; tests compare
// the two.

import { ristretto255, ristretto255_oprf } from '@noble/curves/ed25519.js';
import { bytesToNumberLE, numberToBytesLE, randomBytes } from '@noble/curves/utils.js';
import type {
  BlindedElement,
  BlindScalar,
  EvaluatedElement,
  OprfSecretKey,
  PrfOutput,
  PrivateInput,
  Proof,
  PublicKey,
} from './brands.ts';
import { ProtocolError } from './errors.ts';
import { ELEMENT_BYTES, PROOF_BYTES, SCALAR_BYTES } from './oprf-suite.ts';
import { INPUT_OVERHEAD_BYTES, MAX_OPRF_INPUT_BYTES } from './private-input.ts';

/** RFC 9497 §3.1. Credveil uses `voprf`; `oprf` exists for the RFC's test vectors. */
export type OprfMode = 'oprf' | 'voprf';

export interface OprfKeyPair {
  readonly secretKey: OprfSecretKey;
  readonly publicKey: PublicKey;
}

export interface Blinded {
  readonly blind: BlindScalar;
  readonly blindedElement: BlindedElement;
}

/**
 * The operations of RFC 9497 under their names there. Every implementation decodes its arguments
 * strictly and throws ProtocolError `ELEMENT_LENGTH`, `ELEMENT_IDENTITY`, `ELEMENT_NOT_CANONICAL`,
 * `SCALAR_MALFORMED` or `FIELD_TOO_LONG`.
 */
export interface Oprf {
  readonly engine: 'noble' | 'libsodium';
  readonly mode: OprfMode;
  /** DeriveKeyPair, RFC 9497 §3.2.1. @param seed 32 bytes @param info up to 65,535 bytes */
  deriveKeyPair(seed: Uint8Array, info: Uint8Array): OprfKeyPair;
  /** The element skS * G of RFC 9497 §3.2. */
  publicKey(secretKey: OprfSecretKey): PublicKey;
  /** Blind, RFC 9497 §3.3.1. @param blind a fresh random scalar by default */
  blind(input: PrivateInput, blind?: BlindScalar): Blinded;
  /**
   * BlindEvaluate, RFC 9497 §3.3.1, without a proof.
   * @returns one element for each blinded element, in order
   */
  blindEvaluate(secretKey: OprfSecretKey, blindedElements: readonly BlindedElement[]): EvaluatedElement[];
  /** Finalize, RFC 9497 §3.3.1, without verifying a proof. @returns 64 bytes */
  finalize(input: PrivateInput, blind: BlindScalar, evaluatedElement: EvaluatedElement): PrfOutput;
  /** Evaluate, RFC 9497 §3.3.1: equals blinding, evaluating and finalizing. @returns 64 bytes */
  evaluate(secretKey: OprfSecretKey, input: PrivateInput): PrfOutput;
  /**
   * GenerateProof, RFC 9497 §2.2.1: proves that this key evaluated these elements. Always in mode
   * VOPRF.
   * @param scalar a fresh random scalar by default
   */
  prove(keys: OprfKeyPair, blindedElements: readonly BlindedElement[], scalar?: BlindScalar): Proof;
  /** VerifyProof, RFC 9497 §2.2.2. @throws ProtocolError `PROOF_INVALID` */
  verifyProof(
    publicKey: PublicKey,
    blindedElements: readonly BlindedElement[],
    evaluatedElements: readonly EvaluatedElement[],
    proof: Proof,
  ): void;
}

const { Point } = ristretto255;
const { Fn } = Point;

/** The error for an element or scalar that does not decode. */
export function refused(
  code: 'ELEMENT_LENGTH' | 'ELEMENT_IDENTITY' | 'ELEMENT_NOT_CANONICAL' | 'SCALAR_MALFORMED',
): ProtocolError {
  const what = {
    ELEMENT_LENGTH: `a group element has ${ELEMENT_BYTES} bytes`,
    ELEMENT_IDENTITY: 'a group element is the identity',
    ELEMENT_NOT_CANONICAL: 'a group element is not in its canonical encoding',
    SCALAR_MALFORMED: 'a scalar is zero, too large or has the wrong length',
  };
  return new ProtocolError(code, what[code], 'Encode elements as RFC 9496 §4.3.2 specifies.');
}

/** The error for a proof that does not verify. */
export function proofInvalid(cause?: unknown): ProtocolError {
  return new ProtocolError(
    'PROOF_INVALID',
    'the evaluator did not prove that it used its published key',
    'Do not trust its answers; contact its operator.',
    { cause },
  );
}

/** The error for evaluations that another key made. */
export function evaluationWrong(): ProtocolError {
  return new ProtocolError(
    'EVALUATION_WRONG',
    'the evaluator did not use its published key',
    'Do not trust its answers; contact its operator.',
  );
}

/** Checks the length of an input, RFC 9497 §1.2. @throws ProtocolError `FIELD_TOO_LONG` */
export function assertInput(input: Uint8Array): void {
  if (input.length > MAX_OPRF_INPUT_BYTES)
    throw new ProtocolError(
      'FIELD_TOO_LONG',
      `username and password together are longer than ${MAX_OPRF_INPUT_BYTES - INPUT_OVERHEAD_BYTES} bytes`,
      'Reject fields of this length where they enter your program.',
    );
}

/**
 * The checks of an element that need no curve.
 * @throws ProtocolError `ELEMENT_LENGTH`, `ELEMENT_IDENTITY`
 */
export function assertElementShape(bytes: Uint8Array): void {
  if (bytes.length !== ELEMENT_BYTES) throw refused('ELEMENT_LENGTH');
  if (bytes.every((byte) => byte === 0)) throw refused('ELEMENT_IDENTITY');
}

/** @throws ProtocolError `ELEMENT_LENGTH`, `ELEMENT_IDENTITY`, `ELEMENT_NOT_CANONICAL` */
export function assertElement(bytes: Uint8Array): void {
  assertElementShape(bytes);
  try {
    Point.fromBytes(bytes);
  } catch {
    throw refused('ELEMENT_NOT_CANONICAL');
  }
}

/**
 * Copies a little-endian scalar from 1 to the group order, exclusive.
 * @throws ProtocolError `SCALAR_MALFORMED`
 */
export function parseScalar<T extends BlindScalar | OprfSecretKey>(bytes: Uint8Array): T {
  const value = bytes.length === SCALAR_BYTES ? bytesToNumberLE(bytes) : 0n;
  if (value === 0n || value >= Fn.ORDER) throw refused('SCALAR_MALFORMED');
  return Uint8Array.from(bytes) as T;
}

/** RandomScalar, RFC 9497 §2.1, from 512 random bits: its bias is below 2^-250. */
export function randomScalar(): BlindScalar {
  for (;;) {
    const value = bytesToNumberLE(randomBytes(64)) % Fn.ORDER;
    if (value !== 0n) return numberToBytesLE(value, SCALAR_BYTES) as BlindScalar;
  }
}

/**
 * Splits a secret key into two whose sum is the key, modulo the order of the group. Each alone is
 * uniformly random. PROTOCOL.md §16.
 */
export function splitSecretKey(secretKey: OprfSecretKey): [OprfSecretKey, OprfSecretKey] {
  for (;;) {
    const first = randomScalar();
    const second = Fn.sub(bytesToNumberLE(parseScalar(secretKey)), bytesToNumberLE(first));
    if (second !== 0n) return [parseScalar(first), numberToBytesLE(second, SCALAR_BYTES) as unknown as OprfSecretKey];
  }
}

/**
 * The library computes scalars as 1 + (48 random bytes mod order-1). These bytes make it choose the
 * given one.
 */
function drawing(scalar: BlindScalar): () => Uint8Array<ArrayBuffer> {
  return () => numberToBytesLE(bytesToNumberLE(scalar) - 1n, 48) as Uint8Array<ArrayBuffer>;
}

/** The reference implementation. It is not in constant time where JavaScript's BigInt is not. */
export function createNobleOprf(mode: OprfMode = 'voprf'): Oprf {
  const { oprf, voprf } = ristretto255_oprf;
  const own = mode === 'oprf' ? oprf : voprf;
  // Both modes have `evaluate`; the library's types omit it.
  const { evaluate } = own as unknown as { evaluate(secretKey: Uint8Array, input: Uint8Array): Uint8Array };
  return {
    engine: 'noble',
    mode,
    deriveKeyPair: (seed, info) => own.deriveKeyPair(seed, info) as unknown as OprfKeyPair,
    publicKey: (secretKey) =>
      Point.BASE.multiply(Fn.fromBytes(parseScalar<OprfSecretKey>(secretKey))).toBytes() as unknown as PublicKey,
    blind(input, blind = randomScalar()) {
      assertInput(input);
      parseScalar<BlindScalar>(blind);
      const { blinded } = own.blind(input, drawing(blind));
      return { blind, blindedElement: blinded as unknown as BlindedElement };
    },
    blindEvaluate(secretKey, blindedElements) {
      parseScalar<OprfSecretKey>(secretKey);
      return blindedElements.map((element) => {
        assertElement(element);
        // Evaluation is the same in both modes. Only the proof differs, and `prove` makes it on
        // demand.
        return oprf.blindEvaluate(secretKey, element) as unknown as EvaluatedElement;
      });
    },
    finalize(input, blind, evaluatedElement) {
      assertInput(input);
      parseScalar<BlindScalar>(blind);
      assertElement(evaluatedElement);
      return oprf.finalize(input, blind, evaluatedElement) as unknown as PrfOutput;
    },
    evaluate(secretKey, input) {
      assertInput(input);
      return evaluate(parseScalar<OprfSecretKey>(secretKey), input) as PrfOutput;
    },
    prove({ secretKey, publicKey }, blindedElements, scalar = randomScalar()) {
      blindedElements.forEach(assertElement);
      parseScalar<OprfSecretKey>(secretKey);
      parseScalar<BlindScalar>(scalar);
      const { proof } = voprf.blindEvaluateBatch(secretKey, publicKey, [...blindedElements], drawing(scalar));
      return proof as unknown as Proof;
    },
    verifyProof(publicKey, blindedElements, evaluatedElements, proof) {
      assertElement(publicKey);
      [...blindedElements, ...evaluatedElements].forEach(assertElement);
      if (blindedElements.length !== evaluatedElements.length || proof.length !== PROOF_BYTES) throw proofInvalid();
      // The library verifies only as part of finalizing: these inputs and blinds are placeholders.
      const items = blindedElements.map((blinded, i) => ({
        input: new Uint8Array(0),
        blind: Fn.toBytes(1n),
        blinded,
        evaluated: evaluatedElements[i] as EvaluatedElement,
      }));
      try {
        voprf.finalizeBatch(items, publicKey, proof);
      } catch (cause) {
        throw proofInvalid(cause);
      }
    },
  };
}
