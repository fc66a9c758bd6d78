// Where copies of lists are while the gateway's folder takes none, as on a full disk: a folder of
// this user alone among the temporary files, where every process of the gateway finds it.

import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const PRIVATE_FOLDER = 0o700;
const OF_OTHERS = 0o077;

const userOf = (): number => process.getuid?.() ?? -1;

export function spareFolderOf(folder: string): string {
  const digest = createHash('sha256').update(path.resolve(folder)).digest('hex').slice(0, 32);
  return path.join(os.tmpdir(), `credveil-lists-${userOf()}-${digest}`);
}

/**
 * Others may make a folder, or a link, of that name: it is used only if nobody else can write it.
 */
export async function isOwnFolder(folder: string): Promise<boolean> {
  const stat = await fs.lstat(folder).catch(() => undefined);
  return stat !== undefined && stat.isDirectory() && stat.uid === userOf() && (stat.mode & OF_OTHERS) === 0;
}

/** @returns whether it can be used */
export async function makeOwnFolder(folder: string): Promise<boolean> {
  await fs.mkdir(folder, { mode: PRIVATE_FOLDER }).catch(() => undefined);
  return isOwnFolder(folder);
}
