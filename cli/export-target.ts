// Where exported ranges go: a folder with a file a range, or one list of whole hashes. All of it is there in the end, or nothing.

import fs from 'node:fs';
import path from 'node:path';
import { publishFile, syncFolder } from '../store/files.ts';

export interface ExportTarget {
  /** @param name of the range; @param content its rows */
  write(name: string, content: Buffer): void;
  /** Gives what was written its name. */
  commit(): void;
  /** Closes, and deletes what was not committed. */
  dispose(): void;
}

const asideOf = (target: string): string => `${path.resolve(target)}.part`;

export function createRangeFolder(target: string): ExportTarget {
  const aside = asideOf(target);
  fs.rmSync(aside, { recursive: true, force: true });
  fs.mkdirSync(aside);
  return {
    write: (name, content) => fs.writeFileSync(path.join(aside, name), content),
    commit() {
      syncFolder(aside);
      fs.renameSync(aside, target);
    },
    dispose: () => fs.rmSync(aside, { recursive: true, force: true }),
  };
}

/** Lines as in HIBP's downloads: `HASH:COUNT` and CRLF, in order. */
export function createHashList(target: string): ExportTarget {
  const aside = asideOf(target);
  fs.rmSync(aside, { recursive: true, force: true });
  const file = fs.openSync(aside, 'wx');
  return {
    write(name, content) {
      const rows = content.toString('latin1').split('\r\n');
      fs.writeFileSync(file, rows.map((row) => `${name}${row}\r\n`).join(''), 'latin1');
    },
    commit: () => publishFile(aside, path.resolve(target)),
    dispose() {
      fs.closeSync(file);
      fs.rmSync(aside, { force: true });
    },
  };
}
