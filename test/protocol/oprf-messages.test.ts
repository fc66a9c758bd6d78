// Messages of PROTOCOL.md §16: each of 200,000 inputs decodes to a value that encodes back to it,
// or fails with the area's error.

import { describe, expect, test } from 'vitest';
import type { BlindedElement, BucketId, EvaluatedElement, Proof } from '../../protocol/brands.ts';
import {
  decodeElementsRequest,
  decodeEvaluateResponse,
  decodeLookupRequest,
  decodeLookupResponse,
  decodeProveResponse,
  encodeElementsRequest,
  encodeEvaluateResponse,
  encodeLookupRequest,
  encodeLookupResponse,
  encodeProveResponse,
  MAX_ELEMENTS,
  MAX_REQUEST_BYTES,
} from '../../protocol/oprf-messages.ts';
import { mutateBytes, valueOrRefusal } from '../support/mutate.ts';
import { outcome } from '../support/oprf-engines.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

const PREFIX_BITS = 12;
const elements = <T extends Uint8Array>(random: Random): T[] =>
  Array.from({ length: 1 + random.below(random.pick([1, 4, MAX_ELEMENTS])) }, () => random.bytes(32) as T);

/** A message, how to make a valid one, and what decoding and encoding again gives. */
const messages = {
  'elements request': {
    valid: (random: Random) => encodeElementsRequest(elements<BlindedElement>(random)),
    again: (bytes: Uint8Array) => encodeElementsRequest(decodeElementsRequest(bytes)),
  },
  'evaluate response': {
    valid: (random: Random) => encodeEvaluateResponse(elements<EvaluatedElement>(random)),
    again: (bytes: Uint8Array) => encodeEvaluateResponse(decodeEvaluateResponse(bytes)),
  },
  'prove response': {
    valid: (random: Random) => encodeProveResponse(random.bytes(64) as Proof),
    again: (bytes: Uint8Array) => encodeProveResponse(decodeProveResponse(bytes)),
  },
  'lookup request': {
    valid: (random: Random) =>
      encodeLookupRequest({
        bucketId: random.below(2 ** PREFIX_BITS) as BucketId,
        blindedElements: elements<BlindedElement>(random),
      }),
    again: (bytes: Uint8Array) => encodeLookupRequest(decodeLookupRequest(bytes, PREFIX_BITS)),
  },
  'lookup response': {
    valid: (random: Random) =>
      encodeLookupResponse({
        evaluatedElements: elements<EvaluatedElement>(random),
        body: random.bytes(random.below(60)),
      }),
    again: (bytes: Uint8Array) => encodeLookupResponse(decodeLookupResponse(bytes)),
  },
} as const;

/** Noise that gets past the first checks. */
function noise(random: Random): Uint8Array {
  const bytes = random.bytes(random.below(140));
  bytes.set([1, random.pick([0, 1, 2, 3, random.below(256)])].slice(0, bytes.length));
  if (random.below(2) === 0)
    bytes.set(
      [0, 0, random.below(20), random.below(256), random.below(4)].slice(0, Math.max(0, bytes.length - 1)),
      Math.min(1, bytes.length),
    );
  return bytes;
}

describe.each(Object.entries(messages))('%s', (name, { valid, again }) => {
  test('the decoder rejects each of 40,000 inputs unless it is the only encoding of its value', () => {
    const random = createRandom(testSeed(name));
    let decoded = 0;
    let bytes = valid(random) as Uint8Array;
    for (let i = 0; i < 40_000; i++) {
      if (i % 8 === 0) {
        bytes = valid(random);
        if (!Buffer.from(again(bytes)).equals(bytes)) expect.fail('a valid message came back as another');
      }
      const input = i % 4 === 0 ? noise(random) : mutateBytes(random, bytes);
      const seen = valueOrRefusal(() => again(input));
      if (!seen) continue;
      decoded++;
      if (!Buffer.from(seen).equals(input)) expect.fail('two encodings of one message');
    }
    expect(decoded).toBeGreaterThan(500);
    expect(decoded).toBeLessThan(39_500);
  });

  test('a message decodes from a view into a larger buffer', () => {
    const random = createRandom(testSeed(name));
    const bytes = valid(random);
    const larger = Uint8Array.from([...random.bytes(5), ...bytes, ...random.bytes(7)]);
    expect(again(larger.subarray(5, 5 + bytes.length))).toEqual(bytes);
  });
});

describe('invalid messages', () => {
  const random = createRandom(1);
  const many = (count: number): BlindedElement[] =>
    Array.from({ length: count }, () => random.bytes(32) as BlindedElement);
  const request = (bucketId: number, count: number): Uint8Array =>
    encodeLookupRequest({ bucketId: bucketId as BucketId, blindedElements: many(count) });

  test('a decoder rejects no elements, more than 32, and an element of another length', () => {
    expect(request(1, MAX_ELEMENTS)).toHaveLength(MAX_REQUEST_BYTES);
    for (const count of [0, MAX_ELEMENTS + 1]) {
      expect(outcome(() => request(1, count))).toBe('MESSAGE_MALFORMED');
      expect(outcome(() => encodeElementsRequest(many(count)))).toBe('MESSAGE_MALFORMED');
      const bytes = Uint8Array.from([1, count, ...random.bytes(32 * count)]);
      for (const decode of [decodeElementsRequest, decodeEvaluateResponse, decodeLookupResponse])
        expect(outcome(() => decode(bytes))).toBe('MESSAGE_MALFORMED');
    }
    expect(outcome(() => encodeElementsRequest([random.bytes(31) as BlindedElement]))).toBe('MESSAGE_MALFORMED');
  });

  test('a decoder rejects another format, a cut anywhere, and an extra byte', () => {
    for (const [name, { valid, again }] of Object.entries(messages)) {
      const bytes = valid(random);
      for (const format of [0, 2, 255])
        expect(
          outcome(() => again(bytes.with(0, format))),
          name,
        ).toBe('MESSAGE_MALFORMED');
      if (name === 'lookup response') continue;
      for (let length = 0; length < bytes.length; length++)
        expect(
          outcome(() => again(bytes.subarray(0, length))),
          `${name} ${length}`,
        ).toBe('MESSAGE_MALFORMED');
      expect(
        outcome(() => again(Uint8Array.from([...bytes, 0]))),
        name,
      ).toBe('MESSAGE_MALFORMED');
    }
  });

  test('decodeLookupRequest rejects a bucket id that the index does not have', () => {
    for (const prefixBits of [0, 1, 12, 20]) {
      const last = 2 ** prefixBits - 1;
      expect(decodeLookupRequest(request(last, 1), prefixBits).bucketId).toBe(last);
      for (const beyond of [last + 1, 2 ** 31, 2 ** 32 - 1])
        expect(outcome(() => decodeLookupRequest(request(beyond, 1), prefixBits))).toBe('MESSAGE_MALFORMED');
    }
  });
});
