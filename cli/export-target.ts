// Targets of exported ranges: a folder with one file per range, or one list of full hashes. Both
// appear complete or not at all, and only for their owner and group: unsalted hashes are half way
// to the passwords.

import fs from 'node:fs';
import path from 'node:path';
import { publishFile, syncFolder } from '../store/files.ts';
import type { Snapshot } from '../store/snapshot/snapshot.ts';
import { UsageError } from './exit.ts';
import { shellWord } from './printable.ts';

export interface ExportTarget {
  /** @param name the range's prefix; @param content its rows */
  write(name: string, content: Buffer): void;
  /** Moves the finished export to its final name. */
  commit(): void;
  /** Closes the target, and deletes it unless it was committed. */
  dispose(): void;
}

const partPath = (target: string): string => `${path.resolve(target)}.part`;

export function createRangeFolder(target: string): ExportTarget {
  const part = partPath(target);
  fs.rmSync(part, { recursive: true, force: true });
  fs.mkdirSync(part, 0o750);
  return {
    write: (name, content) => fs.writeFileSync(path.join(part, name), content, { flag: 'wx', mode: 0o640 }),
    commit() {
      syncFolder(part);
      fs.renameSync(part, target);
    },
    dispose: () => fs.rmSync(part, { recursive: true, force: true }),
  };
}

/** Sorted lines `HASH:COUNT` with CRLF, as in HIBP's downloads. */
export function createHashList(target: string): ExportTarget {
  const part = partPath(target);
  fs.rmSync(part, { recursive: true, force: true });
  const file = fs.openSync(part, 'wx', 0o640);
  return {
    write(name, content) {
      const rows = content.toString('latin1').split('\r\n');
      fs.writeFileSync(file, rows.map((row) => `${name}${row}\r\n`).join(''), 'latin1');
    },
    commit: () => publishFile(part, path.resolve(target)),
    dispose() {
      fs.closeSync(file);
      fs.rmSync(part, { force: true });
    },
  };
}

/**
 * What one file says of a snapshot in several layers would be true of one of them alone.
 * @throws UsageError for such a snapshot
 */
export function assertOneLayer({ layers }: Snapshot, folder: string): void {
  if (layers.length > 1)
    throw new UsageError(
      'the snapshot has a filter for each of its layers',
      `For one filter, publish it as one layer: credveil publish ${shellWord(folder)}`,
    );
}
