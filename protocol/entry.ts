// Entry: the parts of a PRF output that Credveil keeps. PROTOCOL.md §4.
//
//   struct PrfOutput {
//     u48 tag;               // bytes 0-5, big-endian
//     u8  metadataPad[3];    // bytes 6-8; bytes 9-15 are reserved for longer metadata
//     u8  reserved[7];
//     u32 passwordHash;      // bytes 16-19: the BucketHash in the password index
//   }

import type { BucketHash, EntryTag, MetadataPad, PrfOutput } from './brands.ts';
import { readU32, readU48 } from './bytes.ts';

export const TAG_BITS = 48;
/** 2^48: every tag is smaller. */
export const TAG_LIMIT = 2 ** TAG_BITS;

/** The tag by which a client recognizes an entry in its bucket. */
export function entryTag(output: PrfOutput): EntryTag {
  return readU48(output, 0) as EntryTag;
}

/** The three bytes that hide the entry's metadata. A view of `output`, not a copy. */
export function metadataPad(output: PrfOutput): MetadataPad {
  return output.subarray(6, 9) as MetadataPad;
}

/**
 * The BucketHash of a password entry (kind 3): its leading bits name the entry's bucket in the
 * password index.
 */
export function passwordBucketHash(output: PrfOutput): BucketHash {
  return readU32(output, 16) as BucketHash;
}

/** Formats a tag as 12 lower-case hex digits. */
export function formatTag(tag: EntryTag): string {
  return tag.toString(16).padStart(12, '0');
}
