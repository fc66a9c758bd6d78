// Updates that a replica makes by itself: with the first check, on a timer of its own, and not
// while another process has just made one.

import fs from 'node:fs';
import { test as base, describe, expect } from 'vitest';
import { createLeakChecker } from '../../../client-sdk/index.ts';
import { createReplica, type PullEvent } from '../../../client-sdk/replica/replica.ts';
import { seededPairs } from '../../support/dataset.ts';
import { perFile } from '../../support/per-file.ts';
import { keyPinOf } from '../../support/pins.ts';
import { LEAKED } from '../../support/worlds/client-world.ts';
import { createReplicaWorld, type ReplicaWorld } from '../../support/worlds/replica-world.ts';

const test = base.extend<{ readonly world: ReplicaWorld }>({
  world: perFile(
    () => createReplicaWorld({ pairs: [LEAKED, ...seededPairs(50)] }),
    (world) => world.close(),
  ),
});

describe('a replica', () => {
  test('asks nothing where another process has just asked', async ({ world }) => {
    const cache = world.folder();
    await world.open(cache).replica.pull();
    world.forget();
    const { leaks } = world.open(cache, {}, { refreshMs: 3_600_000 });
    expect((await leaks.check({ password: LEAKED.password })).status).toBe('password');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(world.requests).toEqual([]);
  });

  test('begins with the first check, follows what is published, and ends when it is closed', async ({ world }) => {
    const cache = world.folder();
    const events: PullEvent[] = [];
    const onPull = (event: PullEvent): unknown => events.push(event);
    // The head is read at each check.
    const { leaks, replica } = world.open(cache, { headMaxAgeMs: 0 }, { refreshMs: 20, onPull });
    world.forget();
    await new Promise(setImmediate);
    expect([world.requests, fs.existsSync(cache)]).toEqual([[], false]);
    const statusOf = async (password: string): Promise<string> => (await leaks.check({ password })).status;
    await expect.poll(() => statusOf(LEAKED.password)).toBe('password');
    await world.publish('second', ['of the second']);
    await expect.poll(() => statusOf('of the second')).toBe('password');
    expect(events.length).toBeGreaterThan(1);
    expect(events.every(({ error }) => error === undefined)).toBe(true);
    // A failure is told, and ends nothing.
    world.spoil((answer) => {
      answer.status = 500;
    });
    await expect.poll(() => events.at(-1)?.error?.code).toBe('HTTP_STATUS');
    world.spoil();
    await expect.poll(() => events.at(-1)?.error).toBeUndefined();
    replica.close();
    const { length } = events;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(events.length).toBe(length);
    // It begins again with the next check.
    expect(await statusOf(LEAKED.password)).toBe('password');
    await expect.poll(() => events.length).toBeGreaterThan(length);
    replica.close();
  });

  test('lives on whatever its folder and its listener do, and however its clock was set', async ({ world }) => {
    const cache = world.folder();
    await world.open(cache).replica.pull();
    const codes: unknown[] = [];
    const onPull = ({ error }: PullEvent): never => {
      codes.push(error?.code);
      throw new Error('of a listener');
    };
    const { leaks, replica } = world.open(cache, {}, { refreshMs: 20, onPull });
    expect((await leaks.check(LEAKED)).status).toBe('pair');
    // As if it had been confirmed in a year.
    const ahead = new Date(Date.now() + 31_536_000_000);
    fs.utimesSync(`${cache}/head`, ahead, ahead);
    const { length } = codes;
    await expect.poll(() => codes.length).toBeGreaterThan(length);
    // A head that leads to itself.
    fs.rmSync(`${cache}/head`);
    fs.symlinkSync('head', `${cache}/head`);
    await expect.poll(() => fs.lstatSync(`${cache}/head`).isFile()).toBe(true);
    fs.rmSync(cache, { recursive: true });
    fs.symlinkSync(cache, cache);
    await expect.poll(() => codes.at(-1)).toBe('REPLICA_UNWRITABLE');
    fs.rmSync(cache);
    await expect.poll(() => codes.at(-1)).toBeUndefined();
    expect((await leaks.check(LEAKED)).status).toBe('pair');
    replica.close();
  });

  test('is pulled from another server than the one that evaluates or answers', async ({ world }) => {
    const cache = world.folder();
    const replica = createReplica({ cache, from: { url: world.url, clientKey: world.clientKey }, refreshMs: 0 });
    const leaks = createLeakChecker({ url: 'http://127.0.0.1:9', ...keyPinOf(world.made), replica });
    await replica.pull();
    expect((await leaks.check(LEAKED)).status).toBe('pair');
    replica.close();
  });

  test('refuses options that are none', async ({ world }) => {
    const options: readonly (readonly [object, RegExp])[] = [
      [{ cache: '' }, /option replica\.cache/],
      [{ cache: 'a', refreshMs: -1 }, /option replica\.refreshMs/],
      [{ cache: 'a', from: 'ftp://x' }, /option replica\.from/],
      [{ cache: 'a', onPull: 1 }, /option replica\.onPull/],
      [{ cache: 'a', cach: 1 }, /option replica\.cach/],
    ];
    for (const [given, message] of options)
      expect(() => createReplica(given as Parameters<typeof createReplica>[0])).toThrow(message);
    const shared = { url: world.url, ...keyPinOf(world.made) };
    const plain = { cache: 'a' } as unknown as ReturnType<typeof createReplica>;
    expect(() => createLeakChecker({ ...shared, replica: plain })).toThrow(/option replica/);
  });
});
