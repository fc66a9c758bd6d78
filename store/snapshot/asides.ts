// Temporary files of a publication, in the folder of unfinished work.

import fs from 'node:fs';
import path from 'node:path';
import { type Dataset, workFolder } from '../dataset.ts';
import { bodiesFile } from './layout/slot-writer.ts';
import { PARTED_FILES, type SnapshotFile } from './layout/snapshot-facts.ts';

export interface Asides {
  readonly sqlite: string;
  /** Of a file of the layout of slots. */
  readonly fileOf: (name: SnapshotFile) => string;
  readonly filter: string;
  readonly folder: string;
  clear(): void;
}

export function openAsides(dataset: Dataset): Asides {
  const at = (name: string): string => path.join(workFolder(dataset), name);
  const fileOf = (name: SnapshotFile): string => at(`snapshot.${name}.part`);
  const files = { sqlite: at('snapshot.sqlite.part'), filter: fileOf('filter'), folder: at('publish') };
  return {
    ...files,
    fileOf,
    clear: () => {
      const slots = [...PARTED_FILES, 'parts' as const].flatMap((name) => [fileOf(name), bodiesFile(fileOf(name))]);
      for (const file of [...Object.values(files), ...slots]) fs.rmSync(file, { recursive: true, force: true });
    },
  };
}
