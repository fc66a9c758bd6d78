// Datasets of a wanted number of entries, made from text by the real commands, and kept in a folder
// from one run of the benchmark to the next.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { BucketId } from '../../protocol/brands.ts';
import { formatPrefix } from '../../protocol/bucket-id.ts';
import { openDataset } from '../../store/dataset.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import { bin } from '../../test/support/credveil.ts';
import { createRandom } from '../../test/support/random.ts';

/** One pair a username makes two entries of the account index. */
const ENTRIES_A_PAIR = 2;
const BLOCK_CHARACTERS = 1 << 18;
/** Paths that the load generator holds, and draws from. */
export const MOST_PATHS = 1 << 18;

export interface GrowthDataset {
  readonly entries: number;
  readonly folder: string;
  /** Every account bucket, or an even sample of them, one path a line. */
  readonly paths: string;
}

/** Publishes a dataset of an account index, unless the folder has it already. */
export async function growDataset(home: string, entries: number, layout: string): Promise<GrowthDataset> {
  const folder = path.join(home, `${layout}-${entries}`);
  const paths = `${folder}.paths`;
  if (!fs.existsSync(paths)) {
    for (const left of [folder, `${folder}.key`]) fs.rmSync(left, { recursive: true, force: true });
    const corpus = `${folder}.txt`;
    writeUsers(corpus, entries / ENTRIES_A_PAIR);
    await credveil('init', folder, '--suite', 'hmac', '--index', 'account');
    await credveil('ingest', folder, corpus, '--source', 'bench', '--no-publish');
    fs.rmSync(corpus);
    await credveil('publish', folder, '--layout', layout);
    fs.rmSync(path.join(folder, 'runs'), { recursive: true });
    fs.writeFileSync(paths, listPaths(folder));
  }
  return { entries, folder, paths };
}

export function writeUsers(file: string, users: number): void {
  const handle = fs.openSync(file, 'wx');
  const random = createRandom(users);
  for (let user = 0; user < users; ) {
    let block = '';
    for (; user < users && block.length < BLOCK_CHARACTERS; user++)
      block += `user${user.toString(36)}@example.com:${random.next().toString(36)}\n`;
    fs.writeSync(handle, block);
  }
  fs.closeSync(handle);
}

function listPaths(folder: string): string {
  const prefixBits = openCurrent(openDataset(folder))?.facts.indexes.account?.prefixBits ?? 0;
  const buckets = 2 ** prefixBits;
  const step = Math.max(1, buckets / MOST_PATHS);
  let list = '';
  for (let id = 0; id < buckets; id += step) list += `/v1/account/${formatPrefix(id as BucketId, prefixBits)}\n`;
  return list;
}

/** Runs a command of the program. */
export async function credveil(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [bin, ...args], { stdio: 'ignore' });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`credveil ${args[0]}: exit code ${code}`);
}
