// Completes an index part by part: what is there and verifies stays, the rest is fetched, and
// verified before it is written.

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { BucketId } from '../../protocol/brands.ts';
import { type MerkleTree, NODE_BYTES } from '../../protocol/signed/merkle.ts';
import { countRoots, slotBytes, slotFileBytes, slotsBytes } from '../../protocol/snapshot/slots.ts';
import { LookupError, lookupFailure } from '../errors.ts';
import { type LayeredIndex, layerQuery, type Snapshot } from '../publication/snapshot.ts';
import { REASONS } from '../reasons.ts';
import { createDeadline } from '../transport/deadline.ts';
import { OCTETS, refuseOctets, type Send, type ServiceRequest } from '../transport/requests.ts';
import { unwritable } from './files.ts';
import type { LayerFile } from './folder.ts';
import { upperTree } from './reading.ts';
import { assertSlot, isOfBody, leadToRoot } from './slots.ts';

/** At most so much is fetched, verified and written at a time, but for one slot that is longer. */
const PART_BYTES = 2 ** 20;
/** Maximum wait for a part. */
const PART_TIMEOUT_MS = 60_000;
/** A part is asked for again after a pause that doubles. */
const ATTEMPTS = 5;
const PAUSE_MS = 500;
/** Verifying goes on for so long before others have a turn. */
const TURN_MS = 2;

const NOT_ALLOWED = `${REASONS.CLIENT_REFUSED[0]}: it may not hold a replica`;
const ALLOW =
  'Set clientKey to the key of a client that may: the operator adds one with `credveil client add DATASET NAME --replica`.';

const { O_CREAT, O_RDWR } = constants;
/** Windows has none. */
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;

export interface Download extends LayerFile {
  readonly snapshot: Snapshot;
  /** The folder that the index is written to. */
  readonly folder: string;
  readonly network: Send;
  /** Maximum length of an answer. */
  readonly maxBodyBytes: number;
  readonly signal: AbortSignal;
  /** Called with bytes that are there. */
  onBytes(bytes: number): void;
  /** Called with those of them that were fetched. */
  onFetched(bytes: number): void;
}

/**
 * Fetches all that is missing of an index, or damaged. What is right stays as it is.
 * @throws LookupError of the service; `BODY_FORGED`, `BODY_MALFORMED` for what its publisher did
 *   not make; `REPLICA_UNWRITABLE`
 */
export async function downloadIndex(download: Download): Promise<void> {
  const { facts, file, folder, maxBodyBytes, onBytes, onFetched } = download;
  const width = slotBytes(facts);
  if (width > maxBodyBytes) throw lookupFailure('BODY_TOO_LARGE');
  const handle = await onDiskLater(() => open(path.join(folder, file), O_RDWR | O_CREAT | O_NOFOLLOW, 0o600));
  try {
    const held = await heldRoots(handle, facts);
    const roots = held ?? (await fetchRoots(download));
    const upper = upperTree(roots);
    const slots = 2 ** facts.prefixBits;
    const room = Buffer.allocUnsafe(Math.min(slots, slotsInPart(download)) * width);
    for (let at = 0; at < slots; at += slotsInPart(download)) {
      const part = room.subarray(0, Math.min(slots - at, slotsInPart(download)) * width);
      if (!(await isThere(handle, part, at, download, upper))) {
        const fetched = await fetchPart(download, at * width, at * width + part.length);
        await verifySlots(fetched, at, download, upper);
        await onDiskLater(() => writeAt(handle, fetched, at * width));
        onFetched(fetched.length);
      }
      onBytes(part.length);
    }
    if (!held) {
      await onDiskLater(() => writeAt(handle, roots, slotsBytes(facts)));
      onFetched(roots.length);
    }
    await onDiskLater(() => handle.truncate(slotFileBytes(facts)));
    await onDiskLater(() => handle.sync());
    onBytes(roots.length);
  } finally {
    await handle.close();
  }
}

/** How many slots are fetched at a time. */
function slotsInPart({ facts, maxBodyBytes }: Download): number {
  const partBytes = Math.min(PART_BYTES, maxBodyBytes);
  return Math.max(1, Math.floor(partBytes / slotBytes(facts)));
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

/** The roots of the segments, which lead to the signed one; undefined if they are not there. */
async function heldRoots(handle: FileHandle, facts: LayeredIndex): Promise<Uint8Array | undefined> {
  const roots = new Uint8Array(countRoots(facts) * NODE_BYTES);
  const isRead = await onDiskLater(() => readAt(handle, roots, slotsBytes(facts)));
  return isRead && leadToRoot(roots, facts) ? roots : undefined;
}

/** The same from the service. */
async function fetchRoots(download: Download): Promise<Uint8Array> {
  const { facts } = download;
  const roots = await fetchPart(download, slotsBytes(facts), slotFileBytes(facts));
  if (!leadToRoot(roots, facts)) throw lookupFailure('BODY_FORGED', { detail: 'the roots of its segments' });
  return roots;
}

/** Whether slots are on the disk and right. @param part is what they are read into */
async function isThere(
  handle: FileHandle,
  part: Uint8Array,
  from: number,
  download: Download,
  upper: MerkleTree | undefined,
): Promise<boolean> {
  const at = from * slotBytes(download.facts);
  // What the disk cannot read any more is written anew.
  if (!(await readAt(handle, part, at).catch(() => false))) return false;
  try {
    await verifySlots(part, from, download, upper);
    return true;
  } catch (error) {
    if (isOfBody(error)) return false;
    throw error;
  }
}

/** @returns false if the file ends before */
async function readAt(handle: FileHandle, target: Uint8Array, at: number): Promise<boolean> {
  for (let filled = 0; filled < target.length; ) {
    const { bytesRead } = await handle.read(target, filled, target.length - filled, at + filled);
    if (bytesRead === 0) return false;
    filled += bytesRead;
  }
  return true;
}

/**
 * Verifies each slot as the answer to a request for its bucket.
 * @throws LookupError `BODY_FORGED`, `BODY_MALFORMED`
 */
async function verifySlots(part: Uint8Array, from: number, of: Download, upper: MerkleTree | undefined): Promise<void> {
  const { facts, signal } = of;
  const width = slotBytes(facts);
  let turn = performance.now();
  for (let at = 0; at < part.length; at += width) {
    assertSlot(part.subarray(at, at + width), (from + at / width) as BucketId, of, upper);
    if (performance.now() - turn < TURN_MS) continue;
    await nextTurn();
    if (signal.aborted) throw lookupFailure('ABORTED', { cause: signal.reason });
    turn = performance.now();
  }
}

/** Fetches the bytes from `from` to `to`, exclusive: again after an answer that broke off. */
async function fetchPart(download: Download, from: number, to: number): Promise<Uint8Array> {
  const { snapshot, index, facts, network, signal } = download;
  const total = slotFileBytes(facts);
  for (let attempt = 1; ; attempt++) {
    try {
      const part = await network({
        path: `v1/replica/${index}${layerQuery(snapshot, facts.layer)}`,
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
    if (status === 403) return new LookupError('CLIENT_REFUSED', NOT_ALLOWED, ALLOW);
    if (status !== 206 && status !== 200) return refuse(status, headers);
    const failure = refuse(200, headers);
    if (failure || (status === 206 && headers.get('content-range') === range)) return failure;
    return lookupFailure('BODY_MALFORMED', { detail: 'another part than the one that was asked for' });
  };
}
