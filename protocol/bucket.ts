// Bucket body: the bytes that the server sends for one bucket. PROTOCOL.md §7.
//
//   struct BucketBody {
//     u8  format;                              // 1, or 2: with the entries of similarity forms
//     u8  metadataBytes;                       // 0, 1 or 3
//     u32 count;                               // big-endian
//     u8  tags[];                              // Golomb-Rice, golomb-rice.ts
//     u8  metadata[count * metadataBytes];     // in the order of the tags
//     u8  formBits;                            // only in format 2, as the next two
//     u32 formCount;
//     u8  formTags[];                          // Golomb-Rice of the leading formBits bits
//     u8  tail[];                              // seal.ts: authenticates all preceding bytes
//     u8  padding[];                           // zero bytes, up to one of the announced bodyBytes
//   }

import type { EntryTag, MetadataPad, SealKey } from './brands.ts';
import { concatBytes, readU32, writeU32 } from './bytes.ts';
import { TAG_BITS } from './entry.ts';
import { ProtocolError } from './errors.ts';
import { decodeTags, encodeTags, findTag, malformedBucket, maxEncodedTagsBytes } from './golomb-rice.ts';
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
/** The format of a bucket with the entries of similarity forms. */
export const FORMS_FORMAT = 2;
export const HEADER_BYTES = 6;
/** Length of formBits and formCount. */
const FORMS_HEADER_BYTES = 5;
/**
 * Bounds a decoder's memory: 16 million entries have 80 MB, far more than any bucket worth sending.
 */
export const MAX_BUCKET_ENTRIES = 0xff_ffff;
const MIN_FORM_BITS = 12;
/** Another form is among n short tags with a probability of n / 2^bits: at most this power of 2. */
const FORM_RATE_BITS = 11;

/** Entries of similarity forms: the leading `bits` of their tags, each once, ascending. */
export interface FormTags {
  readonly bits: number;
  readonly tags: Float64Array;
}

/** The entries of a bucket. */
export interface BucketContent {
  /** Strictly ascending. */
  readonly tags: ArrayLike<number>;
  /** Sealed, `tags.length * metadataBytes` bytes. */
  readonly metadata: Uint8Array;
  readonly metadataBytes: MetadataBytes;
  /** Those of similarity forms; undefined in an index without them. */
  readonly forms?: FormTags | undefined;
}

/** The fewest bits with which so many forms are told apart from others. */
function formBitsOf(count: number): number {
  return Math.max(MIN_FORM_BITS, FORM_RATE_BITS + 32 - Math.clz32(Math.max(0, count - 1)));
}

/** Shortens the tags of a bucket's forms, in any order. @param spareBits more than they need */
export function shortenTags(tags: Float64Array, spareBits = 0): FormTags {
  const bits = formBitsOf(tags.length) + spareBits;
  const divisor = 2 ** (TAG_BITS - bits);
  const short = tags.map((tag) => Math.floor(tag / divisor)).sort();
  return { bits, tags: short.filter((tag, i) => tag !== short[i - 1]) };
}

/**
 * Encodes a bucket without its tail.
 * @throws ProtocolError `TAGS_NOT_ASCENDING`, `BUCKET_TOO_LARGE`
 */
export function encodeContent({ tags, metadata, metadataBytes, forms }: BucketContent): Uint8Array {
  const count = tags.length;
  const formCount = forms?.tags.length ?? 0;
  if (Math.max(count, formCount) > MAX_BUCKET_ENTRIES)
    throw new ProtocolError('BUCKET_TOO_LARGE', 'more than 2^24-1 entries in a bucket', 'Use more prefix bits.');
  const formsBytes = forms ? FORMS_HEADER_BYTES + maxEncodedTagsBytes(formCount, forms.bits) : 0;
  const out = new Uint8Array(HEADER_BYTES + maxEncodedTagsBytes(count) + metadata.length + formsBytes);
  out[0] = forms ? FORMS_FORMAT : BUCKET_FORMAT;
  out[1] = metadataBytes;
  writeU32(out, 2, count);
  let at = HEADER_BYTES + encodeTags(tags, out, HEADER_BYTES);
  out.set(metadata, at);
  at += metadata.length;
  if (forms) {
    out[at] = forms.bits;
    writeU32(out, at + 1, formCount);
    at += FORMS_HEADER_BYTES;
    at += encodeTags(forms.tags, out, at, forms.bits);
  }
  return out.subarray(0, at);
}
/**
 * Encodes and seals a bucket under `auth` "mac". The caller pads the result.
 * @throws ProtocolError as `encodeContent`
 */
