// Record: one entry before it is in a bucket. PROTOCOL.md §11.
//
//   struct Record {                // 18 bytes, big-endian, so that bytes sort as keys do
//     u32 hash;                    // BucketHash ┐ the key: records of a run ascend strictly by it
//     u48 tag;                     // EntryTag   ┘
//     u8  kind;                    // EntryKind
//     u8  metadataPad[3];
//     u32 times;                   // times seen in this source, saturated
//   }

export const RECORD_BYTES = 18;
export const KEY_BYTES = 10;
export const KIND_AT = 10;
export const PAD_AT = 11;
export const TIMES_AT = 14;

export function readTimes(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at + TIMES_AT] as number) * 0x100_0000 +
      (((bytes[at + TIMES_AT + 1] as number) << 16) |
        ((bytes[at + TIMES_AT + 2] as number) << 8) |
        (bytes[at + TIMES_AT + 3] as number))) >>>
    0
  );
}

export function writeTimes(bytes: Uint8Array, at: number, times: number): void {
  bytes[at + TIMES_AT] = times >>> 24;
  bytes[at + TIMES_AT + 1] = times >>> 16;
  bytes[at + TIMES_AT + 2] = times >>> 8;
  bytes[at + TIMES_AT + 3] = times;
}
