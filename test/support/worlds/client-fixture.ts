// The fixture `world`: one client world for all tests of a file. Fronts close after each test.

import { test as base } from 'vitest';
import type { ServerOptions } from '../../../server/server.ts';
import { perFile } from '../per-file.ts';
import { type ClientWorld, createClientWorld } from './client-world.ts';

interface Fixtures {
  readonly fileWorld: ClientWorld;
  /** The world of the file, with the fronts of this test alone. */
  readonly world: ClientWorld;
}

/** @param options of the world's server */
export const clientTest = (options: ServerOptions = {}) =>
  base.extend<Fixtures>({
    fileWorld: perFile(
      () => createClientWorld(options),
      (world) => world.close(),
    ),
    world: async ({ fileWorld }, use) => {
      await use(fileWorld);
      await fileWorld.closeFronts();
    },
  });

export const test = clientTest();
