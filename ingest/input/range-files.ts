// Have I Been Pwned's range files as a list of hashes: `SUFFIX:COUNT` in a file named by the first five digits.

import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { IngestError } from '../errors.ts';

const RANGE_FILE = /^([0-9a-fA-F]{5})(?:\.txt)?$/;
/** A first row: what is left of a SHA-1 or NTLM hash. */
const RANGE_ROW = /^(?:[0-9a-fA-F]{35}|[0-9a-fA-F]{27})(?::\d+)?\r?(?:\n|$)/;
const LONGEST_ROW = 64;
/** A range of all hashes that there are has some 2,000 rows; this is a hundred times that. */
const MAX_RANGE_BYTES = 16 << 20;
/** Rows are handed on in blocks of about this size. */
const BLOCK_BYTES = 1 << 18;

/** Several files that are read as one. */
export interface RangeFiles {
  readonly name: string;
  readonly bytes: number;
  open(): Readable;
}

/**
 * A range file, or a folder with nothing but range files, as one list in the order of the hashes: its bytes are
 * `HASH:COUNT` LF, so that the same ranges have the same digest however their files were named.
 * Undefined where it is neither.
 */
export function openRangeFiles(file: string): RangeFiles | undefined {
  const folder = fs.statSync(file).isDirectory() ? file : undefined;
  const names = (folder === undefined ? [path.basename(file)] : fs.readdirSync(folder)).sort(byPrefix);
  const first = names[0];
  if (first === undefined || !names.every((name) => RANGE_FILE.test(name))) return undefined;
  const place = folder ?? path.dirname(file);
  if (!beginsAsRange(path.join(place, first))) return undefined;
  return {
    name: path.basename(path.resolve(file)),
    // A tenth less than is read: each row grows by its prefix.
    bytes: names.reduce((sum, name) => sum + fs.statSync(path.join(place, name)).size, 0),
    open: () => Readable.from(readRanges(place, names), { objectMode: false, highWaterMark: BLOCK_BYTES }),
  };
}

const byPrefix = (a: string, b: string): number => (a.toUpperCase() < b.toUpperCase() ? -1 : 1);

function beginsAsRange(file: string): boolean {
  const handle = fs.openSync(file, 'r');
  try {
    const head = Buffer.alloc(LONGEST_ROW);
    const read = fs.readSync(handle, head, 0, LONGEST_ROW, 0);
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
    // There may be a million of them: what the promises of fs take for each is ten times as much as the call.
    const { size } = fs.statSync(file);
    if (size > MAX_RANGE_BYTES)
      throw new IngestError(
        'INPUT_UNREADABLE',
        `${file}: it is too long for a range file`,
        'Give a list with whole hashes as one file under another name.',
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
