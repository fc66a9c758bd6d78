// Reads all of a replica again, and finds what is damaged. Nobody is asked, and nothing is written.

import fs from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BucketId } from '../../protocol/brands.ts';
import { type MerkleTree, NODE_BYTES } from '../../protocol/signed/merkle.ts';
import { countRoots, slotBytes, slotFileBytes, slotsBytes } from '../../protocol/snapshot/slots.ts';
import { LookupError, lookupFailure } from '../errors.ts';
import { createHistory } from '../publication/history.ts';
import { createSnapshotReader } from '../publication/reader.ts';
import type { Snapshot } from '../publication/snapshot.ts';
import { createDeadline } from '../transport/deadline.ts';
import type { InspectedReplica, InspectOptions, ReplicaContext } from './attachable.ts';
import { openFile, readFully } from './files.ts';
import { type LayerFile, layerFiles, type ReplicaFolder } from './folder.ts';
import { ReplicaReader, snapshotOf, upperTree } from './reading.ts';
import { assertSlot, isOfBody, leadToRoot } from './slots.ts';

/** Read at a time, but for one slot that is longer. */
const PART_BYTES = 2 ** 20;
/** Verifying goes on for so long before others have a turn. */
const TURN_MS = 20;
/** Maximum wait for the documents. */
const DOCUMENTS_TIMEOUT_MS = 30_000;
/** How often it begins again, since a pull replaced what it read. */
const ATTEMPTS = 3;

/** A file that is read, and what becomes known of it. */
interface Reading {
  readonly layer: LayerFile;
  readonly snapshot: Snapshot;
  readonly handle: number;
  /** Notes bytes that are right, or damaged. */
  note(from: number, to: number, isRight: boolean): void;
  /** Undefined while no turn of others is due. @throws LookupError (as a rejection) `ABORTED` */
  turn(): Promise<void> | undefined;
}

/**
 * @throws LookupError if head, statement or sources are refused, as a check has it; `ABORTED`;
 *   `SNAPSHOT_CHANGED` if pulls replaced it again and again
 */
export async function inspectFolder(
  folder: ReplicaFolder,
  context: ReplicaContext,
  options: InspectOptions,
): Promise<InspectedReplica> {
  for (let attempt = 1; ; attempt++) {
    const inspected = await inspectOnce(folder, context, options);
    const head = folder.head();
    // What a pull has removed meanwhile was not damaged.
    const isInUse = head !== undefined && snapshotOf(head) === inspected.snapshot;
    if (inspected.damaged.length === 0 || isInUse) return inspected;
    if (attempt === ATTEMPTS) throw lookupFailure('SNAPSHOT_CHANGED');
  }
}

async function inspectOnce(
  folder: ReplicaFolder,
  { settings, authority, assertKey }: ReplicaContext,
  { signal = new AbortController().signal, onProgress = () => undefined }: InspectOptions,
): Promise<InspectedReplica> {
  const documents = new ReplicaReader(folder);
  const send = async (request: { readonly path: string; readonly maxBytes: number }): Promise<Uint8Array> =>
    documents.document(request.path, request.maxBytes);
  const history = createHistory(settings.memory, authority);
  const reader = createSnapshotReader({ settings, send, authority, history, assertKey });
  const snapshot = await reader.fetch(createDeadline(DOCUMENTS_TIMEOUT_MS, signal));
  const layers = layerFiles(snapshot);
  const totalBytes = layers.reduce((sum, { facts }) => sum + slotFileBytes(facts), 0);
  const damaged: { file: string; from: number; to: number }[] = [];
  let bytes = 0;
  let began = performance.now();
  const giveTurn = async (): Promise<void> => {
    await nextTurn();
    if (signal.aborted) throw lookupFailure('ABORTED', { cause: signal.reason });
    onProgress({ bytes, totalBytes });
    began = performance.now();
  };
  const turn = () => (performance.now() - began < TURN_MS ? undefined : giveTurn());
  for (const layer of layers) {
    const file = `${snapshot.snapshot}/${layer.file}`;
    const note = (from: number, to: number, isRight: boolean): void => {
      bytes = Math.min(totalBytes, bytes + to - from);
      const last = damaged.at(-1);
      if (isRight || from === to) return;
      if (last?.file === file && last.to === from) last.to = to;
      else damaged.push({ file, from, to });
    };
    const handle = openRegular(folder.at(snapshot.snapshot, layer.file));
    if (handle === undefined) note(0, slotFileBytes(layer.facts), false);
    else
      try {
        await inspectFile({ layer, snapshot, handle, note, turn });
      } finally {
        fs.closeSync(handle);
      }
  }
  onProgress({ bytes: totalBytes, totalBytes });
  return { snapshot: snapshot.snapshot, bytes: totalBytes, damaged };
}

async function inspectFile(reading: Reading): Promise<void> {
  const { layer, handle, note } = reading;
  const { facts } = layer;
  const [end, whole] = [slotsBytes(facts), slotFileBytes(facts)];
  const roots = new Uint8Array(countRoots(facts) * NODE_BYTES);
  if (isRead(handle, roots, end) && leadToRoot(roots, facts)) {
    await inspectSlots(reading, upperTree(roots));
    note(end, whole, true);
  } else {
    // Without the roots, which every check reads, no slot leads to the signed one.
    note(0, whole, false);
  }
  note(whole, Math.max(whole, fs.fstatSync(handle).size), false);
}

async function inspectSlots(reading: Reading, upper: MerkleTree | undefined): Promise<void> {
  const { layer, snapshot, handle, note, turn } = reading;
  const { facts, index } = layer;
  const width = slotBytes(facts);
  const end = slotsBytes(facts);
  const room = Buffer.allocUnsafe(Math.min(end, Math.max(1, Math.floor(PART_BYTES / width)) * width));
  const isRight = (slot: Uint8Array, id: number): boolean => {
    try {
      assertSlot(slot, id as BucketId, { snapshot, index, facts }, upper);
      return true;
    } catch (error) {
      if (isOfBody(error)) return false;
      throw error;
    }
  };
  for (let start = 0; start < end; start += room.length) {
    const part = room.subarray(0, Math.min(room.length, end - start));
    const isWhole = isRead(handle, part, start);
    for (let at = 0; at < part.length; at += width) {
      const slot = part.subarray(at, at + width);
      // Where a part cannot be read, some of its slots may be.
      const isThere = isWhole || isRead(handle, slot, start + at);
      note(start + at, start + at + width, isThere && isRight(slot, (start + at) / width));
      const others = turn();
      if (others) await others;
    }
  }
}

/** @returns false if the file ends before, or the disk cannot read it */
function isRead(handle: number, target: Uint8Array, at: number): boolean {
  try {
    readFully(handle, target, at);
    return true;
  } catch {
    return false;
  }
}

/** Undefined for what is missing, or no file. @throws LookupError for what may not be read */
function openRegular(file: string): number | undefined {
  try {
    return openFile(file);
  } catch (error) {
    if (error instanceof LookupError && error.cause === undefined) return undefined;
    throw error;
  }
}
