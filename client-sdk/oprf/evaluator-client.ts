// The POST requests of the `oprf` suite, which send blinded elements and receive evaluated ones.
// PROTOCOL.md §16.

import type { BlindedElement, BucketHash, EvaluatedElement } from '../../protocol/brands.ts';
import { bucketId } from '../../protocol/bucket-id.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import {
  decodeEvaluateResponse,
  decodeLookupResponse,
  encodeElementsRequest,
  encodeLookupRequest,
  type LookupResponse,
} from '../../protocol/oprf-messages.ts';
import { ELEMENT_BYTES } from '../../protocol/oprf-suite.ts';
import type { Service } from '../api.ts';
import { lookupFailure } from '../errors.ts';
import type { Endpoint } from '../options.ts';
import { indexOf, maxAnswerBytes, type Snapshot } from '../publication/snapshot.ts';
import type { Deadline } from '../transport/deadline.ts';
import { OCTETS, refuseOctets, refuseStatus } from '../transport/requests.ts';

export interface EvaluatorClient {
  /**
   * Evaluates, and fetches an account bucket in the same round trip.
   * @throws LookupError
   */
  lookup(
    blindedElements: readonly BlindedElement[],
    snapshot: Snapshot,
    hash: BucketHash,
    deadline: Deadline,
  ): Promise<LookupResponse>;
  /**
   * Sends the same message to every evaluator.
   * @returns the evaluations of each
   * @throws LookupError unless all of them answer
   */
  evaluate(
    blindedElements: readonly BlindedElement[],
    deadline: Deadline,
  ): Promise<readonly (readonly EvaluatedElement[])[]>;
}

/** @param evaluators default: the service */
export function createEvaluatorClient(
  { send }: Service,
  evaluators: readonly (Endpoint | undefined)[] = [undefined],
): EvaluatorClient {
  const evaluateAt = async (
    to: Endpoint | undefined,
    blindedElements: readonly BlindedElement[],
    deadline: Deadline,
  ): Promise<readonly EvaluatedElement[]> => {
    const response = await send({
      path: 'v1/evaluate',
      to,
      accept: OCTETS,
      body: encodeElementsRequest(blindedElements),
      maxBytes: 2 + blindedElements.length * ELEMENT_BYTES,
      deadline,
      refuse: refuseStatus,
    });
    const evaluatedElements = decode(decodeEvaluateResponse, response);
    assertCount(blindedElements, evaluatedElements);
    return evaluatedElements;
  };
  return {
    async lookup(blindedElements, snapshot, hash, deadline) {
      const account = indexOf(snapshot, 'account');
      const response = await send({
        path: `v1/lookup?snapshot=${snapshot.snapshot}`,
        accept: OCTETS,
        body: encodeLookupRequest({ bucketId: bucketId(hash, account[0].prefixBits), blindedElements }),
        maxBytes: 2 + blindedElements.length * ELEMENT_BYTES + maxAnswerBytes(account),
        deadline,
        refuse: refuseOctets(snapshot.snapshot),
      });
      const answer = decode(decodeLookupResponse, response);
      assertCount(blindedElements, answer.evaluatedElements);
      return answer;
    },

    evaluate: (blindedElements, deadline) =>
      Promise.all(evaluators.map((to) => evaluateAt(to, blindedElements, deadline))),
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
