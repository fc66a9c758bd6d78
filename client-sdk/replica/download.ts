// Fetches the slots of an index in parts, each verified before it is written, and goes on where an
// earlier pull ended.

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { BucketHash, BucketId } from '../../protocol/brands.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { toHex } from '../../protocol/bytes.ts';
import { type MerkleTree, NODE_BYTES, SEGMENT_BITS } from '../../protocol/signed/merkle.ts';
import {
  countRoots,
  longestBody,
  paddedBody,
  slotBytes,
  slotFileBytes,
  slotsBytes,
} from '../../protocol/snapshot/slots.ts';
import { openLayer } from '../api.ts';
import { LookupError, lookupFailure } from '../errors.ts';
import { indexOf, type Snapshot } from '../publication/snapshot.ts';
import { createDeadline } from '../transport/deadline.ts';
import { OCTETS, refuseOctets, type Send, type ServiceRequest } from '../transport/requests.ts';
import { unwritable } from './folder.ts';
import { answerOf, upperTree } from './reading.ts';

/** At most so much is fetched, verified and written at a time, but for one slot that is longer. */
const PART_BYTES = 2 ** 20;
/** Maximum wait for a part. */
const PART_TIMEOUT_MS = 60_000;
/** A part is asked for again after a pause that doubles. */
const ATTEMPTS = 5;
const PAUSE_MS = 500;
/** Verifying goes on for so long before others have a turn. */
const TURN_MS = 2;

const { O_CREAT, O_RDWR } = constants;

export interface Download {
  readonly snapshot: Snapshot;
  readonly index: IndexName;
  /** The folder that the index is written to. */
  readonly folder: string;
  readonly network: Send;
  /** Maximum length of an answer. */
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal;
  /** Called with bytes that are there. */
  onBytes(bytes: number): void;
}

/**
 * Fetches all that is missing of an index.
 * @throws LookupError of the service; `BODY_FORGED`, `BODY_MALFORMED` for what its publisher did
 *   not make; `REPLICA_UNWRITABLE`
 */
export async function downloadIndex(download: Download): Promise<void> {
  const { snapshot, index, folder, maxBodyBytes, onBytes } = download;
  const [facts] = indexOf(snapshot, index);
  if (slotBytes(facts) > maxBodyBytes) throw lookupFailure('BODY_TOO_LARGE');
  const roots = await fetchRoots(download);
  const upper = upperTree(roots);
  const handle = await onDiskLater(() => open(path.join(folder, index), O_RDWR | O_CREAT, 0o600));
  try {
    const slots = 2 ** facts.prefixBits;
    let at = await countVerified(handle, download, upper);
    await onDiskLater(() => handle.truncate(at * slotBytes(facts)));
    onBytes(at * slotBytes(facts));
    while (at < slots) {
      const count = Math.min(slots - at, slotsInPart(download));
      const part = await fetchPart(download, at * slotBytes(facts), (at + count) * slotBytes(facts));
      await verifySlots(part, at, download, upper);
      await onDiskLater(() => writeAt(handle, part, at * slotBytes(facts)));
      at += count;
      onBytes(part.length);
    }
    await onDiskLater(() => writeAt(handle, roots, slotsBytes(facts)));
    await onDiskLater(() => handle.sync());
    onBytes(roots.length);
  } finally {
    await handle.close();
  }
}

/** How many slots are fetched at a time. */
function slotsInPart({ snapshot, index, maxBodyBytes }: Download): number {
  const partBytes = Math.min(PART_BYTES, maxBodyBytes);
  return Math.max(1, Math.floor(partBytes / slotBytes(indexOf(snapshot, index)[0])));
}

/** At its place: two processes that fetch at once write the same. */
async function writeAt(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let written = 0; written < bytes.length; )
    written += (await handle.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
}

async function onDiskLater<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    throw unwritable(cause);
  }
}

/** The roots of the segments, which lead to the signed one. */
async function fetchRoots(download: Download): Promise<Uint8Array> {
  const [facts] = indexOf(download.snapshot, download.index);
  if (countRoots(facts) === 0) return new Uint8Array(0);
  const roots = await fetchPart(download, slotsBytes(facts), slotFileBytes(facts));
  const root = upperTree(roots)?.root ?? new Uint8Array(NODE_BYTES);
  if (toHex(root) !== facts.root) throw lookupFailure('BODY_FORGED', { detail: 'the roots of its segments' });
  return roots;
}

