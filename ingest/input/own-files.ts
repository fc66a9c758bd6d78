// Tells the files of this product from corpora: a key that is ingested as a password list would be
// published, and a run or snapshot is noise.

import fs from 'node:fs';
import path from 'node:path';
import { readHead } from '../../store/files.ts';

const HEAD_BYTES = 64;
/** Keys and pins of every kind, and the magic of runs, filters and archives. */
const OWN_CONTENT = /^(?:\ufeff|\s)*credveil-[a-z]+-\d+\.|^CV[A-Z]{3}\0\0/;
/** Files beside a dataset that have no magic of their own. */
const OWN_NAME = /\.(?:clients\.json|quota\.sqlite(?:-wal|-shm|-journal)?)$/;

/** Whether a regular file is a key, a run, or another file of this product. */
export function isOwnFile(file: string): boolean {
  if (OWN_NAME.test(file)) return true;
  return OWN_CONTENT.test(startOf(file, HEAD_BYTES));
}

const startOf = (file: string, maxBytes: number): string =>
  readHead(file, maxBytes, (why) => new Error(why)).toString('utf8');

/** Longer than the start of any dataset.json that names its format and id. */
const MAX_START_BYTES = 4096;

/** Whether a folder is a dataset. */
export function isDatasetFolder(folder: string): boolean {
  const file = path.join(folder, 'dataset.json');
  if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return false;
  const text = startOf(file, MAX_START_BYTES);
  return /"format":\s*\d+/.test(text) && /"dataset":\s*"[0-9a-f]{16}"/.test(text);
}

/** Whether a real path is a dataset or lies within one. */
export function isWithinDataset(real: string): boolean {
  for (let folder = real; ; folder = path.dirname(folder)) {
    if (isDatasetFolder(folder)) return true;
    if (folder === path.dirname(folder)) return false;
  }
}
