// The folder of a replica.
//
//   head                           the envelope of the newest head: its snapshot is in use
//   000007-496edf06a41da910/       statement, sources, account, password of that snapshot, and
//                                  account-ID, password-ID of each layer after the first
//   000008-0123456789abcdef.part/  another one, as far as it is fetched
//   lock                           of the process that fetches
//
// A snapshot's folder gets its name once it is complete, and the head is replaced after that: at
// any time the folder holds the old snapshot or the new one. What is damaged in a complete one is
// replaced in its place. A layer that two snapshots have is one file with two links.

import fs from 'node:fs';
import path from 'node:path';
import type { LayerId, SnapshotId } from '../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName } from '../../protocol/bucket-id.ts';
import { SNAPSHOT_ID } from '../../protocol/ids.ts';
import { HEAD_KIND } from '../../protocol/signed/envelope.ts';
import { slotFileBytes } from '../../protocol/snapshot/slots.ts';
import { LookupError, lookupFailure } from '../errors.ts';
import type { LayeredIndex, Snapshot } from '../publication/snapshot.ts';

const PART = /\.part$/;
/** A head that is being written. */
const ASIDE = /^head\.\d+$/;
const OF_DATASETS = ['dataset.json', 'CURRENT'];
const DOCUMENTS = ['statement', 'sources'] as const;
export type DocumentName = (typeof DOCUMENTS)[number];
/** What a snapshot's statement and sources are called on disk, with their bytes. */
export type Documents = { readonly [name in DocumentName]?: Uint8Array };

/** An index in one layer, and its file in the folder of the snapshot. */
export interface LayerFile {
  readonly index: IndexName;
  readonly facts: LayeredIndex;
  readonly file: string;
}

export const fileName = (index: IndexName, layer: LayerId, place: number): string =>
  place === 0 ? index : `${index}-${layer}`;

export function layerFiles({ indexes }: Pick<Snapshot, 'indexes'>): LayerFile[] {
  return INDEX_NAMES.flatMap((index) =>
    (indexes[index] ?? []).map((facts, place) => ({ index, facts, file: fileName(index, facts.layer, place) })),
  );
}

export class ReplicaFolder {
  readonly #path: string;

  constructor(cache: string) {
    this.#path = path.resolve(cache);
  }

