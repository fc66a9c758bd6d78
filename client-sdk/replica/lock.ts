// The lock of a replica's folder: one process fetches at a time. Node has no lock that ends with
// its process, so a file names the holder, who touches it again and again.
//
// Taking it twice would waste a download and nothing more: what is written was verified, and each
// check verifies again.

import fs from 'node:fs';
import os from 'node:os';
import { lookupFailure } from '../errors.ts';
import { isMissing, onDisk, readBounded } from './files.ts';
import { MAX_LOCK_BYTES } from './ownership.ts';

const TOUCH_MS = 5_000;
/** A holder that was not heard of for so long is gone, or asleep. */
const GONE_MS = 60_000;

/** Locks of this process. */
const held = new Set<string>();

/**
 * @returns releases it
 * @throws LookupError `REPLICA_BUSY`, `REPLICA_UNWRITABLE`
 */
export function takeLock(file: string): () => void {
  const own = JSON.stringify({ host: os.hostname(), pid: process.pid });
  const write = (): boolean => writeNew(file, own);
  const taken = onDisk(() => {
    if (held.has(file)) return false;
    if (write()) return true;
    const left = readLeft(file);
    return left !== undefined && takeAway(file, left) && write();
  });
  if (!taken) throw lookupFailure('REPLICA_BUSY');
  held.add(file);
  const touch = setInterval(() => {
    const now = new Date();
    fs.utimes(file, now, now, () => undefined);
  }, TOUCH_MS).unref();
  return () => {
    clearInterval(touch);
    held.delete(file);
    try {
      if (readText(file) === own) fs.rmSync(file, { force: true });
    } catch {
      // It is somebody else's by now, or the folder is gone.
    }
  };
}

/** @returns false if the file is there */
function writeNew(file: string, text: string): boolean {
  let handle: number;
  try {
    handle = fs.openSync(file, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    fs.writeFileSync(handle, text);
    return true;
  } catch (error) {
    // A full disk takes the name and no text: the next pull would wait for nobody.
    fs.rmSync(file, { force: true });
    throw error;
  } finally {
    fs.closeSync(handle);
  }
}

/** The text of a lock whose holder has left it behind; undefined for one that is held. */
function readLeft(file: string): string | undefined {
  try {
    const { mtimeMs } = fs.statSync(file);
    const text = readText(file) ?? '';
    return isLeft(text, mtimeMs) ? text : undefined;
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}

/**
 * Waits for no pipe. Undefined if it is missing.
 * @throws LookupError `REPLICA_UNREADABLE` for what is no file, or a longer one
 */
const readText = (file: string): string | undefined => readBounded(file, MAX_LOCK_BYTES)?.toString();

/** Removes a lock, unless another process has taken it since. */
function takeAway(file: string, left: string): boolean {
  const aside = `${file}.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
  const isIt = readText(aside) === left;
  if (!isIt && !fs.existsSync(file)) fs.renameSync(aside, file);
  fs.rmSync(aside, { force: true });
  return isIt;
}

function isLeft(text: string, touchedAt: number): boolean {
  // Also ahead: a holder whose clock was set back has touched it since.
  const awayMs = Math.abs(Date.now() - touchedAt);
  if (awayMs > GONE_MS) return true;
  try {
    const { host, pid } = JSON.parse(text) as { host?: unknown; pid?: unknown };
    if (host !== os.hostname() || typeof pid !== 'number') return false;
    // One from before this process had the same id, as in containers; or a thread of it holds it.
    return pid === process.pid ? touchedAt < performance.timeOrigin : !isAlive(pid);
  } catch {
    // Killed while it wrote.
    return awayMs > TOUCH_MS;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
