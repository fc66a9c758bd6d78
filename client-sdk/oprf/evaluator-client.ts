// The POST requests of the `oprf` suite, which send blinded elements and receive evaluated elements
// and proofs. PROTOCOL.md §16.

import type { BlindedElement, BucketHash, EvaluatedElement, Proof } from '../../protocol/brands.ts';
import { bucketId } from '../../protocol/bucket-id.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import {
  decodeEvaluateResponse,
  decodeLookupResponse,
  decodeProveResponse,
  encodeElementsRequest,
  encodeLookupRequest,
} from '../../protocol/oprf-messages.ts';
import { ELEMENT_BYTES, PROOF_BYTES } from '../../protocol/oprf-suite.ts';
import type { ServiceConfig } from '../../protocol/service-config.ts';
import { OCTETS, refuseOctets, refuseStatus, type Service } from '../api.ts';
import { lookupFailure } from '../errors.ts';
import type { Deadline } from '../transport/deadline.ts';

/** Blinded elements and their evaluations, in the same order. */
export interface Evaluation {
  readonly blindedElements: readonly BlindedElement[];
  readonly evaluatedElements: readonly EvaluatedElement[];
}

export interface EvaluatorClient {
  /**
   * Evaluates, and fetches an account bucket in the same round trip.
   * @throws LookupError
   */
  lookup(
    blindedElements: readonly BlindedElement[],
    config: ServiceConfig,
    hash: BucketHash,
    deadline: Deadline,
  ): Promise<Evaluation & { readonly body: Uint8Array }>;
  /** @throws LookupError */
  evaluate(blindedElements: readonly BlindedElement[], deadline: Deadline): Promise<Evaluation>;
  /** Requests the proof of an evaluation, and does not verify it. @throws LookupError */
  prove(blindedElements: readonly BlindedElement[], deadline: Deadline): Promise<Proof>;
}

export function createEvaluatorClient({ send }: Service): EvaluatorClient {
  return {
    async lookup(blindedElements, { snapshot, indexes }, hash, deadline) {
      const { prefixBits = 0, bodyBytes = [] } = indexes.account ?? {};
      const response = await send({
        path: `v1/lookup?snapshot=${snapshot}`,
        accept: OCTETS,
        body: encodeLookupRequest({ bucketId: bucketId(hash, prefixBits), blindedElements }),
        maxBytes: 2 + blindedElements.length * ELEMENT_BYTES + (bodyBytes.at(-1) ?? 0),
        deadline,
        refuse: refuseOctets(snapshot),
      });
      const { evaluatedElements, body } = decode(decodeLookupResponse, response);
      assertCount(blindedElements, evaluatedElements);
      return { blindedElements, evaluatedElements, body };
    },

    async evaluate(blindedElements, deadline) {
      const response = await send({
        path: 'v1/evaluate',
        accept: OCTETS,
        body: encodeElementsRequest(blindedElements),
        maxBytes: 2 + blindedElements.length * ELEMENT_BYTES,
        deadline,
        refuse: refuseStatus,
      });
      const evaluatedElements = decode(decodeEvaluateResponse, response);
      assertCount(blindedElements, evaluatedElements);
      return { blindedElements, evaluatedElements };
    },

    async prove(blindedElements, deadline) {
      const response = await send({
        path: 'v1/prove',
        accept: OCTETS,
        body: encodeElementsRequest(blindedElements),
        maxBytes: 1 + PROOF_BYTES,
        deadline,
        refuse: refuseStatus,
      });
      return decode(decodeProveResponse, response);
    },
  };
}

function decode<T>(decodeResponse: (bytes: Uint8Array) => T, response: Uint8Array): T {
  try {
    return decodeResponse(response);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw lookupFailure('BODY_MALFORMED', { cause });
  }
}

function assertCount(sent: readonly BlindedElement[], received: readonly EvaluatedElement[]): void {
  if (sent.length !== received.length) throw lookupFailure('BODY_MALFORMED', { detail: 'wrong number of elements' });
}
