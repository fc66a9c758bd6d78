// Files of a replica's folder: what is read waits for no other file, and what is written lasts.

import fs from 'node:fs';
import { LookupError, lookupFailure } from '../errors.ts';

/** The length of a regular file. */
export function bytesOf(file: string): number | undefined {
  const stat = statOf(file);
  return stat?.isFile() ? stat.size : undefined;
}

/** A link to a folder is none: what is there is somebody else's. */
export function isFolder(place: string): boolean {
  try {
    return fs.lstatSync(place).isDirectory();
  } catch {
    return false;
  }
}

/** Undefined for what cannot be looked at, too: whoever writes there learns why. */
export function statOf(place: string): fs.Stats | undefined {
  try {
    return fs.statSync(place);
  } catch {
    return undefined;
  }
}

/**
 * Opens a regular file, and waits for no other. Undefined if it is missing.
 * @throws LookupError `REPLICA_UNREADABLE`
 */
export function openFile(file: string): number | undefined {
  try {
    const handle = fs.openSync(file, fs.constants.O_RDONLY | (fs.constants.O_NONBLOCK ?? 0));
    if (fs.fstatSync(handle).isFile()) return handle;
    fs.closeSync(handle);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw lookupFailure('REPLICA_UNREADABLE', { cause });
  }
  throw lookupFailure('REPLICA_UNREADABLE', { detail: 'something that is no file' });
}

/** Fills the buffer with the bytes from `at`. @throws LookupError `REPLICA_UNREADABLE` */
export function readFully(handle: number, target: Uint8Array, at: number): void {
  let filled = 0;
  try {
    while (filled < target.length) {
      const read = fs.readSync(handle, target, filled, target.length - filled, at + filled);
      if (read === 0) throw lookupFailure('REPLICA_UNREADABLE', { detail: 'a file ends early' });
      filled += read;
    }
  } catch (cause) {
    throw cause instanceof LookupError ? cause : lookupFailure('REPLICA_UNREADABLE', { cause });
  }
}

/** @throws LookupError `REPLICA_UNREADABLE`, also for a longer file */
export function readBounded(file: string, maxBytes: number): Buffer | undefined {
  const handle = openFile(file);
  if (handle === undefined) return undefined;
  try {
    const { size } = fs.fstatSync(handle);
    if (size > maxBytes) throw lookupFailure('REPLICA_UNREADABLE', { detail: 'a document is too long' });
    const bytes = Buffer.allocUnsafe(size);
    readFully(handle, bytes, 0);
    return bytes;
  } finally {
    fs.closeSync(handle);
  }
}

export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Names what went wrong while writing: a full disk, a folder of others. */
export function onDisk<T>(write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw unwritable(cause);
  }
}

/** @param cause of the file system */
export function unwritable(cause: unknown): LookupError {
  return cause instanceof LookupError ? cause : lookupFailure('REPLICA_UNWRITABLE', { cause });
}

/** Whether a file has these bytes. A document that is none is missing nowhere. */
export function holds(file: string, bytes: Uint8Array | undefined): boolean {
  if (!bytes) return true;
  try {
    return readBounded(file, bytes.length)?.equals(bytes) ?? false;
  } catch {
    return false;
  }
}

export function replaceSynced(file: string, aside: string, bytes: Uint8Array): void {
  writeSynced(aside, bytes);
  fs.renameSync(aside, file);
}

/** What has the name goes first: it may be a link to a file of somebody else. */
function writeSynced(file: string, bytes: Uint8Array): void {
  fs.rmSync(file, { force: true });
  const handle = fs.openSync(file, 'wx', 0o600);
  try {
    fs.writeFileSync(handle, bytes);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** A name that was given lasts. Windows has no such call. */
export function syncFolder(folder: string): void {
  if (process.platform !== 'win32') sync(folder, 'r');
}

export function sync(file: string, flags: 'r' | 'r+'): void {
  const handle = fs.openSync(file, flags);
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}
