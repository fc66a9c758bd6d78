// Vitest setup: each test file gets its own temporary folder, in memory if possible, and no process
// outlives it.
//
// Publishing a dataset calls fsync a dozen times, and the tests publish thousands of datasets: on a
// disk they wait for fsync a third of the time. `npm run faults` covers real disks. Without a
// suitable tmpfs, the folder is on disk.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { endChildren } from './children.ts';

const SHARED_MEMORY = '/dev/shm';
const GIB = 2 ** 30;

/** Tests install packages with native code, which Node cannot load from a `noexec` mount. */
function isUsable(folder: string): boolean {
  try {
    const mount = fs
      .readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .findLast(([, place]) => place === folder);
    const [, , type, options = ''] = mount ?? [];
    if (type !== 'tmpfs' || /\b(noexec|ro)\b/.test(options)) return false;
    fs.accessSync(folder, fs.constants.W_OK);
    const { bavail, bsize } = fs.statfsSync(folder);
    return bavail * bsize >= 2 * GIB && process.availableMemory() >= 4 * GIB;
  } catch {
    return false;
  }
}

const base = isUsable(SHARED_MEMORY) ? SHARED_MEMORY : os.tmpdir();
const folder = fs.mkdtempSync(path.join(base, 'credveil-file-'));
process.env.TMPDIR = folder;

afterAll(() => {
  endChildren();
  fs.rmSync(folder, { recursive: true, force: true });
});
