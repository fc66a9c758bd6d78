// RFC 9497 over ristretto255-SHA512 on libsodium: the same as protocol/oprf.ts, about ten times as
// fast. PROTOCOL.md §15. It runs wherever WebAssembly does. The server and ingest use it, and
// clients may.

import { utf8ToBytes } from '@noble/hashes/utils.js';
import type {
  BlindedElement,
  BlindScalar,
  EvaluatedElement,
  OprfSecretKey,
  PrfOutput,
  Proof,
  PublicKey,
} from '../protocol/brands.ts';
import {
  assertElementShape,
  assertInput,
  type Oprf,
  type OprfKeyPair,
  type OprfMode,
  proofInvalid,
  refused,
} from '../protocol/oprf.ts';
import { ELEMENT_BYTES, PROOF_BYTES } from '../protocol/oprf-suite.ts';
import { MAX_OPRF_INPUT_BYTES } from '../protocol/private-input.ts';
import { createDleq } from './dleq.ts';
import { createRfc9497Hash, i2osp2, type Rfc9497Hash } from './rfc9497-hash.ts';
import { loadRistretto255, type Ristretto255 } from './ristretto-sodium.ts';
import { isNonZeroScalar } from './scalar.ts';

const SEED_BYTES = 32;
const ELEMENT_LENGTH = i2osp2(ELEMENT_BYTES);
const FINALIZE = utf8ToBytes('Finalize');

function assertScalar(scalar: Uint8Array): void {
  if (!isNonZeroScalar(scalar)) throw refused('SCALAR_MALFORMED');
}

/** The strict building blocks of both modes. */
interface Blocks {
  /** Multiplies an element that may come from outside. @throws ProtocolError `ELEMENT_…` */
  multiply(scalar: Uint8Array, element: Uint8Array): Uint8Array;
  assertElement(element: Uint8Array): void;
  /** Output of the PRF, RFC 9497 §3.3.1. */
  hashOutput(input: Uint8Array, unblinded: Uint8Array): PrfOutput;
}

function createBlocks(group: Ristretto255): Blocks {
  return {
    assertElement(element) {
      assertElementShape(element);
      if (!group.isValid(element)) throw refused('ELEMENT_NOT_CANONICAL');
    },
    multiply(scalar, element) {
      assertElementShape(element);
      // With a scalar other than zero, multiplying fails only for an element that is not canonical.
      const product = group.multiply(scalar, element);
      if (!product) throw refused('ELEMENT_NOT_CANONICAL');
      return product;
    },
    hashOutput: (input, unblinded) =>
      group.sha512(i2osp2(input.length), input, ELEMENT_LENGTH, unblinded, FINALIZE) as PrfOutput,
  };
}

/** DeriveKeyPair, RFC 9497 §3.2.1. */
function deriveKeyPair(group: Ristretto255, hash: Rfc9497Hash, seed: Uint8Array, info: Uint8Array): OprfKeyPair {
  if (seed.length !== SEED_BYTES || info.length > MAX_OPRF_INPUT_BYTES)
    throw new RangeError(`a seed has ${SEED_BYTES} bytes, and info at most ${MAX_OPRF_INPUT_BYTES}`);
  const message = Uint8Array.of(...seed, ...i2osp2(info.length), ...info, 0);
  for (let counter = 0; counter < 256; counter++) {
    message[message.length - 1] = counter;
    const secretKey = hash.hashToSecretKey(message) as OprfSecretKey;
    if (isNonZeroScalar(secretKey)) return { secretKey, publicKey: group.multiplyBase(secretKey) as PublicKey };
  }
  throw refused('SCALAR_MALFORMED');
}

/** Compiles libsodium's WebAssembly once per process. */
export async function createSodiumOprf(mode: OprfMode = 'voprf'): Promise<Oprf> {
  const group = await loadRistretto255();
  const hash = createRfc9497Hash(group, mode);
  const { assertElement, multiply, hashOutput } = createBlocks(group);
  // Proofs exist in mode VOPRF only: prove and verifyProof use it whatever the mode.
  const dleq = createDleq(group, createRfc9497Hash(group, 'voprf'));
  const hashToGroup = (input: Uint8Array): Uint8Array => {
    assertInput(input);
    return hash.hashToGroup(input);
  };
  const blindEvaluate = (secretKey: OprfSecretKey, blindedElements: readonly BlindedElement[]): EvaluatedElement[] => {
    assertScalar(secretKey);
    return blindedElements.map((element) => multiply(secretKey, element) as EvaluatedElement);
  };

  return {
    engine: 'libsodium',
    mode,
    deriveKeyPair: (seed, info) => deriveKeyPair(group, hash, seed, info),
    publicKey(secretKey) {
      assertScalar(secretKey);
      return group.multiplyBase(secretKey) as PublicKey;
    },
    blind(input, blind = group.randomScalar() as BlindScalar) {
      assertScalar(blind);
      return { blind, blindedElement: multiply(blind, hashToGroup(input)) as BlindedElement };
    },
    blindEvaluate,
    finalize(input, blind, evaluatedElement) {
      assertInput(input);
      assertScalar(blind);
      return hashOutput(input, multiply(group.invertScalar(blind) as Uint8Array, evaluatedElement));
    },
    evaluate(secretKey, input) {
      assertScalar(secretKey);
      return hashOutput(input, multiply(secretKey, hashToGroup(input)));
    },
    prove(keys, blindedElements, scalar = group.randomScalar() as BlindScalar) {
      assertScalar(scalar);
      const evaluated = blindEvaluate(keys.secretKey, blindedElements);
      return dleq.prove(keys.secretKey, keys.publicKey, blindedElements, evaluated, scalar) as Proof;
    },
    verifyProof(publicKey, blindedElements, evaluatedElements, proof) {
      assertElement(publicKey);
      for (const element of [...blindedElements, ...evaluatedElements]) assertElement(element);
      if (
        blindedElements.length !== evaluatedElements.length ||
        proof.length !== PROOF_BYTES ||
        !dleq.verify(publicKey, blindedElements, evaluatedElements, proof)
      )
        throw proofInvalid();
    },
  };
}
