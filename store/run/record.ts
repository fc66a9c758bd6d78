// Record: one entry before it is in a bucket. PROTOCOL.md §11.
//
//   struct Record {                // 18 bytes, big-endian, so that bytes sort as keys do
//     u32 hash;                    // BucketHash ┐ the key: records of a run ascend strictly by it
//     u48 tag;                     // EntryTag   ┘
//     u8  kind;                    // EntryKind
//     u8  metadataPad[3];
//     u32 times;                   // times seen in this source, saturated
//   }

import { readU32, writeU32 } from '../../protocol/bytes.ts';

export const RECORD_BYTES = 18;
export const KEY_BYTES = 10;
export const KIND_AT = 10;
export const PAD_AT = 11;
export const TIMES_AT = 14;

export function readTimes(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at + TIMES_AT);
}

export function writeTimes(bytes: Uint8Array, at: number, times: number): void {
  writeU32(bytes, at + TIMES_AT, times);
}
