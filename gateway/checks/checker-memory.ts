// What checkers have seen of the service, kept over restarts in the state directory.

import path from 'node:path';
import type { CheckerMemory } from '../../client-sdk/index.ts';
import { makePrivateFolder, readWholeFile, writePrivateFile } from '../lists/copies/private-file.ts';

const MAX_BYTES = 2 ** 20;

/** The workers share it: each loads it again before it saves, and only adds. */
export function createCheckerMemory(stateDirectory: string): CheckerMemory {
  const file = path.join(stateDirectory, 'leaks.json');
  return {
    load: async () => {
      const held = await readWholeFile(file, MAX_BYTES);
      return held && new TextDecoder('utf-8', { fatal: true }).decode(held.bytes);
    },
    save: async (text) => {
      await makePrivateFolder(stateDirectory);
      await writePrivateFile(file, text);
    },
  };
}
