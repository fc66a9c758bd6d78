// Key files of a new dataset: opened if they are there, otherwise created.

import fs from 'node:fs';
import { assertOutside } from '../store/key-file.ts';
import { createSigningKey, type SigningKey } from '../store/signing-key.ts';
import { UsageError } from './exit.ts';
import { openSigningKeyFile } from './key-files.ts';
import { assertFolderOf, publisherFileFor } from './open.ts';

/** A key file that is there, or a new one. */
export interface KeyPlace<Key> {
  readonly file: string;
  readonly key: Key;
  readonly created: boolean;
}

/** The caller writes a created key. */
export function openOrCreate<Key>(file: string, open: (file: string) => Key, create: () => Key): KeyPlace<Key> {
  const created = !fs.existsSync(file);
  return { file, created, key: created ? create() : open(file) };
}

/**
 * The key of the publisher of a new dataset.
 * @throws UsageError for a head key; StoreError for a broken key file
 */
export function openNewPublisher(folder: string, named?: string): KeyPlace<SigningKey> {
  const file = publisherFileFor(folder, named);
  assertOutside(file, folder);
  assertFolderOf(file);
  const place = openOrCreate(
    file,
    (named) => openSigningKeyFile(named),
    () => createSigningKey('publisher'),
  );
  if (place.key.use !== 'publisher')
    throw new UsageError(`the key in ${file} is a head key`, 'Name the key file of a publisher.');
  return place;
}
