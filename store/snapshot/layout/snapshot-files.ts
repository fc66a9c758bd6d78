// Where the files of a snapshot are, and the error for what is wrong with one. PROTOCOL.md §12.

import path from 'node:path';
import { type Dataset, snapshotsFolder } from '../../dataset.ts';
import { StoreError } from '../../errors.ts';
import type { SnapshotFile } from './snapshot-facts.ts';

/** The file of the layout of SQLite. */
export const snapshotPath = (dataset: Dataset, name: string): string =>
  path.join(snapshotsFolder(dataset), `${name}.sqlite`);
/** A file of the layout of slots. */
export const snapshotFile = (dataset: Dataset, name: string, file: SnapshotFile): string =>
  path.join(snapshotsFolder(dataset), `${name}.${file}`);
export const filterPath = (dataset: Dataset, name: string): string =>
  path.join(snapshotsFolder(dataset), `${name}.filter`);

export function corruptSnapshot(what: string, cause?: unknown): StoreError {
  return new StoreError(
    'SNAPSHOT_CORRUPT',
    `snapshot ${what}`,
    'On a copy without runs/, copy the snapshot again. Otherwise delete CURRENT and run `credveil publish`: the runs still contain everything.',
    { cause },
  );
}
