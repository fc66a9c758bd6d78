// Tells the files of this product from corpora: a key that is ingested as a password list would be
// published, and a run or snapshot is noise.

import fs from 'node:fs';
import path from 'node:path';
import { openRegularFile } from '../../store/files.ts';

const HEAD_BYTES = 64;
/** Keys and pins of every kind, and the magic of runs, filters and archives. */
const OWN_CONTENT = /^(?:\ufeff|\s)*credveil-[a-z]+-\d+\.|^CV[A-Z]{3}\0\0/;
/** Files beside a dataset that have no magic of their own. */
const OWN_NAME = /\.(?:clients\.json|quota\.sqlite(?:-wal|-shm|-journal)?)$/;

/** Whether a regular file is a key, a run, or another file of this product. */
export function isOwnFile(file: string): boolean {
  if (OWN_NAME.test(file)) return true;
  const handle = openRegularFile(file, (why) => new Error(why));
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return OWN_CONTENT.test(head.toString('utf8', 0, fs.readSync(handle, head, 0, HEAD_BYTES, 0)));
  } finally {
    fs.closeSync(handle);
  }
}

/** Longer than the start of any dataset.json that names its format and id. */
const MAX_START_BYTES = 4096;

/** Whether a folder is a dataset. */
export function isDatasetFolder(folder: string): boolean {
  const file = path.join(folder, 'dataset.json');
  if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return false;
  const handle = fs.openSync(file, 'r');
  try {
    const start = Buffer.alloc(MAX_START_BYTES);
    const text = start.toString('utf8', 0, fs.readSync(handle, start, 0, MAX_START_BYTES, 0));
    return /"format":\s*\d+/.test(text) && /"dataset":\s*"[0-9a-f]{16}"/.test(text);
  } finally {
    fs.closeSync(handle);
  }
}

/** Whether a real path is a dataset or lies within one. */
export function isWithinDataset(real: string): boolean {
  for (let folder = real; ; folder = path.dirname(folder)) {
    if (isDatasetFolder(folder)) return true;
    if (folder === path.dirname(folder)) return false;
  }
}
