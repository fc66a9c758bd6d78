// Opens files without waiting for pipes, and creates them atomically: written under another name,
// fsynced, renamed. Readers see a whole file or none.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const { O_RDONLY, O_RDWR, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = fs.constants;

/** Makes the error for a file that is no regular file. @param why follows the file's name */
export type RefuseFile = (why: string) => Error;

/**
 * Opens a regular file for reading. Opening a pipe would wait for its writer, and a device may
 * never end.
 * @throws the error of `refuse` for a pipe, socket, device or folder
 */
export function openRegularFile(file: string, refuse: RefuseFile): number {
  let handle: number;
  try {
    handle = fs.openSync(file, O_RDONLY | O_NONBLOCK);
  } catch (error) {
    // A socket, or a device without a driver.
    if ((error as NodeJS.ErrnoException).code === 'ENXIO') throw refuse(NOT_REGULAR);
    throw error;
  }
  const stat = fs.fstatSync(handle);
  if (stat.isFile()) return handle;
  fs.closeSync(handle);
  throw refuse(stat.isDirectory() ? 'a folder, not a file' : NOT_REGULAR);
}

const NOT_REGULAR = 'not a regular file';

/**
 * Reads a whole regular file. @throws the error of `refuse`, also for one of more than `maxBytes`
 */
export function readRegularBytes(file: string, maxBytes: number, refuse: RefuseFile): Buffer {
  const handle = openRegularFile(file, refuse);
  try {
    if (fs.fstatSync(handle).size > maxBytes) throw refuse('too long');
    return fs.readFileSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** Reads up to `maxBytes` from the start of a regular file. @throws the error of `refuse` */
export function readHead(file: string, maxBytes: number, refuse: RefuseFile): Buffer {
  const handle = openRegularFile(file, refuse);
  try {
    const head = Buffer.alloc(maxBytes);
    return head.subarray(0, fs.readSync(handle, head, 0, maxBytes, 0));
  } finally {
    fs.closeSync(handle);
  }
}

/** As `readRegularBytes`, in UTF-8. */
export function readRegularFile(file: string, maxBytes: number, refuse: RefuseFile): string {
  return readRegularBytes(file, maxBytes, refuse).toString('utf8');
}

/**
 * Reads a file of JSON; undefined if it is missing.
 * @throws the error of `refuse`, also for what is not JSON
 */
export function readJsonFile(file: string, maxBytes: number, refuse: RefuseFile): unknown {
  let text: string;
  try {
    text = readRegularFile(file, maxBytes, refuse);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw refuse('not JSON');
  }
}

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
  const handle = fs.openSync(aside, O_RDWR | O_NOFOLLOW);
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(aside, target);
  syncFolder(path.dirname(target));
}

/** The mode of a file that its owner alone may read. */
export const PRIVATE_FILE = 0o600;

/** Creates or replaces a file that is held in memory. @param aside is written first */
export function writeFileAtomically(
  target: string,
  content: string | Uint8Array,
  mode = 0o644,
  aside = `${target}.part`,
): void {
  fs.rmSync(aside, { force: true });
  try {
    fs.writeFileSync(aside, content, { mode, flag: 'wx' });
    publishFile(aside, target);
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

/** True if the error is about a path that does not exist. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** SHA-256 of a regular file, in hex. Reads the file in blocks. @throws the error of `refuse` */
export async function digestFile(file: string, refuse: RefuseFile): Promise<string> {
  const hash = createHash('sha256');
  const fd = openRegularFile(file, refuse);
  for await (const block of fs.createReadStream('', { fd, highWaterMark: 1 << 20 })) hash.update(block as Buffer);
  return hash.digest('hex');
}

/**
 * Writes all `length` bytes, where `writeSync` may write fewer.
 * @param to where in the file; null appends to what was written
 */
export function writeFully(handle: number, bytes: Uint8Array, length: number, to: number | null = null): void {
  for (let at = 0; at < length; ) at += fs.writeSync(handle, bytes, at, length - at, to === null ? null : to + at);
}

/**
 * Fills the first `length` bytes of `target` from `at`, where `readSync` may read fewer.
 * @throws the error of `refuse` if the file ends before
 */
export function readFully(handle: number, target: Uint8Array, length: number, at: number, refuse: () => Error): void {
  for (let filled = 0; filled < length; ) {
    const read = fs.readSync(handle, target, filled, length - filled, at + filled);
    if (read === 0) throw refuse();
    filled += read;
  }
}
