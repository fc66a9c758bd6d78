// Entry: what is kept of a PRF output. PROTOCOL.md §4.
//
//   struct PrfOutput {
//     u48 tag;               // bytes 0-5, big-endian
//     u8  metadataPad[3];    // bytes 6-8; bytes 9-15 are reserved for longer metadata
//     u8  reserved[7];
//     u32 passwordHash;      // bytes 16-19: the BucketHash in the password index
//   }

import type { BucketHash, EntryTag, MetadataPad, PrfOutput } from './brands.ts';

export const TAG_BITS = 48;
/** 2^48: every tag is below. */
export const TAG_LIMIT = 2 ** TAG_BITS;

/** Bytes `at`..`at+5` as a big-endian integer. */
export function readTag(bytes: Uint8Array, at: number): EntryTag {
  const high = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  const low = ((bytes[at + 3] as number) << 16) | ((bytes[at + 4] as number) << 8) | (bytes[at + 5] as number);
  return (high * 0x100_0000 + low) as EntryTag;
}

/** Bytes `at`..`at+3` as a big-endian integer. */
export function readBucketHash(bytes: Uint8Array, at: number): BucketHash {
  const signed =
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number);
  return (signed >>> 0) as BucketHash;
}

export function entryTag(output: PrfOutput): EntryTag {
  return readTag(output, 0);
}

export function metadataPad(output: PrfOutput): MetadataPad {
  return output.subarray(6, 9) as MetadataPad;
}

export function passwordBucketHash(output: PrfOutput): BucketHash {
  return readBucketHash(output, 16);
}

/** 12 lower-case hex digits. */
export function formatTag(tag: EntryTag): string {
  return tag.toString(16).padStart(12, '0');
}
