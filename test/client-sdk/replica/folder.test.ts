// What a pull makes of its folder: it completes and mends what is there, removes what is in the
// way, and waits for no other process.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import type { PullProgress } from '../../../client-sdk/replica/replica.ts';
import { seededPairs } from '../../support/dataset.ts';
import { perFile } from '../../support/per-file.ts';
import { LEAKED } from '../../support/worlds/client-world.ts';
import { createReplicaWorld, type ReplicaWorld } from '../../support/worlds/replica-world.ts';

const test = base.extend<{ readonly world: ReplicaWorld }>({
  world: perFile(
    () => createReplicaWorld({ pairs: [LEAKED, ...seededPairs(300)], bucketFloor: 4 }),
    (world) => world.close(),
  ),
});

/** So that an index takes many requests. */
const IN_PARTS = { maxBodyBytes: 2_560 };
const isPart = (target: string): boolean => target.includes('/v1/replica/');
const failing = (code: string) => ({ name: 'LookupError', code });

describe('a pull', () => {
  test('that verifies takes nothing away, and replaces what is damaged in its place', async ({ world }) => {
    const cache = world.folder();
    const { leaks, replica } = world.open(cache, IN_PARTS);
    const { snapshot, bytes } = await replica.pull();
    world.spoil((answer, target) => {
      if (isPart(target)) Object.assign(answer, { status: 503, body: Buffer.alloc(0) });
    });
    const statusOf = async (): Promise<string> => (await leaks.check(LEAKED)).status;
    const during: Promise<string>[] = [];
    const seen: number[] = [];
    const onProgress = (progress: PullProgress): void => {
      during.push(statusOf());
      seen.push(progress.bytes);
    };
    await replica.pull({ verify: true, onProgress });
    expect(seen.at(-1)).toBe(bytes);
    expect(new Set(await Promise.all(during))).toEqual(new Set(['pair']));
    // One slot of the passwords: the others are answered while the service is away.
    const file = path.join(cache, snapshot, 'password');
    const right = fs.readFileSync(file);
    const wrong = Buffer.concat([right, Buffer.alloc(3)]);
    wrong[20] = (wrong[20] as number) ^ 1;
    fs.writeFileSync(file, wrong);
    await expect(replica.pull()).rejects.toMatchObject(failing('HTTP_STATUS'));
    expect(await world.open(cache).leaks.check({ username: LEAKED.username })).toMatchObject({ status: 'username' });
    world.spoil();
    world.forget();
    await world.open(cache, IN_PARTS).replica.pull();
    expect(world.requests.filter(isPart)).toHaveLength(1);
    expect(fs.readFileSync(file).equals(right)).toBe(true);
  });

  test('puts up with whatever is in its folder', async ({ world }) => {
    const cache = world.folder();
    const { snapshot } = await world.open(cache).replica.pull();
    fs.cpSync(path.join(cache, snapshot), path.join(cache, `${snapshot}.part`), { recursive: true });
    fs.rmSync(path.join(cache, snapshot, 'account'));
    fs.writeFileSync(path.join(cache, 'head.4711'), 'of a process that was killed');
    await world.open(cache).replica.pull();
    expect(fs.readdirSync(cache).sort()).toEqual([snapshot, 'head']);
    for (const name of [snapshot, `${snapshot}.part`]) {
      fs.rmSync(path.join(cache, snapshot), { recursive: true });
      fs.writeFileSync(path.join(cache, name), 'no folder');
      await world.open(cache).replica.pull();
      expect(fs.readdirSync(cache).sort()).toEqual([snapshot, 'head']);
    }
    expect((await world.open(cache).leaks.check(LEAKED)).status).toBe('pair');
  });

  test('waits for no other process', async ({ world }) => {
    const cache = world.folder();
    const { replica } = world.open(cache);
    let inside: Promise<unknown> | undefined;
    world.spoil(async (_answer, target) => {
      if (isPart(target))
        inside ??= expect(world.open(cache).replica.pull()).rejects.toMatchObject(failing('REPLICA_BUSY'));
      await inside;
    });
    await replica.pull();
    expect(inside).toBeDefined();
    world.spoil();
    // A process that was killed has left its lock.
    fs.writeFileSync(path.join(cache, 'lock'), JSON.stringify({ host: 'of another machine', pid: 1 }));
    await expect(replica.pull()).rejects.toMatchObject(failing('REPLICA_BUSY'));
    const long = new Date(Date.now() - 120_000);
    fs.utimesSync(path.join(cache, 'lock'), long, long);
    expect((await replica.pull()).isNew).toBe(false);
    expect(fs.existsSync(path.join(cache, 'lock'))).toBe(false);
    // One whose clock was ahead, and one of this id before this process; a thread of it holds its.
    const own = JSON.stringify({ host: os.hostname(), pid: process.pid });
    const ahead = new Date(Date.now() + 31_536_000_000);
    const before = new Date(performance.timeOrigin - 1_000);
    for (const [left, touched] of [
      [JSON.stringify({ host: 'of another machine', pid: 1 }), ahead],
      [own, before],
    ] as const) {
      fs.writeFileSync(path.join(cache, 'lock'), left);
      fs.utimesSync(path.join(cache, 'lock'), touched, touched);
      expect((await replica.pull()).isNew).toBe(false);
    }
    fs.writeFileSync(path.join(cache, 'lock'), own);
    await expect(replica.pull()).rejects.toMatchObject(failing('REPLICA_BUSY'));
  });
});
