// Entry: the parts of a PRF output that Credveil keeps. PROTOCOL.md §4.
//
//   struct PrfOutput {
//     u48 tag;               // bytes 0-5, big-endian
//     u8  seed[8];           // bytes 6-13: the pads of the entry's metadata follow from it
//     u8  reserved[2];
//     u32 passwordHash;      // bytes 16-19: the BucketHash in the password index
//   }
//
//   struct PadInput {        // MetadataPad = SHA-256(PadInput)[0..3], PROTOCOL.md §5
//     u8  label[4] = "cvm2";
//     u8  layer[16];         // LayerId
//     u48 tag;
//     u8  seed[8];
//   }
//
// A layer never changes, so no pad ever hides two plaintexts.

import { sha256 } from '@noble/hashes/sha2.js';
import type { BucketHash, EntryTag, LayerId, MetadataPad, PrfOutput } from './brands.ts';
import { encodeUtf8, fromHex, readU32, readU48 } from './bytes.ts';

export const TAG_BITS = 48;
/** Length of the tag and the seed, with which the output begins. */
export const TAG_AND_SEED_BYTES = 14;
/** 2^48: every tag is smaller. */
export const TAG_LIMIT = 2 ** TAG_BITS;

/** The tag by which a client recognizes an entry in its bucket. */
export function entryTag(output: PrfOutput): EntryTag {
  return readU48(output, 0) as EntryTag;
}

const PAD_LABEL = encodeUtf8('cvm2');
/** Length of the label and the layer: the part of a PadInput that all entries of a layer share. */
export const PAD_PREFIX_BYTES = 20;
export const PAD_INPUT_BYTES = PAD_PREFIX_BYTES + TAG_AND_SEED_BYTES;
/** The longest metadata. */
export const PAD_BYTES = 3;

/** @returns the first PAD_PREFIX_BYTES bytes of the PadInputs of a layer */
export function padPrefix(layer: LayerId): Uint8Array {
  const prefix = new Uint8Array(PAD_PREFIX_BYTES);
  prefix.set(PAD_LABEL);
  prefix.set(fromHex(layer), PAD_LABEL.length);
  return prefix;
}

/** The state after a layer's prefix: a client asks for pads of one layer again and again. */
let latest: { readonly layer: LayerId; readonly state: ReturnType<typeof sha256.create> } | undefined;
const working = sha256.create();
const digest = new Uint8Array(working.outputLen);

/** The three bytes that hide the metadata of one entry in one layer. */
export function metadataPad(layer: LayerId, output: PrfOutput): MetadataPad {
  if (latest?.layer !== layer) latest = { layer, state: sha256.create().update(padPrefix(layer)) };
  // Copies the state without allocating: three pads are made in every check.
  latest.state._cloneInto(working).update(output.subarray(0, TAG_AND_SEED_BYTES)).digestInto(digest);
  return digest.slice(0, PAD_BYTES) as MetadataPad;
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
