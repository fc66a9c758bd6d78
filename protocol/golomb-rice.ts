// Golomb-Rice coding of ascending tags, in the bit order of BIP 158: PROTOCOL.md §7.
//
// n tags become n deltas, delta[i] = tag[i] - tag[i-1] - 1 with tag[-1] = -1. A delta is its
// quotient by 2^k in unary (that many 1 bits, then a 0 bit), followed by its remainder in k bits,
// most significant bit first. Zero bits fill the last byte. k follows from n and the length of a
// tag, so every set of tags has exactly one encoding.

import { TAG_BITS } from './entry.ts';
import { ProtocolError } from './errors.ts';

/**
 * k = tagBits - 1 - floor(log2 n): within 0.01 bit of the optimum for n uniform tags of 48 bits.
 * @param count n, from 1 to 2^tagBits / 2
 */
export function riceParameter(count: number, tagBits: number = TAG_BITS): number {
  return tagBits - 32 + Math.clz32(count);
}

/**
 * Maximum length in bytes: the quotients of ascending tags add up to less than 2^(tagBits-k) <= 2n.
 */
export function maxEncodedTagsBytes(count: number, tagBits: number = TAG_BITS): number {
  return count === 0 ? 0 : Math.ceil((count * (riceParameter(count, tagBits) + 3)) / 8);
}

/**
 * Writes the encoded tags to `out`, starting at `at`.
 * @param tags strictly ascending
 * @param out `maxEncodedTagsBytes(tags.length, tagBits)` or more zero bytes from `at`
 * @param tagBits length of a tag
 * @returns the number of bytes written
 * @throws ProtocolError `TAGS_NOT_ASCENDING`
 */
export function encodeTags(tags: ArrayLike<number>, out: Uint8Array, at: number, tagBits: number = TAG_BITS): number {
  const count = tags.length;
  if (count === 0) return 0;
  const k = riceParameter(count, tagBits);
  const tagLimit = 2 ** tagBits;
  const divisor = 2 ** k;
  let previous = -1;
  let byte = at;
  let held = 0; // bits not yet written, right-aligned
  let heldBits = 0; // below 8 between two writes

  const write = (value: number, bits: number): void => {
    // bits <= 24, so held and value together fit in 32 bits
    held = (held << bits) | value;
    heldBits += bits;
    while (heldBits >= 8) {
      heldBits -= 8;
      out[byte++] = held >>> heldBits;
    }
    held &= (1 << heldBits) - 1;
  };

  for (let i = 0; i < count; i++) {
    const tag = tags[i] as number;
    const delta = tag - previous - 1;
    if (!(delta >= 0 && tag < tagLimit))
      throw new ProtocolError(
        'TAGS_NOT_ASCENDING',
        `tags must ascend strictly and be less than 2^${tagBits}`,
        'Sort and merge them first.',
      );
    previous = tag;
    let quotient = Math.floor(delta / divisor);
    const remainder = delta - quotient * divisor;
    for (; quotient >= 16; quotient -= 16) write(0xffff, 16);
    write((1 << (quotient + 1)) - 2, quotient + 1);
    if (k > 24) {
      const high = Math.floor(remainder / 0x100_0000);
      write(high, k - 24);
      write(remainder - high * 0x100_0000, 24);
    } else write(remainder, k);
  }
  if (heldBits > 0) out[byte++] = held << (8 - heldBits);
  return byte - at;
}

/** The decoder reads up to this many bytes beyond the tags. */
const LOOKAHEAD_BYTES = 8;

/** Decoded tags, and the offset of the byte after them. */
export interface DecodedTags {
  readonly tags: Float64Array;
  readonly end: number;
}

export const malformedBucket = (what: string): ProtocolError =>
  new ProtocolError('BUCKET_MALFORMED', `bucket: ${what}`, 'The body was truncated or altered; request it again.');

/**
 * Decodes `count` tags, strictly: each has `tagBits` bits, zero bits fill the last byte, and no tag
 * reaches `limit`.
 * @param limit end of the area for the tags
 * @param count at most 2^tagBits / 2
 * @throws ProtocolError `BUCKET_MALFORMED`
 */
export function decodeTags(
  body: Uint8Array,
  at: number,
  limit: number,
  count: number,
  tagBits: number = TAG_BITS,
): DecodedTags {
  if (count === 0) return { tags: new Float64Array(0), end: at };
  const k = riceParameter(count, tagBits);
  // A tag has k+1 bits or more: reject a count that cannot fit before allocating memory for it.
  if (count * (k + 1) > (limit - at) * 8) throw malformedBucket('more entries than its length allows');
  const { buffer, byteOffset, byteLength } = withLookahead(body, limit);
  const view = new DataView(buffer, byteOffset, byteLength);
  const tags = new Float64Array(count);
  const divisor = 2 ** k;
  const tagLimit = 2 ** tagBits;
  const highBits = k > 24 ? k - 24 : 0;
  const lowBits = k - highBits;
  const bitLimit = limit * 8;
  let bit = at * 8;
  let tag = -1;

  // The 32 bits starting at `bit`. `bit` never passes `bitLimit`.
  const window = (): number => {
    const byte = bit >>> 3;
    const shift = bit & 7;
    const word = view.getUint32(byte);
    return shift === 0 ? word : (word << shift) | (view.getUint8(byte + 4) >>> (8 - shift));
  };

  for (let i = 0; i < count; i++) {
    let quotient = 0;
    for (;;) {
      const ones = Math.clz32(~window());
      quotient += ones;
      bit += ones;
      if (bit >= bitLimit) throw malformedBucket('tags are truncated');
      if (ones < 32) break;
    }
    bit += 1;
    let remainder = 0;
    if (highBits > 0) {
      if (bit > bitLimit) throw malformedBucket('tags are truncated');
      remainder = (window() >>> (32 - highBits)) * 0x100_0000;
      bit += highBits;
    }
    if (lowBits > 0) {
      if (bit > bitLimit) throw malformedBucket('tags are truncated');
      remainder += window() >>> (32 - lowBits);
      bit += lowBits;
    }
    if (bit > bitLimit) throw malformedBucket('tags are truncated');
    tag += 1 + quotient * divisor + remainder;
    if (tag >= tagLimit) throw malformedBucket(`a tag has more than ${tagBits} bits`);
    tags[i] = tag;
  }
  const rest = bit & 7;
  if (rest !== 0 && ((view.getUint8(bit >>> 3) << rest) & 0xff) !== 0)
    throw malformedBucket('the bits after the last tag are not zero');
  return { tags, end: (bit + 7) >>> 3 };
}

/** A signed index of one bucket has no tail, so nothing may follow the tags. */
function withLookahead(body: Uint8Array, limit: number): Uint8Array {
  if (limit + LOOKAHEAD_BYTES <= body.length) return body;
  const longer = new Uint8Array(limit + LOOKAHEAD_BYTES);
  longer.set(body.subarray(0, limit));
  return longer;
}

/** Finds `tag` in constant time: the loop always visits every tag. @returns its position, or -1 */
export function findTag(tags: Float64Array, tag: number): number {
  let found = -1;
  for (let i = 0; i < tags.length; i++) found = tags[i] === tag ? i : found;
  return found;
}
