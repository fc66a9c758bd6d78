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
