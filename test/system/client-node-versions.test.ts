// The packed client on the oldest Node major that its `engines` name, and on the one that this
// repository runs on. Node 22 comes from the npm registry.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { CHECK_MODULE } from '../support/client/consumer.ts';
import { test } from '../support/client/packed-fixture.ts';
import { keyPinOf } from '../support/pins.ts';
import { LEAKED, STRANGER, TIMEOUT_MS } from '../support/worlds/client-world.ts';

const run = promisify(execFile);

const TITLE = 'the packed client on Node %i checks with and without a key, and publishes its events';
test.for([22, 24])(TITLE, async (major, { installed, world, oprf, node22 }) => {
  const node = major === 22 ? node22 : process.execPath;
  expect((await run(node, ['--version'])).stdout).toMatch(new RegExp(`^v${major}\\.`));
  const keyed = { url: world.url, ...keyPinOf(world.made), timeoutMs: TIMEOUT_MS };
  const oblivious = { url: oprf.url, ...oprf.pin, timeoutMs: TIMEOUT_MS };
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
