// What is a replica's in a folder, by the names and the contents that pulls write: a pull takes no
// other folder, and removes nothing else.

import fs from 'node:fs';
import path from 'node:path';
import { ProtocolError } from '../../protocol/errors.ts';
import { SNAPSHOT_ID } from '../../protocol/ids.ts';
import { HEAD_KIND } from '../../protocol/signed/envelope.ts';
import { decodeHead } from '../../protocol/signed/head.ts';
import { LookupError } from '../errors.ts';
import { isFolder, isMissing, readBounded } from './files.ts';

/** What is not complete. */
export const PART = /\.part$/;
/** A head that is being written. */
export const HEAD_ASIDE = /^head\.\d+$/;
const LOCK = /^lock(\.\d+)?$/;
/** In the folder of a snapshot. */
const OWN_FILE = /^((statement|sources)(\.part)?|(account|password)(-[0-9a-f]{32})?)$/;
/** Names the process that pulls. One that was killed first has left it empty. */
const LOCK_TEXT = /^($|\{"host":)/;
export const MAX_LOCK_BYTES = 1_024;
const OF_DATASETS: ReadonlySet<string> = new Set(['dataset.json', 'CURRENT']);
/** A new file system has it. */
const OF_DISKS = 'lost+found';

/**
 * Looks for what no pull has written. Beside the folder of a snapshot only a dataset is in the way:
 * files of others stay as they are there.
 * @returns its name; undefined if the folder is empty, or a replica's, however much of it is there
 * @throws LookupError `REPLICA_UNREADABLE`, and the error of a folder that cannot be read
 */
export function findForeign(folder: string): string | undefined {
  const names = fs.readdirSync(folder).filter((name) => name !== OF_DISKS);
  const ofDataset = names.find((name) => OF_DATASETS.has(name));
  if (ofDataset !== undefined || names.some((name) => isSnapshot(folder, name))) return ofDataset;
  const hasHead = isHead(read(path.join(folder, 'head'), HEAD_KIND.maxBytes));
  return names.find((name) => {
    const file = path.join(folder, name);
    const isOwn = LOCK.test(name)
      ? isLock(read(file, MAX_LOCK_BYTES))
      : hasHead && (name === 'head' || HEAD_ASIDE.test(name) || isSnapshotName(name));
    // Another process that pulls may have removed or renamed it since.
    return !isOwn && fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  });
}

/**
 * Removes a replica's files of a snapshot's folder, and what else has their names.
 * @throws Error of the file system, also for a folder in which somebody has something
 */
export function removeOwn(folder: string, isOld: (entry: fs.Dirent) => boolean = () => true): void {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    if (!OWN_FILE.test(entry.name) || !isOld(entry)) continue;
    const place = path.join(folder, entry.name);
    if (entry.isDirectory()) fs.rmdirSync(place);
    else fs.rmSync(place);
  }
}

/** Also of a snapshot that was begun. */
export const isSnapshotName = (name: string): boolean => SNAPSHOT_ID.test(name.replace(PART, ''));

/** Whether it is the folder of a snapshot, or of one that was begun. */
function isSnapshot(folder: string, name: string): boolean {
  const place = path.join(folder, name);
  if (!isSnapshotName(name) || !isFolder(place)) return false;
  try {
    const files = fs.readdirSync(place);
    return files.length === 0 || files.some((file) => OWN_FILE.test(file));
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isHead(bytes: Buffer | undefined): boolean {
  if (!bytes) return false;
  try {
    decodeHead(bytes);
    return true;
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}

const isLock = (bytes: Buffer | undefined): boolean => bytes !== undefined && LOCK_TEXT.test(bytes.toString());

/** Undefined for what is no file, or a longer one. */
function read(file: string, maxBytes: number): Buffer | undefined {
  try {
    return readBounded(file, maxBytes);
  } catch (error) {
    if (error instanceof LookupError && error.cause === undefined) return undefined;
    throw error;
  }
}
