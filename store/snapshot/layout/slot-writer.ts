// Writes the buckets of an index into slots, part by part: each has its place in the file, so parts
// may be written at once and in any order.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { LENGTH_BYTES } from '../../../protocol/snapshot/slots.ts';
import { workAltered } from '../../errors.ts';
import { readFully, writeFully } from '../../files.ts';
import { type PartBodies, readBodies } from './bodies-file.ts';
import { countParts, DIGEST_BYTES, PART_BYTES, PartHasher } from './parted-file.ts';
import type { WrittenFile } from './snapshot-sink.ts';

/** Bytes of slots that are written at once, about. */
const BATCH_BYTES = 2 ** 20;

export interface SlotsTask {
  /** The file of slots, which exists. */
  readonly target: string;
  readonly bodies: PartBodies;
  /** Length of the longest body of the index. */
  readonly longest: number;
}

/** Digests of successive parts of the file, those that lie within the slots of one task. */
export interface SlotDigests {
  readonly first: number;
  readonly digests: Uint8Array;
}

export function createSlots(target: string, mode: number): void {
  fs.closeSync(fs.openSync(target, 'wx', mode));
}

/** Writes the slots of some bodies at their place. */
export function writeSlots({ target, bodies, longest }: SlotsTask): SlotDigests {
  const slotBytes = longest + LENGTH_BYTES;
  const batch = Buffer.alloc(Math.max(1, Math.floor(BATCH_BYTES / slotBytes)) * slotBytes);
  const hasher = new PartHasher();
  let at = bodies.from * slotBytes;
  const first = countParts(at);
  /** Bytes that another task has a share in. */
  let skipped = first * PART_BYTES - at;
  const handle = fs.openSync(target, 'r+');
  const flush = (bytes: number): void => {
    const written = batch.subarray(0, bytes);
    writeFully(handle, written, bytes, at);
    at += bytes;
    const skip = Math.min(skipped, bytes);
    skipped -= skip;
    hasher.add(written.subarray(skip));
    batch.fill(0);
  };
  try {
    let filled = 0;
    let next = bodies.from;
    for (const { id, bytes } of readBodies(bodies)) {
      if (id !== next++) throw workAltered(bodies.file);
      batch.set(bytes, filled);
      batch.writeUInt32BE(bytes.length, filled + longest);
      filled += slotBytes;
      if (filled < batch.length) continue;
      flush(filled);
      filled = 0;
    }
    flush(filled);
    if (next !== bodies.from + bodies.count) throw workAltered(bodies.file);
    return { first, digests: hasher.whole() };
  } finally {
    fs.closeSync(handle);
  }
}

/**
 * Appends the roots, and digests what lies at the bounds of tasks.
 * @param bytes of all slots
 * @param roots follow the slots
 * @param written by all tasks
 */
export function finishSlots(
  target: string,
  bytes: number,
  roots: Uint8Array,
  written: readonly SlotDigests[],
): WrittenFile {
  const whole = bytes + roots.length;
  const digests = Buffer.alloc(countParts(whole) * DIGEST_BYTES);
  const isKnown = new Uint8Array(countParts(whole));
  for (const { first, digests: some } of written) {
    digests.set(some, first * DIGEST_BYTES);
    isKnown.fill(1, first, first + some.length / DIGEST_BYTES);
  }
  const handle = fs.openSync(target, 'r+');
  try {
    writeFully(handle, roots, roots.length, bytes);
    const part = Buffer.alloc(PART_BYTES);
    for (let number = isKnown.indexOf(0); number >= 0; number = isKnown.indexOf(0, number + 1)) {
      const length = Math.min(PART_BYTES, whole - number * PART_BYTES);
      readFully(handle, part, length, number * PART_BYTES, () => new Error('a file of slots ends early'));
      createHash('sha256')
        .update(part.subarray(0, length))
        .digest()
        .copy(digests, number * DIGEST_BYTES);
    }
    return { bytes: whole, digests };
  } finally {
    fs.closeSync(handle);
  }
}
