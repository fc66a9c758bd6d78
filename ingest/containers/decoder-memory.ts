// What decoders hold of a container, as its first bytes state it: a part of the memory of an
// ingest.

import { detectContainer } from './magic.ts';

const MIB = 2 ** 20;
/** A gzip or deflate window and buffers; that of a small zstd window. */
const SMALL = 2 * MIB;
/** A bzip2 block of 900 KB, as numbers, and its output. */
const BZIP2 = 12 * MIB;
/** liblzma's instance and buffers, beside the dictionary. */
const XZ = 8 * MIB;
/** Of `xz -9`, where the first block does not state its dictionary. */
const USUAL_DICTIONARY = 64 * MIB;
/** The limit that liblzma is given: a stream with a larger dictionary is refused. */
export const MAX_XZ_MEMORY = 128 * MIB;
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
      return XZ + Math.min(xzDictionary(head), MAX_XZ_MEMORY) + NESTED;
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

const XZ_HEADER_BYTES = 12;
const LZMA2 = 0x21;

/**
 * The dictionary of the first block of an xz stream (.xz file format 1.2.1 §3.1 and §5.3.1). Later
 * blocks of one stream have the same.
 */
function xzDictionary(head: Buffer): number {
  const sizeByte = head[XZ_HEADER_BYTES] ?? 0;
  // An index in place of a block: the stream is empty.
  if (sizeByte === 0) return 0;
  const end = Math.min(head.length, XZ_HEADER_BYTES + 4 * (sizeByte + 1));
  const flags = head[XZ_HEADER_BYTES + 1] ?? 0;
  let at = XZ_HEADER_BYTES + 2;
  const integer = (): number => {
    let value = 0;
    for (let shift = 0; at < end; shift += 7) {
      const byte = head[at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) break;
    }
    return value;
  };
  // The sizes of the block, each if it is stated.
  for (const stated of [0x40, 0x80]) if ((flags & stated) !== 0) integer();
  for (let left = (flags & 3) + 1; left > 0 && at < end; left--) {
    const filter = integer();
    const properties = integer();
    if (filter === LZMA2 && properties === 1 && at < end) return dictionarySize(head[at] as number);
    at += properties;
  }
  return USUAL_DICTIONARY;
}

/** 4 KiB, 6 KiB, 8 KiB and so on. */
const dictionarySize = (bits: number): number => (2 | (bits & 1)) * 2 ** (Math.floor(bits / 2) + 11);
