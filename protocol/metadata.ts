// Metadata of an entry, encrypted under the entry's own PRF output and its layer: PROTOCOL.md §5.
//
//   struct Metadata {            // each byte XORed with the same byte of MetadataPad
//     u2  kind;                  // EntryKind - 1
//     u6  timesCode;             // times seen, in half octaves
//     u16 source;                // if metadataBytes = 3: number of the source, 0 = unknown
//   }

import type { LayerId, MetadataPad } from './brands.ts';
import { ProtocolError } from './errors.ts';
import type { EntryKind } from './private-input.ts';

/** Bytes of metadata per entry: 0; 1 for kind and times seen; 3 with a source number as well. */
export type MetadataBytes = 0 | 1 | 3;

export const MAX_TIMES_SEEN = 0xffff_ffff;

export interface Metadata {
  readonly kind: EntryKind;
  /**
   * Lower bound of the times seen: exact up to 4, above that at most a third too low. Undefined if
   * the dataset records no metadata.
   */
  readonly timesSeen: number | undefined;
  /** Number in the list of sources; 0 if unknown. */
  readonly source: number;
}

/**
 * Encodes 1..2^32-1 in six bits: twice the binary logarithm, plus the bit below the leading one.
 * @throws ProtocolError `TIMES_OUT_OF_RANGE`
 */
export function encodeTimes(times: number): number {
  if (!Number.isInteger(times) || times < 1 || times > MAX_TIMES_SEEN)
    throw new ProtocolError('TIMES_OUT_OF_RANGE', 'times seen must be 1 to 2^32-1', 'Saturate counts before encoding.');
  const exponent = 31 - Math.clz32(times);
  return exponent === 0 ? 0 : 2 * exponent + ((times >>> (exponent - 1)) & 1);
}

/** The smallest count with the same code. @param times 1 to 2^32-1 */
export function roundTimes(times: number): number {
  return times - (times % 2 ** Math.max(0, 30 - Math.clz32(times)));
}

/** The smallest count with this code; undefined for code 1, which no count has. */
export function decodeTimes(code: number): number | undefined {
  if (code === 1) return undefined;
  const exponent = code >>> 1;
  return exponent === 0 ? 1 : 2 ** exponent + (code & 1) * 2 ** (exponent - 1);
}

/** Hides the metadata of many entries of one layer, in the order in which they are added. */
export interface PadBatch {
  /** Adds the entry whose tag and seed are bytes[at, at + TAG_AND_SEED_BYTES). */
  add(bytes: Uint8Array, at: number): void;
  readonly isFull: boolean;
  /**
   * XORs the metadata of the added entries, `width` bytes each from `metadata[at]`, with their
   * pads, and empties the batch.
   */
  hide(metadata: Uint8Array, at: number, width: MetadataBytes): void;
}

export type CreatePadBatch = (layer: LayerId) => PadBatch;

/** Writes `metadataBytes` bytes of plain metadata at `out[at]`. */
export function writeMetadata(
  metadata: { kind: EntryKind; times: number; source: number },
  metadataBytes: MetadataBytes,
  out: Uint8Array,
  at: number,
): void {
  if (metadataBytes === 0) return;
  out[at] = ((metadata.kind - 1) << 6) | encodeTimes(metadata.times);
  if (metadataBytes === 1) return;
  out[at + 1] = metadata.source >>> 8;
  out[at + 2] = metadata.source;
}

/**
 * Decrypts the metadata of an entry whose tag matched.
 * @returns undefined if the kind differs or the code is invalid: the tag matched by chance, the
 * entry is another's
 */
export function openMetadata(sealed: Uint8Array, pad: MetadataPad, kind: EntryKind): Metadata | undefined {
  if (sealed.length === 0) return { kind, timesSeen: undefined, source: 0 };
  const first = (sealed[0] as number) ^ (pad[0] as number);
  const timesSeen = decodeTimes(first & 63);
  if (timesSeen === undefined || (first >>> 6) + 1 !== kind) return undefined;
  const source =
    sealed.length < 3
      ? 0
      : (((sealed[1] as number) ^ (pad[1] as number)) << 8) | ((sealed[2] as number) ^ (pad[2] as number));
  return { kind, timesSeen, source };
}
