// Messages between an `oprf` client and its evaluator: PROTOCOL.md §16.
//
//   struct ElementsRequest {        // POST /v1/evaluate, POST /v1/prove
//     u8  format = 1;
//     u8  count;                    // 1..32
//     u8  blindedElements[count][32];
//   }
//   struct EvaluateResponse {
//     u8  format = 1;
//     u8  count;
//     u8  evaluatedElements[count][32];
//   }
//   struct ProveResponse {
//     u8  format = 1;
//     u8  proof[64];                // RFC 9497 §2.2, over the request's elements in their order
//   }
//   struct LookupRequest {          // POST /v1/lookup
//     u8  format = 1;
//     u32 bucketId;                 // in the account index, big-endian
//     u8  count;                    // 1..32
//     u8  blindedElements[count][32];
//   }
//   struct LookupResponse {
//     u8  format = 1;
//     u8  count;
//     u8  evaluatedElements[count][32];
//     u8  body[];                   // BucketBody, padded
//   }

import type { BlindedElement, BucketId, EvaluatedElement, Proof } from './brands.ts';
import { readU32, writeU32 } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { ELEMENT_BYTES, PROOF_BYTES } from './oprf-suite.ts';

export const MESSAGE_FORMAT = 1;
/** More than any check needs. A larger limit would let one request occupy an evaluator. */
export const MAX_ELEMENTS = 32;
/** Length of the longest request. */
export const MAX_REQUEST_BYTES = 6 + MAX_ELEMENTS * ELEMENT_BYTES;

function malformed(what: string): ProtocolError {
  return new ProtocolError('MESSAGE_MALFORMED', `message: ${what}`, 'Encode it as PROTOCOL.md §16 specifies.');
}

function writeElements(out: Uint8Array, at: number, elements: readonly Uint8Array[]): void {
  if (elements.length < 1 || elements.length > MAX_ELEMENTS)
    throw malformed(`it must have 1 to ${MAX_ELEMENTS} elements`);
  out[at] = elements.length;
  for (const [i, element] of elements.entries()) {
    if (element.length !== ELEMENT_BYTES) throw malformed('an element has the wrong length');
    out.set(element, at + 1 + i * ELEMENT_BYTES);
  }
}

/**
 * Reads `count` and copies its elements.
 * @returns the elements and the offset of the byte after them
 */
function readElements(bytes: Uint8Array, at: number): { elements: Uint8Array[]; end: number } {
  const count = bytes[at] ?? 0;
  const end = at + 1 + count * ELEMENT_BYTES;
  if (count < 1 || count > MAX_ELEMENTS || bytes.length < end)
    throw malformed(`it must have 1 to ${MAX_ELEMENTS} whole elements`);
  const elements = Array.from({ length: count }, (_, i) =>
    bytes.slice(at + 1 + i * ELEMENT_BYTES, at + 1 + (i + 1) * ELEMENT_BYTES),
  );
  return { elements, end };
}

function assertFormat(bytes: Uint8Array): void {
  if (bytes[0] !== MESSAGE_FORMAT) throw malformed('unknown format');
}

function assertEnd(bytes: Uint8Array, end: number): void {
  if (bytes.length !== end) throw malformed('bytes follow its end');
}

/** The request of `/v1/evaluate` and `/v1/prove`. @throws ProtocolError `MESSAGE_MALFORMED` */
export function encodeElementsRequest(blindedElements: readonly BlindedElement[]): Uint8Array<ArrayBuffer> {
  return encodeElements(blindedElements);
}

/** @throws ProtocolError `MESSAGE_MALFORMED` */
export function encodeEvaluateResponse(evaluatedElements: readonly EvaluatedElement[]): Uint8Array<ArrayBuffer> {
  return encodeElements(evaluatedElements);
}

/** The length of an answer with this number of elements, and of what precedes a bucket. */
export const evaluateResponseBytes = (elements: number): number => 2 + elements * ELEMENT_BYTES;

function encodeElements(elements: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(2 + elements.length * ELEMENT_BYTES);
  out[0] = MESSAGE_FORMAT;
  writeElements(out, 1, elements);
  return out;
}

/**
 * Checks lengths only: the caller's OPRF checks that the elements belong to the group.
 * @throws ProtocolError `MESSAGE_MALFORMED`
 */
export function decodeElementsRequest(bytes: Uint8Array): BlindedElement[] {
  return decodeElements(bytes) as BlindedElement[];
}

/** Checks lengths only, as `decodeElementsRequest`. @throws ProtocolError `MESSAGE_MALFORMED` */
export function decodeEvaluateResponse(bytes: Uint8Array): EvaluatedElement[] {
  return decodeElements(bytes) as EvaluatedElement[];
}

function decodeElements(bytes: Uint8Array): Uint8Array[] {
  assertFormat(bytes);
  const { elements, end } = readElements(bytes, 1);
  assertEnd(bytes, end);
  return elements;
}

export function encodeProveResponse(proof: Proof): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(1 + PROOF_BYTES);
  out[0] = MESSAGE_FORMAT;
  out.set(proof, 1);
  return out;
}

/** @throws ProtocolError `MESSAGE_MALFORMED` */
export function decodeProveResponse(bytes: Uint8Array): Proof {
  assertFormat(bytes);
  assertEnd(bytes, 1 + PROOF_BYTES);
  return bytes.slice(1) as Proof;
}

export interface LookupRequest {
  readonly bucketId: BucketId;
  readonly blindedElements: readonly BlindedElement[];
}

/** @throws ProtocolError `MESSAGE_MALFORMED` */
export function encodeLookupRequest({ bucketId, blindedElements }: LookupRequest): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(6 + blindedElements.length * ELEMENT_BYTES);
  out[0] = MESSAGE_FORMAT;
  writeU32(out, 1, bucketId);
  writeElements(out, 5, blindedElements);
  return out;
}

/**
 * Checks lengths and the range of the bucket id.
 * @param prefixBits those of the account index
 * @throws ProtocolError `MESSAGE_MALFORMED`
 */
export function decodeLookupRequest(bytes: Uint8Array, prefixBits: number): LookupRequest {
  assertFormat(bytes);
  if (bytes.length < 6) throw malformed('shorter than its header');
  const bucketId = readU32(bytes, 1);
  if (bucketId >= 2 ** prefixBits) throw malformed('its bucket id is out of range');
  const { elements, end } = readElements(bytes, 5);
  assertEnd(bytes, end);
  return { bucketId: bucketId as BucketId, blindedElements: elements as BlindedElement[] };
}

export interface LookupResponse {
  readonly evaluatedElements: readonly EvaluatedElement[];
  /** A bucket body with its padding, to be decoded by `openBucket`. */
  readonly body: Uint8Array;
}

/** @throws ProtocolError `MESSAGE_MALFORMED` */
export function encodeLookupResponse({ evaluatedElements, body }: LookupResponse): Uint8Array<ArrayBuffer> {
  const bodyAt = 2 + evaluatedElements.length * ELEMENT_BYTES;
  const out = new Uint8Array(bodyAt + body.length);
  out[0] = MESSAGE_FORMAT;
  writeElements(out, 1, evaluatedElements);
  out.set(body, bodyAt);
  return out;
}

/** Checks lengths only; `body` is a view of `bytes`. @throws ProtocolError `MESSAGE_MALFORMED` */
export function decodeLookupResponse(bytes: Uint8Array): LookupResponse {
  assertFormat(bytes);
  const { elements, end } = readElements(bytes, 1);
  return { evaluatedElements: elements as EvaluatedElement[], body: bytes.subarray(end) };
}
