// Bucket body: the bytes that the server sends for one bucket. PROTOCOL.md §7.
//
//   struct BucketBody {
//     u8  format = 1;
//     u8  metadataBytes;                       // 0, 1 or 3
//     u32 count;                               // big-endian
//     u8  tags[];                              // Golomb-Rice, golomb-rice.ts
//     u8  metadata[count * metadataBytes];     // in the order of the tags
//     u8  tail[];                              // seal.ts: authenticates all preceding bytes
//     u8  padding[];                           // zero bytes, up to one of the announced bodyBytes
//   }

import type { EntryTag, MetadataPad, SealKey } from './brands.ts';
import { readU32, writeU32 } from './bytes.ts';
import { ProtocolError } from './errors.ts';
import { decodeTags, encodeTags, findTag, maxEncodedTagsBytes } from './golomb-rice.ts';
import { type Metadata, type MetadataBytes, openMetadata } from './metadata.ts';
import type { EntryKind } from './private-input.ts';
import {
  type BucketAuth,
  type BucketPlace,
  computeSeal,
  type HmacSha256,
  nobleHmacSha256,
  SEAL_BYTES,
} from './seal.ts';

export const BUCKET_FORMAT = 1;
export const HEADER_BYTES = 6;
/**
 * Bounds a decoder's memory: 16 million entries have 80 MB, far more than any bucket worth sending.
 */
export const MAX_BUCKET_ENTRIES = 0xff_ffff;

/**
 * Encodes a bucket without its tail.
 * @param tags strictly ascending
 * @param metadata sealed metadata, `tags.length * metadataBytes` bytes
 * @throws ProtocolError `TAGS_NOT_ASCENDING`, `BUCKET_TOO_LARGE`
 */
export function encodeContent(tags: ArrayLike<number>, metadata: Uint8Array, metadataBytes: MetadataBytes): Uint8Array {
  const count = tags.length;
  if (count > MAX_BUCKET_ENTRIES)
    throw new ProtocolError('BUCKET_TOO_LARGE', 'more than 2^24-1 entries in a bucket', 'Use more prefix bits.');
  const out = new Uint8Array(HEADER_BYTES + maxEncodedTagsBytes(count) + metadata.length);
  out[0] = BUCKET_FORMAT;
  out[1] = metadataBytes;
  writeU32(out, 2, count);
  const metadataAt = HEADER_BYTES + encodeTags(tags, out, HEADER_BYTES);
  out.set(metadata, metadataAt);
  return out.subarray(0, metadataAt + metadata.length);
}

/** A body without padding. */
export function joinBody(content: Uint8Array, tail: Uint8Array): Uint8Array {
  const body = new Uint8Array(content.length + tail.length);
  body.set(content);
  body.set(tail, content.length);
  return body;
}

/**
 * Encodes and seals a bucket under `auth` "mac". The caller pads the result.
 * @throws ProtocolError as `encodeContent`
 */
export function encodeBucket(
  tags: ArrayLike<number>,
  metadata: Uint8Array,
  metadataBytes: MetadataBytes,
  place: BucketPlace,
  key: SealKey,
  hmacSha256: HmacSha256 = nobleHmacSha256,
): Uint8Array {
  const content = encodeContent(tags, metadata, metadataBytes);
  return joinBody(content, computeSeal(key, place, content, hmacSha256));
}

/** A bucket with every byte checked. */
export interface Bucket {
  readonly tags: Float64Array;
  readonly metadataBytes: MetadataBytes;
  readonly metadata: Uint8Array;
}

/** The parts of a body whose tail has not been checked. */
export interface DecodedBody extends Bucket {
  /** Number of bytes before the tail. */
  readonly contentBytes: number;
}

const malformed = (what: string): ProtocolError =>
  new ProtocolError('BUCKET_MALFORMED', `bucket: ${what}`, 'The body was truncated or altered; request it again.');

/**
 * Decodes a body without checking its tail, for callers without the key. Every byte of the body
 * must fit the format.
 * @throws ProtocolError `BUCKET_MALFORMED`
 */
export function decodeBody(body: Uint8Array, tailBytes: number = SEAL_BYTES): DecodedBody {
  if (body.length < HEADER_BYTES + tailBytes) throw malformed('shorter than its header and tail');
  if (body[0] !== BUCKET_FORMAT) throw malformed('unknown format');
  const metadataBytes = body[1];
  if (metadataBytes !== 0 && metadataBytes !== 1 && metadataBytes !== 3)
    throw malformed('metadata is not 0, 1 or 3 bytes wide');
  const count = readU32(body, 2);
  if (count > MAX_BUCKET_ENTRIES) throw malformed('more than 2^24-1 entries');
  const metadataLength = count * metadataBytes;
  const limit = body.length - tailBytes - metadataLength;
  if (limit < HEADER_BYTES) throw malformed('more entries than its length allows');
  const { tags, end } = decodeTags(body, HEADER_BYTES, limit, count);
  const contentBytes = end + metadataLength;
  for (let i = contentBytes + tailBytes; i < body.length; i++)
    if (body[i] !== 0) throw malformed('padding is not zero');
  return { tags, metadataBytes, metadata: body.subarray(end, contentBytes), contentBytes };
}

/**
 * Decodes an answer, its body padded or not, and checks that it belongs to this place.
 * @throws ProtocolError `BUCKET_MALFORMED`; `BUCKET_FORGED` if it is not authentic
 */
export function openBucket(answer: Uint8Array, place: BucketPlace, auth: BucketAuth): Bucket {
  const { tailBytes, upperBytes } = auth;
  if (answer.length < upperBytes) throw malformed('shorter than its path');
  const bodyBytes = answer.length - upperBytes;
  const decoded = decodeBody(answer.subarray(0, bodyBytes), tailBytes);
  const { contentBytes } = decoded;
  const lower = answer.subarray(contentBytes, contentBytes + tailBytes);
  const tail = upperBytes === 0 ? lower : joinBody(lower, answer.subarray(bodyBytes));
  if (!auth.verify(place, answer.subarray(0, contentBytes), tail))
    throw new ProtocolError(
      'BUCKET_FORGED',
      'a bucket does not belong to this key, layer and prefix',
      'Something between the publisher and this process altered or swapped it; compare snapshots and keys.',
    );
  return decoded;
}

/**
 * Finds the entry with this tag, if its metadata also has this kind.
 * @returns the entry's metadata; undefined if there is no such entry
 */
export function findEntry(bucket: Bucket, tag: EntryTag, pad: MetadataPad, kind: EntryKind): Metadata | undefined {
  const at = findTag(bucket.tags, tag);
  if (at < 0) return undefined;
  const { metadataBytes } = bucket;
  return openMetadata(bucket.metadata.subarray(at * metadataBytes, (at + 1) * metadataBytes), pad, kind);
}
