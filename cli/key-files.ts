// Opens key files as the environment allows: CREDVEIL_KEY_FILE_GROUP applies to every command.

import type { DatasetKey } from '../store/dataset-key.ts';
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

/** @throws StoreError as `openKeyFile` of store/ */
export const openKeyFile = (file: string): DatasetKey => store.openKeyFile(file, accessOf(process.env));

/** @throws StoreError as `openPinFile` of store/ */
export const openPinFile = (file: string): store.PinLines => store.openPinFile(file, accessOf(process.env));

/** @throws StoreError as `openSigningKeyFile` of store/ */
export const openSigningKeyFile = (file: string): SigningKey => store.openSigningKeyFile(file, accessOf(process.env));

/** @throws StoreError as `openAnyKeyFile` of store/ */
export const openAnyKeyFile = (file: string): DatasetKey | SigningKey =>
  store.openAnyKeyFile(file, accessOf(process.env));

/** @throws StoreError as `openClientKeyFile` of store/ */
export const openClientKeyFile = (file: string): string => store.openClientKeyFile(file, accessOf(process.env));
