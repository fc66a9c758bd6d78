// The fixture `world`: a filter world for each test, since tests publish to it.

import { test as base } from 'vitest';
import { createFilterWorld, type FilterWorld } from './filter-world.ts';

export const test = base.extend<{ readonly world: FilterWorld }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads a fixture's dependencies from this pattern.
  world: async ({}, use) => {
    const world = await createFilterWorld();
    await use(world);
    await world.close();
  },
});
