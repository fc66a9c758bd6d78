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
import { HEAD_KIND } from '../../protocol/signed/envelope.ts';
import { slotFileBytes } from '../../protocol/snapshot/slots.ts';
import { lookupFailure } from '../errors.ts';
import type { LayeredIndex, Snapshot } from '../publication/snapshot.ts';
import { bytesOf, holds, isFolder, onDisk, readBounded, replaceSynced, statOf, sync, syncFolder } from './files.ts';
import { findForeign, HEAD_ASIDE, isSnapshotName, PART, removeOwn } from './ownership.ts';

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

const isBegun = (name: string): boolean => PART.test(name) && isSnapshotName(name);

export class ReplicaFolder {
  readonly #path: string;

  constructor(cache: string) {
    this.#path = path.resolve(cache);
  }

  at(...names: readonly string[]): string {
    return path.join(this.#path, ...names);
  }

  /**
   * Creates the folder, or takes one that is empty or a replica's.
   * @throws LookupError `REPLICA_UNWRITABLE`, `REPLICA_UNREADABLE`, `REPLICA_MISPLACED`
   */
  create(): void {
    onDisk(() => fs.mkdirSync(this.#path, { recursive: true, mode: 0o700 }));
    // What a pull removes, and the names that it writes, would be somebody else's.
    const foreign = onDisk(() => findForeign(this.#path));
    if (foreign !== undefined) throw lookupFailure('REPLICA_MISPLACED', { detail: foreign });
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
      this.#remove((name) => (isBegun(name) || name === snapshot) && !(this.at(name) === place && isFolder(place)));
      fs.mkdirSync(place, { recursive: true, mode: 0o700 });
      removeOwn(place, (entry) => !entry.isFile());
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
    this.#remove((name) => name !== snapshot && (isSnapshotName(name) || HEAD_ASIDE.test(name)));
  }

  /** Files of others stay, with the folder that they are in. */
  #remove(isOld: (name: string) => boolean): void {
    for (const name of fs.readdirSync(this.#path).filter(isOld))
      try {
        if (!fs.lstatSync(this.at(name)).isDirectory()) fs.rmSync(this.at(name), { force: true });
        else {
          removeOwn(this.at(name));
          fs.rmdirSync(this.at(name));
        }
      } catch {
        // As above.
      }
  }
}
