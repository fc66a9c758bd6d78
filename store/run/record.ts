// Record: one keyed entry before it is in a bucket. PROTOCOL.md §11.
//
//   struct Record {                // 23 bytes, big-endian, so that bytes sort as keys do
//     u32 hash;                    // BucketHash ┐ the key: records of a run ascend strictly by it
//     u48 tag;                     // EntryTag   ┘
//     u8  seed[8];                 // of the metadata's pads: with the tag PrfOutput[0..14]
//     u8  kind;                    // EntryKind
//     u32 times;                   // times seen in this source, saturated
//   }

import { readU32, writeU32 } from '../../protocol/bytes.ts';
import { EntryKind } from '../../protocol/private-input.ts';
import type { RecordLayout } from './record-layout.ts';

export const RECORD_BYTES = 23;
export const KEY_BYTES = 10;
export const TAG_AT = 4;
export const SEED_AT = 10;
export const KIND_AT = 18;
export const TIMES_AT = 19;
/** Hash, tag and seed: what a record holds of its entry. */
export const ENTRY_BYTES = KIND_AT;

export const RECORD_LAYOUT: RecordLayout = {
  keyBytes: KEY_BYTES,
  timesAt: TIMES_AT,
  recordBytes: RECORD_BYTES,
  numbered: true,
};

/** Reads the times of the record at `bytes[at]`. */
export function readTimes(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at + TIMES_AT);
}

/** Writes the times of the record at `bytes[at]`. */
export function writeTimes(bytes: Uint8Array, at: number, times: number): void {
  writeU32(bytes, at + TIMES_AT, times);
}

/** Number of records that stand for a username. */
export function countUsernames(records: Uint8Array): number {
  let usernames = 0;
  for (let at = KIND_AT; at < records.length; at += RECORD_BYTES) if (records[at] === EntryKind.username) usernames++;
  return usernames;
}
