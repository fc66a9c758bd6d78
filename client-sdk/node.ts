// @credveil/client/node: a file as the source of the password filter, for the option
// `passwordFilter`.

import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FilterSource } from './filter-source.ts';

export type { FilterSource, OpenedFilter } from './filter-source.ts';

const PIECE_BYTES = 2 ** 20;

/**
 * Reads a filter file, copied from a dataset's snapshots, and reads it again once it is replaced.
 * Replace it by renaming: a partly written file is refused.
 * @param path of the filter file
 * @example
 * ```ts
 * import { createLeakChecker } from '@credveil/client';
 * import { createFileSource } from '@credveil/client/node';
 *
 * const source = createFileSource('/var/lib/leaks/passwords.filter');
 * const leaks = createLeakChecker({ url, key, passwordFilter: { source } });
 * const { entries } = await leaks.loadFilter();
 * ```
 */
export function createFileSource(path: string): FilterSource {
  return {
    async open(heldVersion) {
      if ((await versionOf(path)) === heldVersion) return undefined;
      const handle = await open(path);
      try {
        const version = await versionOf(handle);
        return { version, pieces: createReadStream('', { fd: handle, highWaterMark: PIECE_BYTES }) };
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
  };
}

interface Statable {
  stat(options: { bigint: true }): ReturnType<typeof statBig>;
}

const statBig = (path: string) => stat(path, { bigint: true });

/** Identifies the file rather than its name, so that a rename changes it. */
async function versionOf(file: string | Statable): Promise<string> {
  const { dev, ino, size, mtimeNs } = await (typeof file === 'string' ? statBig(file) : file.stat({ bigint: true }));
  return [dev, ino, size, mtimeNs].join('-');
}
