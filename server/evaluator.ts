// Opens what evaluates: the key of a dataset, on libsodium. PROTOCOL.md §15.

import { createSodiumOprf } from '../accel/oprf-sodium.ts';
import { ServerError } from '../runtime/errors.ts';
import { assertKeyBelongs, type Dataset } from '../store/dataset.ts';
import type { DatasetKey, Evaluator } from '../store/key-file.ts';

/**
 * Undefined under `hmac`.
 * @throws ServerError `KEY_REQUIRED`, `KEY_NOT_WANTED`
 * @throws StoreError `KEY_MISMATCH`
 */
export async function openEvaluator(dataset: Dataset, key: DatasetKey | undefined): Promise<Evaluator | undefined> {
  if (dataset.parameters.suite === 'hmac') {
    if (key === undefined) return undefined;
    throw new ServerError(
      'KEY_NOT_WANTED',
      'a server of the hmac suite holds no key',
      'Start it without the key, and keep the key off this machine.',
    );
  }
  if (key === undefined)
    throw new ServerError(
      'KEY_REQUIRED',
      'a server of the oprf suite evaluates with the key of its dataset',
      'Name the key file with --key-file.',
    );
  assertKeyBelongs(dataset, key);
  return key.createEvaluator(await createSodiumOprf());
}
