// Whether a path is inside a dataset: a copy of the folder would take along what is there.

import fs from 'node:fs';
import path from 'node:path';
import { readHead } from './files.ts';

/** Resolves symbolic links, also for a file that does not exist yet. */
export function realPath(file: string): string {
  try {
    return fs.realpathSync(file);
  } catch {
    const parent = path.dirname(path.resolve(file));
    return parent === path.resolve(file) ? parent : path.join(realPath(parent), path.basename(file));
  }
}

/** Also for a folder that is not a dataset yet. */
export function isInside(file: string, folder: string): boolean {
  const inside = path.relative(realPath(folder), realPath(file));
  return inside !== '..' && !inside.startsWith(`..${path.sep}`) && !path.isAbsolute(inside);
}

/** Longer than the start of any dataset.json that names its format and id. */
const MAX_START_BYTES = 4096;

/** Whether a folder is a dataset. Other programs have a dataset.json too. */
export function isDatasetFolder(folder: string): boolean {
  const file = path.join(folder, 'dataset.json');
  if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return false;
  try {
    const text = readHead(file, MAX_START_BYTES, (why) => new Error(why)).toString('utf8');
    return /"format":\s*\d+/.test(text) && /"dataset":\s*"[0-9a-f]{16}"/.test(text);
  } catch {
    // Of one that cannot be read, nobody knows.
    return true;
  }
}

/** The dataset that a path would be inside of. A dataset is not inside itself. */
export function datasetAround(file: string): string | undefined {
  const real = realPath(file);
  for (let folder = path.dirname(real); ; folder = path.dirname(folder)) {
    if (isDatasetFolder(folder)) return folder;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** Whether a path is a dataset or lies within one. */
export const isWithinDataset = (file: string): boolean => isDatasetFolder(file) || datasetAround(file) !== undefined;
