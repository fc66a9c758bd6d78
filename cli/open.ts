// Opens a dataset for writing, with its key and the writer's lock.

import fs from 'node:fs';
import path from 'node:path';
import { assertKeyBelongs, type Dataset, openDataset } from '../store/dataset.ts';
import type { DatasetKey } from '../store/dataset-key.ts';
import { datasetAround } from '../store/inside-dataset.ts';
import { assertOutside } from '../store/key-file.ts';
import { lockDataset } from '../store/lock.ts';
import type { SigningKey } from '../store/signing-key.ts';
import { UsageError } from './exit.ts';
import { openKeyFile, openSigningKeyFile } from './key-files.ts';

/** The default is beside the dataset. */
export function keyFileFor(folder: string, named?: string): string {
  return named ?? `${path.resolve(folder)}.key`;
}

/** @throws UsageError if the folder of a file to create does not exist */
export function assertFolderOf(file: string): void {
  const folder = path.dirname(file);
  if (!fs.existsSync(folder)) throw new UsageError(`folder ${folder} does not exist`, 'Create it first.');
}

/** A file to write must not replace a part of a dataset. @throws UsageError */
export function assertNotPart(option: string, file: string | undefined): void {
  const around = file === undefined ? undefined : datasetAround(file);
  if (around === undefined) return;
  throw new UsageError(`${option} ${file} is inside the dataset ${around}`, 'Write it elsewhere.');
}

/** Clients of the suite `oprf` hold no key. @throws UsageError */
export function assertKeyUnnamed(named: string | undefined): void {
  if (named === undefined) return;
  throw new UsageError('--key-file does not apply: clients of the suite oprf pin no key', 'Leave it out.');
}

/** The default is beside the dataset. */
export function publisherFileFor(folder: string, named?: string): string {
  return named ?? `${path.resolve(folder)}.publisher`;
}

/** The key files of a dataset, as options name them. */
export interface KeyFileOptions {
  readonly keyFile?: string;
  readonly publisherKey?: string;
}

/**
 * The key of the publisher of a dataset with signatures; undefined for one without.
 * @param option that may name its file
 * @throws UsageError if there is nothing to sign; StoreError for a missing or broken key file
 */
export function openPublisher(
  { folder, parameters }: Dataset,
  { publisherKey }: KeyFileOptions,
  option?: string,
): SigningKey | undefined {
  if (parameters.publisher === undefined) {
    if (publisherKey === undefined) return undefined;
    throw new UsageError(
      '--publisher-key does not apply to a dataset without signatures',
      'Remove it: the key of the dataset authenticates its snapshots.',
    );
  }
  const file = publisherFileFor(folder, publisherKey);
  assertOutside(file, folder);
  return openSigningKeyFile(file, option);
}

export interface OpenedForWriting {
  readonly dataset: Dataset;
  readonly key: DatasetKey;
}

export interface OpenedForPublishing extends OpenedForWriting {
  /** Of a dataset with signatures. */
  readonly publisher?: SigningKey;
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

/** As `withDataset`, with the key of the publisher where snapshots are signed. */
export function withPublisher<T>(
  folder: string,
  options: KeyFileOptions,
  work: (opened: OpenedForPublishing) => Promise<T>,
): Promise<T> {
  return withDataset(folder, options, (opened) => {
    // Read first: an ingest of hours must not fail at its end.
    const publisher = openPublisher(opened.dataset, options);
    return work({ ...opened, ...(publisher && { publisher }) });
  });
}
