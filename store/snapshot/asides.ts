// Temporary files of a publication, in the folder of unfinished work.

import fs from 'node:fs';
import path from 'node:path';
import { type Dataset, workFolder } from '../dataset.ts';

export interface Asides {
  readonly sqlite: string;
  readonly filter: string;
  readonly folder: string;
  clear(): void;
}

export function openAsides(dataset: Dataset): Asides {
  const at = (name: string): string => path.join(workFolder(dataset), name);
  const files = { sqlite: at('snapshot.sqlite.part'), filter: at('snapshot.filter.part'), folder: at('publish') };
  return {
    ...files,
    clear: () => {
      for (const file of Object.values(files)) fs.rmSync(file, { recursive: true, force: true });
    },
  };
}
