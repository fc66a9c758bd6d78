// What a command pins as clients do: from the dataset's folder, or from lines and key files.

import type { DatasetId } from '../../protocol/brands.ts';
import { isDatasetId } from '../../protocol/ids.ts';
import { parseHmacKeyText } from '../../protocol/keys.ts';
import { formatHmacPin, parseTrustText } from '../../protocol/signed/trust.ts';
import { assertKeyBelongs, type Dataset, openDataset } from '../../store/dataset.ts';
import { UsageError } from '../exit.ts';
import { openKeyFile, openPinFile } from '../key-files.ts';
import { assertKeyUnnamed, keyFileFor } from '../open.ts';
import { trustLine } from '../signing-part.ts';

export interface PinOptions {
  keyFile?: string;
  /** Its folder, or its id. */
  dataset?: string;
  trust?: string;
}

/** What a client pins: key and dataset, dataset and publisher, or both. */
export type Pins = { key: string; trust?: string } | { trust: string };

/**
 * @param command as its user calls it
 * @throws UsageError, and StoreError of the files
 */
export function choosePins(command: string, { keyFile, dataset, trust }: PinOptions): Pins {
  if (dataset !== undefined && !isDatasetId(dataset)) {
    if (trust === undefined) return pinsOf(openDataset(dataset), keyFile);
    throw new UsageError('--dataset and --trust both name what clients pin', 'Leave one of them out.');
  }
  if (keyFile === undefined && trust === undefined)
    throw new UsageError(
      `${command} needs the line that clients of the dataset pin`,
      'Pass --dataset with its folder, or what `credveil key pin` prints: --trust with the line, or --key-file with a file that holds it.',
    );
  if (keyFile === undefined) return { trust: trust as string };
  const pinned = openPinFile(keyFile);
  const line = trust ?? pinned.trust;
  const key = completeKey(pinned.key, line === undefined ? dataset : parseTrustText(line).dataset);
  return line === undefined ? { key } : { key, trust: line };
}

function pinsOf(dataset: Dataset, keyFile: string | undefined): Pins {
  const trust = trustLine(dataset);
  if (dataset.parameters.suite === 'oprf') {
    assertKeyUnnamed(keyFile);
    return { trust: trust as string };
  }
  const key = openKeyFile(keyFileFor(dataset.folder, keyFile));
  assertKeyBelongs(dataset, key);
  return { key: key.revealPin(dataset.id) as string, ...(trust !== undefined && { trust }) };
}

/** The second field of either line. */
export function pinnedDataset(pins: Pins): DatasetId | undefined {
  const [, dataset = ''] = (pins.trust ?? ('key' in pins ? pins.key : '')).split('.');
  return isDatasetId(dataset) ? dataset : undefined;
}

/** A key file holds the secret alone. @throws UsageError if nothing names the dataset */
function completeKey(line: string, dataset: DatasetId | undefined): string {
  if (!line.startsWith('credveil-hmac-1.')) return line;
  if (dataset === undefined)
    throw new UsageError(
      '--key-file names a key file, which does not say which dataset it is of',
      'Add --dataset with the folder of the dataset or its id, or name a file with what `credveil key pin` prints.',
    );
  return formatHmacPin({ dataset, key: parseHmacKeyText(line) });
}
