// Temporary files of a publication, in the folder of unfinished work.

import fs from 'node:fs';
import path from 'node:path';
import { type Dataset, workFolder } from '../dataset.ts';
import { PARTED_FILES, type SnapshotFile } from './layout/snapshot-facts.ts';

export interface Asides {
  readonly sqlite: string;
  /** Of a file of the layout of slots. */
  readonly fileOf: (name: SnapshotFile) => string;
  readonly filter: string;
  /** For groups of runs. */
  readonly groups: string;
  /** For what a later attempt may take up. */
  readonly leftovers: string;
  /** Deletes all but the leftovers. */
  clearFiles(): void;
  clear(): void;
}

export function openAsides(dataset: Dataset): Asides {
  const at = (name: string): string => path.join(workFolder(dataset), name);
  const fileOf = (name: SnapshotFile): string => at(`snapshot.${name}.part`);
  const files = { sqlite: at('snapshot.sqlite.part'), filter: fileOf('filter'), groups: at('publish.groups') };
  const leftovers = at('publish');
  const remove = (names: readonly string[]): void => {
    for (const file of names) fs.rmSync(file, { recursive: true, force: true });
  };
  const all = [...Object.values(files), ...PARTED_FILES.map(fileOf), fileOf('parts')];
  return {
    ...files,
    leftovers,
    fileOf,
    clearFiles: () => remove(all),
    clear: () => remove([...all, leftovers]),
  };
}
