// Processes that are killed while they pull: after each, checks are right, or unknown with a
// reason, and the next pull goes on.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { test as base, expect } from 'vitest';
import { seededPairs } from '../../support/dataset.ts';
import { program } from '../../support/paths.ts';
import { perFile } from '../../support/per-file.ts';
import { pinOf } from '../../support/pins.ts';
import { createRandom, testSeed } from '../../support/random.ts';
import { LEAKED, STRANGER } from '../../support/worlds/client-world.ts';
import { createReplicaWorld, type ReplicaWorld } from '../../support/worlds/replica-world.ts';

/** A long run: CREDVEIL_REPLICA_KILLS=1000. */
const KILLS = Number(process.env.CREDVEIL_REPLICA_KILLS ?? 4);
/** How many kills a published snapshot sees. */
const KILLS_EACH = 2;

const test = base.extend<{ readonly world: ReplicaWorld }>({
  world: perFile(
    () => createReplicaWorld({ pairs: [LEAKED, ...seededPairs(300)], bucketFloor: 4 }),
    (world) => world.close(),
  ),
});

test(`after each of ${KILLS} kills a check is right, or unknown with its reason`, { timeout: 0 }, async ({ world }) => {
  const random = createRandom(testSeed('kills of a pull'));
  const cache = world.folder();
  const options = { url: world.url, clientKey: world.clientKey, maxBodyBytes: 2_560, ...pinOf(world.made) };
  // How many requests a pull takes.
  await world.open(world.folder(), { maxBodyBytes: options.maxBodyBytes }).replica.pull();
  const { length: requests } = world.requests;
  expect(requests).toBeGreaterThan(8);
  let killed = 0;
  let isComplete = false;
  for (let kill = 0; kill < KILLS; kill++) {
    if (kill > 0 && kill % KILLS_EACH === 0) await world.publish(`source-${kill}`, [`leaked ${kill}`], kill % 4 !== 0);
    const child = spawn(process.execPath, [program('pull-replica.ts')], { stdio: ['pipe', 'ignore', 'ignore'] });
    const exited = once(child, 'exit');
    let left = 1 + random.below(requests);
    const lateMs = random.pick([0, 0, 1, 3]);
    world.spoil(async () => {
      if (--left !== 0) return;
      await new Promise((resolve) => setTimeout(resolve, lateMs));
      child.kill('SIGKILL');
    });
    child.stdin.end(JSON.stringify({ cache, ...options }));
    const [code, signal] = await exited;
    world.spoil();
    if (signal !== null) killed++;
    else expect(code).toBe(0);
    isComplete ||= fs.existsSync(`${cache}/head`);
    const { leaks } = world.open(cache);
    for (const [credential, right] of [
      [LEAKED, 'pair'],
      [STRANGER, 'clean'],
    ] as const) {
      const { status, reason } = await leaks.check(credential);
      expect(isComplete ? [status, reason] : reason).toEqual(isComplete ? [right, undefined] : 'REPLICA_MISSING');
    }
  }
  expect(killed).toBeGreaterThan(0);
  const { leaks, replica } = world.open(cache);
  await replica.pull();
  expect((await leaks.check(LEAKED)).status).toBe('pair');
  expect(fs.readdirSync(cache).filter((name) => name.endsWith('.part') || name === 'lock')).toEqual([]);
});
