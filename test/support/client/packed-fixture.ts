// Fixtures of the tests that use @credveil/client as npm packs it: the installed package, a service
// of each suite, and the oldest Node that the package supports.

import path from 'node:path';
import { test as base } from 'vitest';
import { installNode } from '../npm.ts';
import { perFile } from '../per-file.ts';
import { type ClientWorld, createClientWorld, LEAKED } from '../worlds/client-world.ts';
import { createOprfWorld, type OprfWorld } from '../worlds/oprf-world.ts';
import { type InstalledClient, installClient } from './packed-client.ts';

interface Fixtures {
  readonly installed: InstalledClient;
  readonly world: ClientWorld;
  readonly oprf: OprfWorld;
  /** Path of the binary of Node 22, from the npm registry. */
  readonly node22: string;
}

export const test = base.extend<Fixtures>({
  installed: perFile(installClient, (installed) => installed.dispose()),
  world: perFile(createClientWorld, (world) => world.close()),
  oprf: perFile(
    () => createOprfWorld({ pairs: [LEAKED] }),
    (oprf) => oprf.close(),
  ),
  node22: [
    async ({ installed }, use) => use(await installNode('22', path.join(installed.folder, 'node-22'))),
    { scope: 'file' },
  ],
});