  at(...names: readonly string[]): string {
    return path.join(this.#path, ...names);
  }

  /** Creates the folder. @throws LookupError `REPLICA_UNWRITABLE`, `REPLICA_MISPLACED` */
  create(): void {
    // What a pull removes, and the names that it writes, would be a dataset's.
    if (OF_DATASETS.some((name) => statOf(this.at(name)))) throw lookupFailure('REPLICA_MISPLACED');
    onDisk(() => fs.mkdirSync(this.#path, { recursive: true, mode: 0o700 }));
  }

  /** The envelope of the head. Undefined if there is no replica yet. @throws as `readBounded` */
  head(): Buffer | undefined {
    return readBounded(this.at('head'), HEAD_KIND.maxBytes);
  }

  /** Milliseconds since a pull last found the head to be the newest one; infinite if none did. */
  confirmedAgeMs(): number {
    const ageMs = Date.now() - (statOf(this.at('head'))?.mtimeMs ?? Number.NEGATIVE_INFINITY);
    // Once a clock was set back, nothing tells how long ago that was.
    return ageMs >= 0 ? ageMs : Number.POSITIVE_INFINITY;
  }

  /** @throws as `readBounded`; undefined if the snapshot is not here */
  document(snapshot: SnapshotId, name: DocumentName, maxBytes: number): Buffer | undefined {
    return readBounded(this.at(snapshot, name), maxBytes);
  }

  /** Whether a snapshot is here, with its documents, and nothing of it was cut off. */
  has(snapshot: Snapshot, documents: Documents): boolean {
    const { snapshot: id } = snapshot;
    return (
      DOCUMENTS.every((name) => holds(this.at(id, name), documents[name])) &&
      layerFiles(snapshot).every(({ facts, file }) => bytesOf(this.at(id, file)) === slotFileBytes(facts))
    );
  }

  /**
   * Takes a file of a complete snapshot over to the place of another one.
   * @returns false if it is not there as a whole
   * @throws LookupError `REPLICA_UNWRITABLE`
   */
  take(from: string, place: string, { file, facts }: LayerFile): boolean {
    const target = path.join(place, file);
    if (path.resolve(from) === path.resolve(target) || bytesOf(from) !== slotFileBytes(facts)) return false;
    return onDisk(() => {
      fs.rmSync(target, { force: true });
      try {
        fs.linkSync(from, target);
      } catch {
        // Some file systems have no links. The head that names the copy must not last longer.
        fs.copyFileSync(from, target);
        sync(target, 'r+');
      }
      return true;
    });
  }

  /**
   * The place to complete a snapshot in: its own if it is here, what was begun before, or a new
   * one. Others that were begun are removed.
   */
  begin(snapshot: SnapshotId): string {
    const part = this.at(`${snapshot}.part`);
    return onDisk(() => {
      const place = isFolder(this.at(snapshot)) ? this.at(snapshot) : part;
      // What bears the name of a folder and is none is in the way of one.
      this.#remove((name) => (PART.test(name) || name === snapshot) && !(this.at(name) === place && isFolder(place)));
      fs.mkdirSync(place, { recursive: true, mode: 0o700 });
      for (const entry of fs.readdirSync(place, { withFileTypes: true }))
        if (!entry.isFile()) fs.rmSync(path.join(place, entry.name), { recursive: true });
      return place;
    });
  }

  /**
   * Adds the documents to a snapshot that was begun at `place`, and gives it its name.
   * @returns bytes of documents that were not there, or damaged
   */
  complete(snapshot: SnapshotId, place: string, documents: Documents): number {
    return onDisk(() => {
      let written = 0;
      for (const name of DOCUMENTS) {
        const [bytes, file] = [documents[name], path.join(place, name)];
        if (!bytes || holds(file, bytes)) continue;
        replaceSynced(file, `${file}.part`, bytes);
        written += bytes.length;
      }
      syncFolder(place);
      if (place !== this.at(snapshot)) {
        fs.renameSync(place, this.at(snapshot));
        syncFolder(this.#path);
      }
      return written;
    });
  }

  /** Makes the snapshot of a head the one in use, and removes all others. */
  use(snapshot: SnapshotId, head: Uint8Array): void {
    onDisk(() => {
      replaceSynced(this.at('head'), this.at(`head.${process.pid}`), head);
      syncFolder(this.#path);
      this.prune(snapshot);
    });
  }

  /** Notes that the head is the newest one. */
  confirm(): void {
    const now = new Date();
    onDisk(() => fs.utimesSync(this.at('head'), now, now));
  }

  /**
   * Removes other snapshots, and heads of processes that were killed. Processes that have a file
   * open read on; Windows refuses, and the next pull removes it.
   */
  prune(snapshot: SnapshotId): void {
    this.#remove((name) => name !== snapshot && (SNAPSHOT_ID.test(name.replace(PART, '')) || ASIDE.test(name)));
  }

  #remove(isOld: (name: string) => boolean): void {
    for (const name of fs.readdirSync(this.#path).filter(isOld))
      try {
        fs.rmSync(this.at(name), { recursive: true, force: true });
      } catch {
        // As above.
      }
  }
}

/** The length of a regular file. */
function bytesOf(file: string): number | undefined {
  const stat = statOf(file);
  return stat?.isFile() ? stat.size : undefined;
}

const isFolder = (place: string): boolean => statOf(place)?.isDirectory() ?? false;

/** Undefined for what cannot be looked at, too: whoever writes there learns why. */
function statOf(place: string): fs.Stats | undefined {
  try {
    return fs.statSync(place);
  } catch {
    return undefined;
  }
}

/**
 * Opens a regular file, and waits for no other. Undefined if it is missing.
 * @throws LookupError `REPLICA_UNREADABLE`
 */
export function openFile(file: string): number | undefined {
  try {
    const handle = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
    if (fs.fstatSync(handle).isFile()) return handle;
    fs.closeSync(handle);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw lookupFailure('REPLICA_UNREADABLE', { cause });
  }
  throw lookupFailure('REPLICA_UNREADABLE', { detail: 'something that is no file' });
}

/** Fills the buffer with the bytes from `at`. @throws LookupError `REPLICA_UNREADABLE` */
export function readFully(handle: number, target: Uint8Array, at: number): void {
  let filled = 0;
  try {
    while (filled < target.length) {
      const read = fs.readSync(handle, target, filled, target.length - filled, at + filled);
      if (read === 0) throw lookupFailure('REPLICA_UNREADABLE', { detail: 'a file ends early' });
      filled += read;
    }
  } catch (cause) {
    throw cause instanceof LookupError ? cause : lookupFailure('REPLICA_UNREADABLE', { cause });
  }
}

/** @throws LookupError `REPLICA_UNREADABLE`, also for a longer file */
function readBounded(file: string, maxBytes: number): Buffer | undefined {
  const handle = openFile(file);
  if (handle === undefined) return undefined;
  try {
    const { size } = fs.fstatSync(handle);
    if (size > maxBytes) throw lookupFailure('REPLICA_UNREADABLE', { detail: 'a document is too long' });
    const bytes = Buffer.allocUnsafe(size);
    readFully(handle, bytes, 0);
    return bytes;
  } finally {
    fs.closeSync(handle);
  }
}

export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Names what went wrong while writing: a full disk, a folder of others. */
export function onDisk<T>(write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw unwritable(cause);
  }
}

/** @param cause of the file system */
export function unwritable(cause: unknown): LookupError {
  return cause instanceof LookupError ? cause : lookupFailure('REPLICA_UNWRITABLE', { cause });
}

/** Whether a file has these bytes. A document that is none is missing nowhere. */
function holds(file: string, bytes: Uint8Array | undefined): boolean {
  if (!bytes) return true;
  try {
    return readBounded(file, bytes.length)?.equals(bytes) ?? false;
  } catch {
    return false;
  }
}

function replaceSynced(file: string, aside: string, bytes: Uint8Array): void {
  writeSynced(aside, bytes);
  fs.renameSync(aside, file);
}

function writeSynced(file: string, bytes: Uint8Array): void {
  const handle = fs.openSync(file, 'w', 0o600);
  try {
    fs.writeFileSync(handle, bytes);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** A name that was given lasts. Windows has no such call. */
function syncFolder(folder: string): void {
  if (process.platform !== 'win32') sync(folder, 'r');
}

function sync(file: string, flags: 'r' | 'r+'): void {
  const handle = fs.openSync(file, flags);
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}
