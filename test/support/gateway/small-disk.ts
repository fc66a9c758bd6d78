// A disk of a few MiB, which a test can fill: a tmpfs of its own, for which it has to be root.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

export interface SmallDisk {
  readonly folder: string;
  /** Leaves not a byte. */
  fill(): void;
  /** Frees what `fill` took. */
  empty(): void;
}

/** @returns undefined where nothing can be mounted */
export function mountSmallDisk(bytes: number): SmallDisk | undefined {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-test-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'tmpfs', folder]);
  onTestFinished(() => {
    if (status === 0) spawnSync('umount', ['-l', folder]);
    fs.rmSync(folder, { recursive: true, force: true });
  });
  if (status !== 0) return undefined;
  const filler = path.join(folder, 'filler');
  return {
    folder,
    fill: () => {
      const handle = fs.openSync(filler, 'a');
      try {
        for (;;) fs.writeSync(handle, Buffer.alloc(4_096));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        fs.closeSync(handle);
      }
    },
    empty: () => fs.rmSync(filler),
  };
}
