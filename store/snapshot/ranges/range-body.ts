// The stored body of a range: its hashes without their first two bytes, and exact counts.
// PROTOCOL.md §12.
//
//   struct RangeBody {
//     u8  format = 1;
//     u32 count;                        // 1 to 2^24-1
//     u8  suffixes[count][18 or 14];    // strictly ascending; the first half byte is the
//                                       // prefix's last
//     u8  times[];                      // count numbers of 1 to 2^32-1 in LEB128, each in its
//                                       // shortest form
//   }

import type { RangeName } from '../../../protocol/bucket-id.ts';
import { compareBytes, readU32, writeU32 } from '../../../protocol/bytes.ts';
import { HASH_BYTES } from '../../run/range-record.ts';
import { corruptSnapshot } from '../layout/snapshot-files.ts';

const FORMAT = 1;
const HEADER_BYTES = 5;
/** Whole bytes of a hash that all entries of a range share. */
export const SHARED_BYTES = 2;
export const MAX_RANGE_ENTRIES = 2 ** 24 - 1;
const MAX_LEB_BYTES = 5;

export interface RangeEntries {
  readonly count: number;
  readonly suffixBytes: number;
  /** `count` suffixes, concatenated. */
  readonly suffixes: Uint8Array;
  readonly times: Float64Array;
}

/** @param suffixes strictly ascending @param times one for each suffix, 1 to 2^32-1 */
export function encodeRangeBody(suffixes: Uint8Array, times: Float64Array): Buffer {
  const body = Buffer.allocUnsafe(HEADER_BYTES + suffixes.length + times.length * MAX_LEB_BYTES);
  body[0] = FORMAT;
  writeU32(body, 1, times.length);
  body.set(suffixes, HEADER_BYTES);
  let at = HEADER_BYTES + suffixes.length;
  for (const value of times) {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) body[at++] = (rest % 0x80) | 0x80;
    body[at++] = rest;
  }
  return body.subarray(0, at);
}

/** The entries of a stored body, maybe none. @throws StoreError `SNAPSHOT_CORRUPT` */
export function entriesOf(name: RangeName, range: number, body: Uint8Array): RangeEntries {
  if (body.length > 0) return decodeRangeBody(name, range, body);
  const suffixBytes = HASH_BYTES[name] - SHARED_BYTES;
  return { count: 0, suffixBytes, suffixes: new Uint8Array(0), times: new Float64Array(0) };
}

/**
 * Decodes strictly.
 * @throws StoreError `SNAPSHOT_CORRUPT` for a body that `encodeRangeBody` cannot write for this
 * range
 */
export function decodeRangeBody(name: RangeName, range: number, body: Uint8Array): RangeEntries {
  const suffixBytes = HASH_BYTES[name] - SHARED_BYTES;
  const broken = (why: string): never => {
    throw corruptSnapshot(`range of ${name}: ${why}`);
  };
  if (body.length < HEADER_BYTES || body[0] !== FORMAT) broken('unknown format');
  const count = readU32(body, 1);
  const timesAt = HEADER_BYTES + count * suffixBytes;
  if (count === 0 || count > MAX_RANGE_ENTRIES || timesAt + count > body.length)
    broken('its count does not match its length');
  const suffixes = body.subarray(HEADER_BYTES, timesAt);
  const times = new Float64Array(count);
  let at = timesAt;
  for (let entry = 0; entry < count; entry++) {
    const place = entry * suffixBytes;
    if ((suffixes[place] as number) >>> 4 !== (range & 0xf)) broken('a hash belongs to another range');
    if (entry > 0 && compareBytes(suffixes, place - suffixBytes, suffixes, place, suffixBytes) >= 0)
      broken('its hashes do not ascend');
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = body[at++];
      if (byte === undefined || scale > 0x80 ** (MAX_LEB_BYTES - 1)) return broken('a count is too long');
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
      if (byte >= 0x80) continue;
      if (byte === 0 || value > 0xffff_ffff) broken('a count is not in its shortest form');
      break;
    }
    times[entry] = value;
  }
  if (at !== body.length) broken('bytes are left over');
  return { count, suffixBytes, suffixes, times };
}
