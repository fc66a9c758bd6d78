// Whether a path is inside a dataset: a copy of the folder would take along what is there.

import fs from 'node:fs';
import path from 'node:path';

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

/** Other programs have a dataset.json too. */
const PARTS = ['dataset.json', 'snapshots'];

/** The dataset that a path would be inside of. A dataset is not inside itself. */
export function datasetAround(file: string): string | undefined {
  const real = realPath(file);
  for (let folder = path.dirname(real); ; folder = path.dirname(folder)) {
    if (PARTS.every((name) => fs.existsSync(path.join(folder, name)))) return folder;
    if (folder === path.dirname(folder)) return undefined;
  }
}
