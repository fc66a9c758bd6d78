// Opens key files as the environment allows: CREDVEIL_KEY_FILE_GROUP applies to every command.

import fs from 'node:fs';
import type { DatasetKey } from '../store/dataset-key.ts';
import { StoreError } from '../store/errors.ts';
import * as store from '../store/key-file.ts';
import type { SigningKey } from '../store/signing-key.ts';
import { UsageError } from './exit.ts';

const NAME = 'CREDVEIL_KEY_FILE_GROUP';

/** @throws UsageError if the variable is neither `none` nor the id of a group */
function accessOf({ [NAME]: group = 'none' }: NodeJS.ProcessEnv): store.KeyFileAccess {
  if (group === 'none') return {};
  if (/^\d{1,10}$/.test(group) && Number(group) < 2 ** 32 - 1) return { group: Number(group) };
  throw new UsageError(`${NAME} is not the id of a group`, 'Set it to a number, as `id -G` prints them.');
}

/** The group that may also read secrets of other kinds. @throws UsageError */
export const fileGroup = (): store.KeyFileAccess => accessOf(process.env);

/** Opens a file that an option names: where it is missing, the hint names the option. */
export function namedBy<Key>(option: string, open: () => Key): Key {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof StoreError && error.code === 'KEY_FILE_MISSING')) throw error;
    throw new StoreError(error.code, error.message, `Name the file with ${option}.`, { cause: error });
  }
}

/** @throws StoreError as `openKeyFile` of store/ */
export const openKeyFile = (file: string): DatasetKey =>
  namedBy('--key-file', () => store.openKeyFile(file, accessOf(process.env)));

/** @throws StoreError as `openPinFile` of store/ */
export const openPinFile = (file: string): store.PinLines =>
  namedBy('--key-file', () => store.openPinFile(file, accessOf(process.env)));

/**
 * @param option that names the file
 * @throws StoreError as `openSigningKeyFile` of store/
 */
export const openSigningKeyFile = (file: string, option = '--publisher-key'): SigningKey =>
  namedBy(option, () => store.openSigningKeyFile(file, accessOf(process.env)));

/** @throws StoreError as `openClientKeyFile` of store/ */
export const openClientKeyFile = (file: string): string =>
  namedBy('--client-key-file', () => store.openClientKeyFile(file, accessOf(process.env)));

/**
 * A secret of another room.
 * @throws StoreError as `openKeyFile` of store/
 */
export const openSecretFile = <Key>(file: string, option: string, secret: store.Secret<Key>): Key =>
  namedBy(option, () => store.readSecretFile(file, secret, accessOf(process.env)));

/**
 * For a secret that is no key. A pipe, such as that of `<(pass show ca)`, is nobody else's.
 * @throws StoreError `KEY_FILE_EXPOSED` for a file that others may read
 */
export function assertOwn(file: string): void {
  const stat = fs.statSync(file);
  if (stat.isFile()) store.assertHidden(file, stat, fileGroup().group);
}
