// What most commands begin with: a dataset, its key, the writer's lock.

import path from 'node:path';
import { assertKeyBelongs, type Dataset, openDataset } from '../store/dataset.ts';
import type { DatasetKey } from '../store/dataset-key.ts';
import { assertOutside, openKeyFile } from '../store/key-file.ts';
import { lockDataset } from '../store/lock.ts';

/** Beside the dataset, unless the person names another place. */
export function keyFileFor(folder: string, named?: string): string {
  return named ?? `${path.resolve(folder)}.key`;
}

export interface OpenedForWriting {
  readonly dataset: Dataset;
  readonly key: DatasetKey;
}

/** Opens a dataset with its key, holds its lock while `work` runs, and lets go of it whatever happens. */
export async function withDataset<T>(
  folder: string,
  options: { keyFile?: string },
  work: (opened: OpenedForWriting) => Promise<T>,
): Promise<T> {
  const dataset = openDataset(folder);
  const keyFile = keyFileFor(folder, options.keyFile);
  assertOutside(keyFile, folder);
  const key = openKeyFile(keyFile);
  assertKeyBelongs(dataset, key);
  const unlock = lockDataset(folder);
  try {
    return await work({ dataset, key });
  } finally {
    unlock();
  }
}
