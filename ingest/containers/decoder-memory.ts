// What decoders hold of a container, as its first bytes state it: a part of the memory of an
// ingest.

import { detectContainer } from './magic.ts';

const MIB = 2 ** 20;
/** A gzip or deflate window and buffers; that of a small zstd window. */
const SMALL = 2 * MIB;
/** A bzip2 block of 900 KB, as numbers, and its output. */
const BZIP2 = 12 * MIB;
/** Of `xz -9`; the dictionary is stated behind a header that others precede. */
const XZ = 72 * MIB;
/** Node refuses larger windows. */
export const MAX_ZSTD_WINDOW = 128 * MIB;
/** Archives and compressed texts may hold others, whose first bytes come later. */
const NESTED = 8 * MIB;

/** @param head the first bytes of a file, at least 18 */
export function decoderBytes(head: Buffer): number {
  switch (detectContainer(head)) {
    case undefined:
      return 0;
    case 'xz':
      return XZ + NESTED;
    case 'bzip2':
      return BZIP2 + NESTED;
    case 'zstd':
      return SMALL + zstdWindow(head) + NESTED;
    default:
      return SMALL + NESTED;
  }
}

const SKIPPABLE_MAGIC = 0x184d2a50;

/** The window of a zstd frame (RFC 8878 §3.1.1.1), at most the largest one that is read. */
function zstdWindow(head: Buffer): number {
  if (head.length < 18 || (head.readUInt32LE(0) & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) return NESTED;
  const descriptor = head[4] as number;
  const isSingle = (descriptor & 0x20) !== 0;
  const window = isSingle ? contentSize(head, descriptor) : windowSize(head[5] as number);
  return Math.min(window, MAX_ZSTD_WINDOW);
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** A single segment is its own window. */
function contentSize(head: Buffer, descriptor: number): number {
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] as number);
  switch (descriptor >>> 6) {
    case 0:
      return head[at] as number;
    case 1:
      return head.readUInt16LE(at) + 256;
    case 2:
      return head.readUInt32LE(at);
    default:
      return Number(head.readBigUInt64LE(at));
  }
}
