// RFC 9497 over ristretto255-SHA512 on libsodium: what protocol/oprf.ts does, about ten times as fast. PROTOCOL.md §15.
// Runs wherever WebAssembly does: it serves the server, ingest and, as an accelerator, the client.

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
import { assertElementShape, assertInput, type Oprf, type OprfMode, proofInvalid, refused } from '../protocol/oprf.ts';
import { ELEMENT_BYTES, PROOF_BYTES } from '../protocol/oprf-suite.ts';
import { MAX_OPRF_INPUT_BYTES } from '../protocol/private-input.ts';
import { createDleq } from './dleq.ts';
import { createRfc9497Hash, i2osp2 } from './rfc9497-hash.ts';
import { loadRistretto255 } from './ristretto-sodium.ts';
import { isNonZeroScalar } from './scalar.ts';

const SEED_BYTES = 32;
const ELEMENT_LENGTH = i2osp2(ELEMENT_BYTES);
const FINALIZE = utf8ToBytes('Finalize');

function assertScalar(scalar: Uint8Array): void {
  if (!isNonZeroScalar(scalar)) throw refused('SCALAR_MALFORMED');
}

/** The WebAssembly module is compiled once a process. */
export async function createSodiumOprf(mode: OprfMode = 'voprf'): Promise<Oprf> {
  const group = await loadRistretto255();
  const hash = createRfc9497Hash(group, mode);
  // Proofs belong to VOPRF alone: prove and verifyProof do the same whatever the mode.
  const dleq = createDleq(group, createRfc9497Hash(group, 'voprf'));

  const assertElement = (element: Uint8Array): void => {
    assertElementShape(element);
    if (!group.isValid(element)) throw refused('ELEMENT_NOT_CANONICAL');
  };
  /** Checks the element on the way: with a scalar that is not zero nothing else can fail. */
  const multiply = (scalar: Uint8Array, element: Uint8Array): Uint8Array => {
    assertElementShape(element);
    const product = group.multiply(scalar, element);
    if (!product) throw refused('ELEMENT_NOT_CANONICAL');
    return product;
  };
  const hashToGroup = (input: Uint8Array): Uint8Array => {
    assertInput(input);
    return hash.hashToGroup(input);
  };
  const output = (input: Uint8Array, unblinded: Uint8Array): PrfOutput =>
    group.sha512(i2osp2(input.length), input, ELEMENT_LENGTH, unblinded, FINALIZE) as PrfOutput;
  const publicKey = (secretKey: OprfSecretKey): PublicKey => {
    assertScalar(secretKey);
    return group.multiplyBase(secretKey) as PublicKey;
  };
  const blindEvaluate = (secretKey: OprfSecretKey, blindedElements: readonly BlindedElement[]): EvaluatedElement[] => {
    assertScalar(secretKey);
    return blindedElements.map((element) => multiply(secretKey, element) as EvaluatedElement);
  };

  return {
    engine: 'libsodium',
    mode,
    deriveKeyPair(seed, info) {
      if (seed.length !== SEED_BYTES || info.length > MAX_OPRF_INPUT_BYTES)
        throw new RangeError(`a seed of ${SEED_BYTES} bytes, and info of at most ${MAX_OPRF_INPUT_BYTES}`);
      const message = Uint8Array.of(...seed, ...i2osp2(info.length), ...info, 0);
      for (let counter = 0; counter < 256; counter++) {
        message[message.length - 1] = counter;
        const secretKey = hash.hashToSecretKey(message) as OprfSecretKey;
        if (isNonZeroScalar(secretKey)) return { secretKey, publicKey: publicKey(secretKey) };
      }
      throw refused('SCALAR_MALFORMED');
    },
    publicKey,
    blind(input, blind = group.randomScalar() as BlindScalar) {
      assertScalar(blind);
      return { blind, blindedElement: multiply(blind, hashToGroup(input)) as BlindedElement };
    },
    blindEvaluate,
    finalize(input, blind, evaluatedElement) {
      assertInput(input);
      assertScalar(blind);
      return output(input, multiply(group.invertScalar(blind) as Uint8Array, evaluatedElement));
    },
    evaluate(secretKey, input) {
      assertScalar(secretKey);
      return output(input, multiply(secretKey, hashToGroup(input)));
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
