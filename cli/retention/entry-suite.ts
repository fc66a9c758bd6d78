// The suite that derives entries of names from the key of a dataset.

import type { KeyedSuite } from '../../protocol/suite.ts';
import type { DatasetKey } from '../../store/dataset-key.ts';

/** Under `oprf` the fast engine, which loads on demand. */
export async function createEntrySuite(key: DatasetKey): Promise<KeyedSuite> {
  if (key.suite === 'hmac') return key.createSuite();
  const { createSodiumOprf } = await import('../../accel/oprf-sodium.ts');
  return key.createSuite(await createSodiumOprf());
}