export function encodeBucket(
  bucket: BucketContent,
  place: BucketPlace,
  key: SealKey,
  hmacSha256: HmacSha256 = nobleHmacSha256,
): Uint8Array {
  const content = encodeContent(bucket);
  return concatBytes(content, computeSeal(key, place, content, hmacSha256));
}

/** A bucket with every byte checked. */
export interface Bucket extends BucketContent {
  readonly tags: Float64Array;
}

/** The parts of a body whose tail has not been checked. */
export interface DecodedBody extends Bucket {
  /** Number of bytes before the tail. */
  readonly contentBytes: number;
}

/**
 * Decodes a body without checking its tail, for callers without the key. Every byte of the body
 * must fit the format.
 * @throws ProtocolError `BUCKET_MALFORMED`
 */
export function decodeBody(body: Uint8Array, tailBytes: number = SEAL_BYTES): DecodedBody {
  if (body.length < HEADER_BYTES + tailBytes) throw malformedBucket('shorter than its header and tail');
  const format = body[0];
  if (format !== BUCKET_FORMAT && format !== FORMS_FORMAT) throw malformedBucket('unknown format');
  const metadataBytes = body[1];
  if (metadataBytes !== 0 && metadataBytes !== 1 && metadataBytes !== 3)
    throw malformedBucket('metadata is not 0, 1 or 3 bytes wide');
  const count = readU32(body, 2);
  if (count > MAX_BUCKET_ENTRIES) throw malformedBucket('more than 2^24-1 entries');
  const metadataLength = count * metadataBytes;
  const formsAt = body.length - tailBytes - (format === FORMS_FORMAT ? FORMS_HEADER_BYTES : 0);
  const limit = formsAt - metadataLength;
  if (limit < HEADER_BYTES) throw malformedBucket('more entries than its length allows');
  const { tags, end } = decodeTags(body, HEADER_BYTES, limit, count);
  const metadataEnd = end + metadataLength;
  const metadata = body.subarray(end, metadataEnd);
  const { forms, end: contentBytes } =
    format === FORMS_FORMAT ? decodeForms(body, metadataEnd, body.length - tailBytes) : { end: metadataEnd };
  for (let i = contentBytes + tailBytes; i < body.length; i++)
    if (body[i] !== 0) throw malformedBucket('padding is not zero');
  return { tags, metadataBytes, metadata, forms, contentBytes };
}

/** @param at of formBits: at least FORMS_HEADER_BYTES before `limit` */
function decodeForms(body: Uint8Array, at: number, limit: number): { forms: FormTags; end: number } {
  const bits = body[at] as number;
  const count = readU32(body, at + 1);
  if (count > MAX_BUCKET_ENTRIES) throw malformedBucket('more than 2^24-1 entries');
  // With fewer bits most passwords would have a form in common with a leaked one.
  if (bits > TAG_BITS || bits < formBitsOf(count)) throw malformedBucket('tags of forms are too long or too short');
  const { tags, end } = decodeTags(body, at + FORMS_HEADER_BYTES, limit, count, bits);
  return { forms: { bits, tags }, end };
}

/**
 * Decodes an answer, its body padded or not, and checks that it belongs to this place.
 * @throws ProtocolError `BUCKET_MALFORMED`; `BUCKET_FORGED` if it is not authentic
 */
export function openBucket(answer: Uint8Array, place: BucketPlace, auth: BucketAuth): Bucket {
  const { tailBytes, upperBytes } = auth;
  if (answer.length < upperBytes) throw malformedBucket('shorter than its path');
  const bodyBytes = answer.length - upperBytes;
  const decoded = decodeBody(answer.subarray(0, bodyBytes), tailBytes);
  const { contentBytes } = decoded;
  const lower = answer.subarray(contentBytes, contentBytes + tailBytes);
  const tail = upperBytes === 0 ? lower : concatBytes(lower, answer.subarray(bodyBytes));
  if (!auth.verify(place, answer.subarray(0, contentBytes), tail))
    throw new ProtocolError(
      'BUCKET_FORGED',
      'a bucket does not belong to this key, layer and prefix',
      'Something between the publisher and this process altered it, or it belongs to another dataset or key.',
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

/**
 * Whether the bucket has the entry of a similarity form with this tag, or one that is equal to it
 * by chance.
 */
export function hasForm({ forms }: Bucket, tag: EntryTag): boolean {
  return forms !== undefined && findTag(forms.tags, Math.floor(tag / 2 ** (TAG_BITS - forms.bits))) >= 0;
}
