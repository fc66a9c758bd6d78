// Opens a dataset for writing, with its key and the writer's lock.

import fs from 'node:fs';
import path from 'node:path';
import { assertKeyBelongs, type Dataset, openDataset } from '../store/dataset.ts';
import type { DatasetKey } from '../store/dataset-key.ts';
import { assertOutside } from '../store/key-file.ts';
import { lockDataset } from '../store/lock.ts';
import { UsageError } from './exit.ts';
import { openKeyFile } from './key-files.ts';

/** The default is beside the dataset. */
export function keyFileFor(folder: string, named?: string): string {
  return named ?? `${path.resolve(folder)}.key`;
}

/** @throws UsageError if the folder of a file to create does not exist */
export function assertFolderOf(file: string): void {
  const folder = path.dirname(file);
  if (!fs.existsSync(folder)) throw new UsageError(`folder ${folder} does not exist`, 'Create it first.');
}

export interface OpenedForWriting {
  readonly dataset: Dataset;
  readonly key: DatasetKey;
}

/** Opens a dataset with its key and holds the writer's lock while `work` runs. */
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
  return withLock(folder, () => work({ dataset, key }));
}

/** Holds the writer's lock while `work` runs. */
export async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const unlock = lockDataset(folder);
  try {
    return await work();
  } finally {
    unlock();
  }
}
