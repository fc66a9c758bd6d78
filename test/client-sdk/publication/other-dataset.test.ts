// Another dataset under the same key: a checker pins one dataset, so none of its answers counts.

import { describe, expect } from 'vitest';
import { startServer } from '../../../server/server.ts';
import { makeDataset, seededPairs } from '../../support/dataset.ts';
import { test } from '../../support/worlds/client-fixture.ts';
import { LEAKED, summary } from '../../support/worlds/client-world.ts';

describe('a dataset with the same key', () => {
  test('does not answer for the pinned one', async ({ world }) => {
    const other = await makeDataset({ pairs: seededPairs(3) });
    const server = await startServer(other.folder, { port: 0 });
    try {
      expect(other.key.keyId).toBe(world.made.key.keyId);
      expect(summary(await world.checker(server.url).check(LEAKED))).toBe(
        'unknown DATASET_MISMATCH | unknown unknown unknown',
      );
    } finally {
      await server.close();
      other.dispose();
    }
  });
});
