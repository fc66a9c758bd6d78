// Creates files atomically: written under another name, fsynced, renamed. Readers see a whole file
// or none.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

/** Makes renames and deletions in a folder durable. */
export function syncFolder(folder: string): void {
  const handle = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** Makes a finished file durable and renames it, replacing an existing file. */
export function publishFile(aside: string, target: string): void {
  const handle = fs.openSync(aside, 'r+');
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(aside, target);
  syncFolder(path.dirname(target));
}

/** Creates or replaces a small file. */
export function writeFileAtomically(target: string, text: string, mode = 0o644): void {
  const aside = `${target}.part`;
  fs.rmSync(aside, { force: true });
  try {
    fs.writeFileSync(aside, text, { mode, flag: 'wx' });
    publishFile(aside, target);
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

/** True if the error is about a path that does not exist. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** SHA-256 of a file, in hex. Reads the file in blocks. */
export async function digestFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of fs.createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(block as Buffer);
  return hash.digest('hex');
}
