// Tells the files of this product from corpora: a key that is ingested as a password list would be
// published, and a run or snapshot is noise.

import { readHead } from '../../store/files.ts';

const HEAD_BYTES = 64;
/** Keys and pins of every kind, and the magic of runs, filters and archives. */
const OWN_CONTENT = /^(?:\ufeff|\s)*credveil-[a-z]+-\d+\.|^CV[A-Z]{3}\0\0/;
/** Files beside a dataset that have no magic of their own. */
const OWN_NAME = /\.(?:clients\.json|quota\.sqlite(?:-wal|-shm|-journal)?)$/;

/** Whether a regular file is a key, a run, or another file of this product. */
export function isOwnFile(file: string): boolean {
  if (OWN_NAME.test(file)) return true;
  return OWN_CONTENT.test(readHead(file, HEAD_BYTES, (why) => new Error(why)).toString('utf8'));
}
