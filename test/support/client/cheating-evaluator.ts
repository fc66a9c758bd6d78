// An `oprf` service that holds the key and cheats: the real server, whose evaluations a test
// alters.

import type { IncomingMessage } from 'node:http';
import { loadRistretto255, type Ristretto255 } from '../../../accel/ristretto-sodium.ts';
import type { BlindedElement, EvaluatedElement } from '../../../protocol/brands.ts';
import {
  decodeElementsRequest,
  decodeEvaluateResponse,
  decodeLookupResponse,
  encodeEvaluateResponse,
  encodeLookupResponse,
} from '../../../protocol/oprf-messages.ts';
import type { Fronts } from '../fronts.ts';
import { forward, type HttpFront, send } from '../http-front.ts';

/** The evaluations to send. @param request counts the requests for evaluations, from 1 */
export type Cheat = (
  evaluated: readonly EvaluatedElement[],
  blinded: readonly BlindedElement[],
  request: number,
) => readonly EvaluatedElement[];

export const HONEST: Cheat = (evaluated) => evaluated;

export interface CheatingEvaluator extends HttpFront {
  cheat: Cheat;
  /** How many requests for evaluations and for buckets of the index `password` it received. */
  readonly seen: { evaluations: number; passwordBuckets: number };
}

/** @param url of the real service */
export async function startCheatingEvaluator(
  fronts: Pick<Fronts, 'front'>,
  url: string,
  cheat: Cheat = HONEST,
): Promise<CheatingEvaluator> {
  const seen = { evaluations: 0, passwordBuckets: 0 };
  const state = { cheat, seen };
  const front = await fronts.front(async (request, response) => {
    const body = collect(request);
    const answer = await forward(url, request);
    const path = request.url ?? '';
    if (path.startsWith('/v1/password/')) seen.passwordBuckets++;
    const isLookup = path.startsWith('/v1/lookup');
    if (answer.status === 200 && (isLookup || path === '/v1/evaluate')) {
      const message = await body;
      const blinded = decodeElementsRequest(isLookup ? Buffer.concat([Buffer.of(1), message.subarray(5)]) : message);
      answer.body = alterEvaluations(answer.body, isLookup, (evaluated) =>
        state.cheat(evaluated, blinded, ++seen.evaluations),
      );
    }
    send(response, answer);
  });
  return Object.assign(state, front);
}

/** @param isLookup whether the answer is that of `/v1/lookup`, with a bucket */
export function alterEvaluations(
  answer: Uint8Array,
  isLookup: boolean,
  alter: (evaluated: readonly EvaluatedElement[]) => readonly EvaluatedElement[],
): Buffer {
  if (!isLookup) return Buffer.from(encodeEvaluateResponse(alter(decodeEvaluateResponse(answer))));
  const { evaluatedElements, body } = decodeLookupResponse(answer);
  return Buffer.from(encodeLookupResponse({ evaluatedElements: alter(evaluatedElements), body }));
}

function collect(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks)));
  });
}

/** Each way of cheating by its name. */
export interface Cheats {
  /** Adds an element to the evaluation at `position`, counted from the end if it is negative. */
  shift(position: number): Cheat;
  /** Evaluates all elements with another key. */
  readonly otherKey: Cheat;
  /** Errors in the first two evaluations that cancel out in their plain sum. */
  readonly cancelling: Cheat;
  /** Exchanges the first two evaluations. */
  readonly swapped: Cheat;
}

export async function createCheats(): Promise<Cheats> {
  const group = await loadRistretto255();
  const error = elementOf(group, 'an error');
  const negated = negate(group, error);
  const scalar = group.reduceScalar(group.sha512(Buffer.from('another key')));
  const shiftBy =
    (position: number, by: Uint8Array): Cheat =>
    (evaluated) => {
      const at = position < 0 ? evaluated.length + position : position;
      return evaluated.map((element, i) => (i === at ? (group.add(element, by) as EvaluatedElement) : element));
    };
  return {
    shift: (position) => shiftBy(position, error),
    otherKey: (_, blinded) => blinded.map((element) => group.multiply(scalar, element) as EvaluatedElement),
    cancelling: (evaluated, blinded, request) =>
      shiftBy(1, negated)(shiftBy(0, error)(evaluated, blinded, request), blinded, request),
    swapped: ([first, second, ...rest]) => [second, first, ...rest] as EvaluatedElement[],
  };
}

const elementOf = (group: Ristretto255, text: string): Uint8Array => group.fromHash(group.sha512(Buffer.from(text)));

/** -1 times an element. */
function negate(group: Ristretto255, element: Uint8Array): Uint8Array {
  const zero = new Uint8Array(32);
  const one = Uint8Array.of(1, ...new Uint8Array(31));
  return group.multiply(group.subtractScalars(zero, one), element) as Uint8Array;
}
