// RFC 9497 over ristretto255-SHA512, modes OPRF and VOPRF: the reference, on @noble/curves. PROTOCOL.md §15.
// accel/oprf-sodium.ts is the same on libsodium, and is tested against this.

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

const MAX_INPUT_BYTES = 0xffff;

/** RFC 9497 §3.1. `voprf` is what Credveil uses; `oprf` is here for its vectors. */
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
 * The operations of RFC 9497 under its own names. Everything that comes from outside is decoded strictly:
 * `ELEMENT_LENGTH`, `ELEMENT_IDENTITY`, `ELEMENT_NOT_CANONICAL`, `SCALAR_MALFORMED`, whatever the implementation.
 */
export interface Oprf {
  readonly engine: 'noble' | 'libsodium';
  readonly mode: OprfMode;
  /** RFC 9497 §3.2.1. @param seed 32 bytes @param info up to 65,535 bytes */
  deriveKeyPair(seed: Uint8Array, info: Uint8Array): OprfKeyPair;
  publicKey(secretKey: OprfSecretKey): PublicKey;
  /** Blind, RFC 9497 §3.3. @param blind a fresh random scalar unless given */
  blind(input: PrivateInput, blind?: BlindScalar): Blinded;
  /** BlindEvaluate without its proof, one result an element. */
  blindEvaluate(secretKey: OprfSecretKey, blindedElements: readonly BlindedElement[]): EvaluatedElement[];
  /** Finalize without verification. @returns 64 bytes */
  finalize(input: PrivateInput, blind: BlindScalar, evaluatedElement: EvaluatedElement): PrfOutput;
  /** Evaluate, RFC 9497 §3.3: what blinding, evaluating and finalizing give. @returns 64 bytes */
  evaluate(secretKey: OprfSecretKey, input: PrivateInput): PrfOutput;
  /**
   * GenerateProof, RFC 9497 §2.2.1, that the evaluations of these elements were made with this key. Mode VOPRF.
   * @param scalar a fresh random scalar unless given
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

export function refused(
  code: 'ELEMENT_LENGTH' | 'ELEMENT_IDENTITY' | 'ELEMENT_NOT_CANONICAL' | 'SCALAR_MALFORMED',
): ProtocolError {
  const what = {
    ELEMENT_LENGTH: `a group element has ${ELEMENT_BYTES} bytes`,
    ELEMENT_IDENTITY: 'a group element is the identity',
    ELEMENT_NOT_CANONICAL: 'a group element is not in its canonical encoding',
    SCALAR_MALFORMED: 'a scalar is zero, too large or of the wrong length',
  };
  return new ProtocolError(code, what[code], 'Send elements as RFC 9496 §4.3.2 encodes them.');
}

export function proofInvalid(cause?: unknown): ProtocolError {
  return new ProtocolError(
    'PROOF_INVALID',
    'the evaluator did not prove that it used its published key',
    'Trust none of its answers, and ask its operator.',
    { cause },
  );
}

/** RFC 9497 §1.2: inputs have a length of two bytes. @throws ProtocolError `FIELD_TOO_LONG` */
export function assertInput(input: Uint8Array): void {
  if (input.length > MAX_INPUT_BYTES)
    throw new ProtocolError(
      'FIELD_TOO_LONG',
      `username and password together are longer than ${MAX_INPUT_BYTES - 5} bytes`,
      'Refuse fields of this length where they enter your program.',
    );
}

/** The checks that need no curve. */
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

/** A scalar from 1 to the order of the group, exclusive. @throws ProtocolError `SCALAR_MALFORMED` */
export function parseScalar<T extends BlindScalar | OprfSecretKey>(bytes: Uint8Array): T {
  const value = bytes.length === SCALAR_BYTES ? bytesToNumberLE(bytes) : 0n;
  if (value === 0n || value >= Fn.ORDER) throw refused('SCALAR_MALFORMED');
  return Uint8Array.from(bytes) as T;
}

/** RandomScalar of RFC 9497 §2.1, from twice the bits so that its bias is below 2^-250. */
export function randomScalar(): BlindScalar {
  for (;;) {
    const value = bytesToNumberLE(randomBytes(64)) % Fn.ORDER;
    if (value !== 0n) return numberToBytesLE(value, SCALAR_BYTES) as BlindScalar;
  }
}

/** The library draws scalars from 1 + (48 bytes mod order-1): these bytes make it draw the given one. */
function drawing(scalar: BlindScalar): () => Uint8Array<ArrayBuffer> {
  return () => numberToBytesLE(bytesToNumberLE(scalar) - 1n, 48) as Uint8Array<ArrayBuffer>;
}

export function createNobleOprf(mode: OprfMode = 'voprf'): Oprf {
  const { oprf, voprf } = ristretto255_oprf;
  const own = mode === 'oprf' ? oprf : voprf;
  // Both modes have it; the library's types do not say so.
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
        // Evaluation is the same in both modes; only the proof, made on demand, differs.
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
      // The library verifies only on the way to finalizing: the inputs and blinds here stand for nothing.
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
