// The packed client on the oldest Node major that its `engines` name, and on the one that this
// repository runs on. Node 22 comes from the npm registry.

import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHECK_MODULE } from '../support/client/consumer.ts';
import { type InstalledClient, installClient } from '../support/client/packed-client.ts';
import { installNode } from '../support/npm.ts';
import { type ClientWorld, createClientWorld, LEAKED, STRANGER, TIMEOUT_MS } from '../support/worlds/client-world.ts';
import { createOprfWorld, type OprfWorld } from '../support/worlds/oprf-world.ts';

const run = promisify(execFile);

let installed: InstalledClient;
let world: ClientWorld;
let oprf: OprfWorld;
let node22: string;
beforeAll(async () => {
  installed = await installClient();
  node22 = await installNode('22', path.join(installed.folder, 'node-22'));
  world = await createClientWorld();
  oprf = await createOprfWorld({ pairs: [LEAKED] });
}, 300_000);
afterAll(async () => {
  await oprf?.close();
  await world?.close();
  installed?.dispose();
});

test.each([
  [22, (): string => node22],
  [24, (): string => process.execPath],
])('the packed client on Node %i checks with and without a key, and publishes its events', async (major, binary) => {
  const node = binary();
  expect((await run(node, ['--version'])).stdout).toMatch(new RegExp(`^v${major}\\.`));
  const keyed = { url: world.url, key: world.made.key.revealText(), timeoutMs: TIMEOUT_MS };
  const oblivious = { url: oprf.url, publicKey: oprf.publicKey, timeoutMs: TIMEOUT_MS };
  for (const options of [keyed, oblivious]) {
    const input = { options, credentials: [LEAKED, STRANGER] };
    expect(await installed.runModule(CHECK_MODULE, { input, node })).toEqual(['pair challenge', 'clean allow']);
    const listening = `
      import diagnostics from 'node:diagnostics_channel';
      const heard = [];
      diagnostics.subscribe('credveil.client.verdict', ({ status }) => heard.push(status));
      const { log } = console;
      console.log = () => log(JSON.stringify(heard));
      ${CHECK_MODULE}`;
    expect(await installed.runModule(listening, { input, node })).toEqual(['pair', 'clean']);
  }
});
