// Record of a range index: an unsalted hash and how often it was seen. PROTOCOL.md §11.
//
//   struct RangeRecord {
//     u8  hash[20 or 16];          // SHA-1 or NTLM: the key, by which records ascend strictly
//     u32 times;                   // 1 to 2^32-1, saturated
//   }

import type { RangeName } from '../../protocol/bucket-id.ts';

/** Bytes of a hash. */
export const HASH_BYTES: { readonly [name in RangeName]: number } = { sha1: 20, ntlm: 16 };
export const TIMES_BYTES = 4;

export const rangeRecordBytes = (name: RangeName): number => HASH_BYTES[name] + TIMES_BYTES;

export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
