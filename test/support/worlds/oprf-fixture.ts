// The fixture `world`: one world of keyless clients for all tests of a file. Fronts close after
// each test.

import { test as base } from 'vitest';
import type { MakeDatasetOptions } from '../dataset.ts';
import { perFile } from '../per-file.ts';
import { createOprfWorld, type OprfWorld } from './oprf-world.ts';

interface Fixtures {
  readonly fileWorld: OprfWorld;
  /** The world of the file, with the fronts of this test alone. */
  readonly world: OprfWorld;
}

/** @param options of the world's dataset */
export const oprfTest = (options: MakeDatasetOptions) =>
  base.extend<Fixtures>({
    fileWorld: perFile(
      () => createOprfWorld(options),
      (world) => world.close(),
    ),
    world: async ({ fileWorld }, use) => {
      await use(fileWorld);
      await fileWorld.closeFronts();
    },
  });
