// The fixture `world`: one client world for all tests of a file. Fronts close after each test.

import { test as base } from 'vitest';
import { type ClientWorld, createClientWorld } from './client-world.ts';

interface Fixtures {
  readonly fileWorld: ClientWorld;
  /** The world of the file, with the fronts of this test alone. */
  readonly world: ClientWorld;
}

export const test = base.extend<Fixtures>({
  fileWorld: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
    async ({}, use) => {
      const world = await createClientWorld();
      await use(world);
      await world.close();
    },
    { scope: 'file' },
  ],
  world: async ({ fileWorld }, use) => {
    await use(fileWorld);
    await fileWorld.closeFronts();
  },
});
