// @credveil/client/node: the password filter from a file, for the option `passwordFilter`.

import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FilterSource } from './filter-source.ts';

export type { FilterSource, OpenedFilter } from './filter-source.ts';

const PIECE_BYTES = 2 ** 20;

/**
 * Reads a filter file, a copy of one from a dataset's snapshots, and reads it again when there is another one. Replace
 * it by renaming, so that no half of a file is found there; a half would be refused.
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

/** Of the file, not of its name: a rename gives another one. */
async function versionOf(file: string | Statable): Promise<string> {
  const { dev, ino, size, mtimeNs } = await (typeof file === 'string' ? statBig(file) : file.stat({ bigint: true }));
  return [dev, ino, size, mtimeNs].join('-');
}