/** How many slots of an earlier pull are right, from the first one. */
async function countVerified(handle: FileHandle, download: Download, upper: MerkleTree | undefined): Promise<number> {
  const [facts] = indexOf(download.snapshot, download.index);
  const { size } = await onDiskLater(() => handle.stat());
  const there = Math.min(2 ** facts.prefixBits, Math.floor(size / slotBytes(facts)));
  const room = Buffer.allocUnsafe(Math.min(there, slotsInPart(download)) * slotBytes(facts));
  for (let at = 0; at < there; ) {
    const count = Math.min(there - at, slotsInPart(download));
    const part = room.subarray(0, count * slotBytes(facts));
    const { bytesRead } = await onDiskLater(() => handle.read(part, 0, part.length, at * slotBytes(facts)));
    try {
      if (bytesRead < part.length) return at;
      await verifySlots(part, at, download, upper);
    } catch (error) {
      if (error instanceof LookupError && /^BODY_/.test(error.code)) return at;
      throw error;
    }
    at += count;
  }
  return there;
}

/**
 * Verifies each slot as the answer to a request for its bucket.
 * @throws LookupError `BODY_FORGED`, `BODY_MALFORMED`
 */
async function verifySlots(
  part: Uint8Array,
  from: number,
  { snapshot, index, signal }: Download,
  upper: MerkleTree | undefined,
): Promise<void> {
  const [facts] = indexOf(snapshot, index);
  const width = slotBytes(facts);
  let turn = performance.now();
  for (let at = 0; at < part.length; at += width) {
    const id = (from + at / width) as BucketId;
    const slot = part.subarray(at, at + width);
    const hash = (facts.prefixBits === 0 ? 0 : (id << (32 - facts.prefixBits)) >>> 0) as BucketHash;
    openLayer(answerOf(slot, facts, upper?.siblings(id >>> SEGMENT_BITS)), facts, snapshot, index, hash);
    if (slot.subarray(paddedBody(slot, facts).length, longestBody(facts)).some((byte) => byte !== 0))
      throw lookupFailure('BODY_MALFORMED', { detail: 'padding is not zero' });
    if (performance.now() - turn < TURN_MS) continue;
    await nextTurn();
    if (signal.aborted) throw lookupFailure('ABORTED', { cause: signal.reason });
    turn = performance.now();
  }
}

/** Fetches the bytes from `from` to `to`, exclusive: again after an answer that broke off. */
async function fetchPart(download: Download, from: number, to: number): Promise<Uint8Array> {
  const { snapshot, index, network, signal } = download;
  const total = slotFileBytes(indexOf(snapshot, index)[0]);
  for (let attempt = 1; ; attempt++) {
    try {
      const part = await network({
        path: `v1/replica/${index}?snapshot=${snapshot.snapshot}`,
        accept: OCTETS,
        range: `bytes=${from}-${to - 1}`,
        maxBytes: to - from,
        deadline: createDeadline(PART_TIMEOUT_MS, signal),
        refuse: refusePart(snapshot, `bytes ${from}-${to - 1}/${total}`),
      });
      if (part.length !== to - from) throw lookupFailure('NETWORK', { detail: 'an answer is truncated' });
      return part;
    } catch (error) {
      const isBroken = error instanceof LookupError && (error.code === 'NETWORK' || error.code === 'TIMEOUT');
      if (!isBroken || attempt === ATTEMPTS) throw error;
      await wait(PAUSE_MS * 2 ** (attempt - 1), undefined, { signal }).catch((cause: unknown) => {
        throw lookupFailure('ABORTED', { cause });
      });
    }
  }
}

/** Only the part that was asked for is an answer. */
function refusePart({ snapshot }: Snapshot, range: string): ServiceRequest['refuse'] {
  const refuse = refuseOctets(snapshot);
  return (status, headers) => {
    if (status === 403) return lookupFailure('CLIENT_REFUSED', { detail: 'it may not hold a replica' });
    if (status !== 206 && status !== 200) return refuse(status, headers);
    const failure = refuse(200, headers);
    if (failure || (status === 206 && headers.get('content-range') === range)) return failure;
    return lookupFailure('BODY_MALFORMED', { detail: 'another part than the one that was asked for' });
  };
}
