// Reads Have I Been Pwned's range files as one list of hashes. A file is named after the first five
// digits and contains lines `SUFFIX:COUNT`.

import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { IngestError } from '../errors.ts';

const RANGE_FILE = /^([0-9a-fA-F]{5})(?:\.txt)?$/;
/** A first row: the rest of a SHA-1 or NTLM hash. */
const RANGE_ROW = /^(?:[0-9a-fA-F]{35}|[0-9a-fA-F]{27})(?::\d+)?\r?(?:\n|$)/;
const MAX_ROW_BYTES = 64;
/** HIBP's ranges have about 2,000 rows; this allows a hundred times as many. */
const MAX_RANGE_BYTES = 16 << 20;
/** Approximate size of a block of rows. */
const BLOCK_BYTES = 1 << 18;

/** Several files read as one. */
export interface RangeFiles {
  readonly name: string;
  readonly bytes: number;
  open(): Readable;
}

/**
 * Opens a range file, or a folder of only range files, as one list in the order of the hashes. Its
 * bytes are `HASH:COUNT` LF, so the digest of the same ranges does not depend on file names.
 * @returns undefined for anything else
 */
export function openRangeFiles(file: string): RangeFiles | undefined {
  const folder = fs.statSync(file).isDirectory() ? file : undefined;
  const names = (folder === undefined ? [path.basename(file)] : fs.readdirSync(folder)).sort(byPrefix);
  const first = names[0];
  if (first === undefined || !names.every((name) => RANGE_FILE.test(name))) return undefined;
  const place = folder ?? path.dirname(file);
  if (!startsAsRange(path.join(place, first))) return undefined;
  return {
    name: path.basename(path.resolve(file)),
    // A tenth less than the list: each row still grows by its prefix.
    bytes: names.reduce((sum, name) => sum + fs.statSync(path.join(place, name)).size, 0),
    open: () => Readable.from(readRanges(place, names), { objectMode: false, highWaterMark: BLOCK_BYTES }),
  };
}

const byPrefix = (a: string, b: string): number => (a.toUpperCase() < b.toUpperCase() ? -1 : 1);

function startsAsRange(file: string): boolean {
  const handle = fs.openSync(file, 'r');
  try {
    const head = Buffer.alloc(MAX_ROW_BYTES);
    const read = fs.readSync(handle, head, 0, MAX_ROW_BYTES, 0);
    return RANGE_ROW.test(head.toString('latin1', 0, read));
  } finally {
    fs.closeSync(handle);
  }
}

function* readRanges(folder: string, names: readonly string[]): Generator<Buffer> {
  let blocks: string[] = [];
  let held = 0;
  for (const name of names) {
    const file = path.join(folder, name);
    // Synchronous: for a million files, promises of fs cost ten times as much as the calls.
    const { size } = fs.statSync(file);
    if (size > MAX_RANGE_BYTES)
      throw new IngestError(
        'INPUT_UNREADABLE',
        `${file} is too large for a range file`,
        'If it is a list of full hashes, rename it and ingest it as a file.',
      );
    const text = fs.readFileSync(file, 'latin1');
    const prefix = name.slice(0, 5).toUpperCase();
    for (const row of text.split(/\r?\n/)) {
      if (row === '') continue;
      blocks.push(prefix, row, '\n');
      held += row.length + 6;
    }
    if (held < BLOCK_BYTES) continue;
    yield Buffer.from(blocks.join(''), 'latin1');
    blocks = [];
    held = 0;
  }
  if (held > 0) yield Buffer.from(blocks.join(''), 'latin1');
}
