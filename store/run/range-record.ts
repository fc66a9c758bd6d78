// Record of a range index: an unsalted hash and how often it was seen. PROTOCOL.md §11.
//
//   struct RangeRecord {
//     u8  hash[20 or 16];          // SHA-1 or NTLM: the key, by which records ascend strictly
//     u32 times;                   // 1 to 2^32-1, saturated
//   }

import type { RangeName } from '../../protocol/bucket-id.ts';
import type { RecordLayout } from './record-layout.ts';

/** Length of a hash in bytes. */
export const HASH_BYTES: { readonly [name in RangeName]: number } = { sha1: 20, ntlm: 16 };
const TIMES_BYTES = 4;

export function rangeLayout(name: RangeName): RecordLayout {
  const keyBytes = HASH_BYTES[name];
  return { keyBytes, timesAt: keyBytes, recordBytes: keyBytes + TIMES_BYTES, numbered: false };
}

/** Reads the range of a hash: its first 20 bits. */
export const readRange = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 12) | ((bytes[at + 1] as number) << 4) | ((bytes[at + 2] as number) >>> 4);
