// A pull that finds no room: a full disk, a quota, a limit of the length of files. The copy before
// stays in use, and the next pull goes on.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test as base, describe, expect } from 'vitest';
import { lookupFailure } from '../../../client-sdk/errors.ts';
import { aboutFolder } from '../../../client-sdk/replica/failures.ts';
import { seededPairs } from '../../support/dataset.ts';
import { mountSmallDisk } from '../../support/gateway/small-disk.ts';
import { program } from '../../support/paths.ts';
import { perFile } from '../../support/per-file.ts';
import { pinOf } from '../../support/pins.ts';
import { LEAKED } from '../../support/worlds/client-world.ts';
import { createReplicaWorld, type OpenReplica, type ReplicaWorld } from '../../support/worlds/replica-world.ts';

const test = base.extend<{ readonly world: ReplicaWorld }>({
  world: perFile(
    () => createReplicaWorld({ pairs: [LEAKED, ...seededPairs(300)], bucketFloor: 4 }),
    (world) => world.close(),
  ),
});

/** So that an index takes many requests. */
const IN_PARTS = { maxBodyBytes: 2_560 };
const isPart = (target: string): boolean => target.includes('/v1/replica/');
const unwritable = (cache: string, code: string, hint: RegExp) => ({
  ...{ name: 'LookupError', code: 'REPLICA_UNWRITABLE' },
  message: expect.stringMatching(new RegExp(`: ${cache}: ${code}$`)),
  hint: expect.stringMatching(hint),
});
const reasonOf = async ({ leaks }: OpenReplica): Promise<string | undefined> => (await leaks.check(LEAKED)).reason;

describe('a full disk', () => {
  test('is named, and the first pull goes on once there is room', async ({ world, skip }) => {
    const disk = mountSmallDisk(2 ** 20);
    if (!disk) return skip('nothing can be mounted');
    const cache = path.join(disk.folder, 'cache');
    const opened = world.open(cache, IN_PARTS);
    let parts = 0;
    world.spoil((_answer, target) => {
      if (isPart(target) && ++parts === 3) disk.fill();
    });
    await expect(opened.replica.pull()).rejects.toMatchObject(unwritable(cache, 'ENOSPC', /^Make room on the disk/));
    expect(await reasonOf(opened)).toBe('REPLICA_MISSING');
    disk.empty();
    world.spoil();
    await opened.replica.pull();
    expect((await opened.leaks.check(LEAKED)).status).toBe('pair');
    opened.replica.close();
  });

  test('at any request of an update leaves the copy before in use', async ({ world, skip }) => {
    const disk = mountSmallDisk(2 ** 20);
    if (!disk) return skip('nothing can be mounted');
    const cache = path.join(disk.folder, 'cache');
    const opened = world.open(cache, IN_PARTS);
    const { snapshot } = await opened.replica.pull();
    const next = await world.publish('second', ['of the second']);
    world.forget();
    await world.open(world.folder(), IN_PARTS).replica.pull();
    const { length } = world.requests;
    for (let full = 1; full <= length; full++) {
      let requests = 0;
      world.spoil(() => {
        if (++requests === full) disk.fill();
      });
      // Each begins anew.
      for (const name of fs.readdirSync(cache).filter((other) => other.endsWith('.part')))
        fs.rmSync(path.join(cache, name), { recursive: true });
      await expect(opened.replica.pull()).rejects.toMatchObject(unwritable(cache, 'ENOSPC', /^Make room/));
      world.spoil();
      expect(await world.open(cache).leaks.check(LEAKED)).toMatchObject({ status: 'pair', snapshot });
      disk.empty();
    }
    expect(await opened.replica.pull()).toMatchObject({ snapshot: next, isNew: true });
    expect(fs.readdirSync(cache).sort()).toEqual([next, 'head']);
    opened.replica.close();
  });

  test('before a pull leaves no lock, for which the next one would wait', async ({ world, skip }) => {
    const disk = mountSmallDisk(2 ** 20);
    if (!disk) return skip('nothing can be mounted');
    const cache = path.join(disk.folder, 'cache');
    const { replica } = world.open(cache);
    await replica.pull();
    disk.fill();
    await expect(replica.pull()).rejects.toMatchObject(unwritable(cache, 'ENOSPC', /^Make room/));
    expect(fs.existsSync(path.join(cache, 'lock'))).toBe(false);
    disk.empty();
    expect((await replica.pull()).isNew).toBe(false);
    replica.close();
  });
});

test('a limit of the length of files is named, and leaves the copy before in use', async ({ world }) => {
  const cache = world.folder();
  const { snapshot } = await world.open(cache).replica.pull();
  const next = await world.publish('third', ['of the third']);
  const longest = fs.statSync(path.join(cache, snapshot, 'account')).size;
  const input = JSON.stringify({ cache, url: world.server.url, clientKey: world.clientKey, ...pinOf(world.made) });
  const pullWithin = (blocks: string) => stderrWithin(blocks, [process.execPath, program('pull-replica.ts')], input);
  // Blocks of 512 bytes.
  const stderr = await pullWithin(String(Math.floor(longest / 512 / 2)));
  expect(stderr).toMatch(/REPLICA_UNWRITABLE/);
  expect(stderr).toContain(`${cache}: EFBIG`);
  expect(stderr).toMatch(/Raise the limit of the length of files/);
  expect(await world.open(cache).leaks.check(LEAKED)).toMatchObject({ status: 'pair', snapshot });
  expect(await pullWithin('unlimited')).toBe('');
  expect(await world.open(cache).leaks.check(LEAKED)).toMatchObject({ status: 'pair', snapshot: next });
});

async function stderrWithin(blocks: string, command: readonly string[], input: string): Promise<string> {
  const limited = ['-c', `ulimit -f ${blocks}; exec "$@"`, 'sh', ...command];
  const child = spawn('sh', limited, { stdio: ['pipe', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  child.stdin.end(input);
  const stderr = await text(child.stderr);
  await exited;
  return stderr;
}

test('a quota has its own hint', () => {
  const cause = Object.assign(new Error(), { code: 'EDQUOT', syscall: 'write' });
  expect(aboutFolder('/cache', lookupFailure('REPLICA_UNWRITABLE', { cause }))).toMatchObject(
    unwritable('/cache', 'EDQUOT', /^Raise the disk quota of the user .* the next pull goes on/),
  );
});
