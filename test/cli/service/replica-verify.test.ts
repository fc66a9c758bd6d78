// credveil replica status --verify: reads all of a replica, and names the bytes that are damaged.

import fs from 'node:fs';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import { credveil } from '../../support/credveil.ts';
import { type MakeDatasetOptions, seededPairs } from '../../support/dataset.ts';
import { perFile } from '../../support/per-file.ts';
import { keyPinOf } from '../../support/pins.ts';
import { LEAKED } from '../../support/worlds/client-world.ts';
import { createReplicaWorld, type ReplicaWorld } from '../../support/worlds/replica-world.ts';

interface World extends ReplicaWorld {
  /** A new folder with a copy that is right. */
  copy(): { readonly cache: string; at(name: string): string; readonly snapshot: string };
  /** Runs status --verify. */
  verify(cache: string, ...more: readonly string[]): ReturnType<typeof credveil>;
}

async function openWorld(options: MakeDatasetOptions): Promise<World> {
  const world = await createReplicaWorld({ bucketFloor: 4, ...options });
  const pulled = world.folder();
  await world.publish('second', ['of the second'], true);
  const { snapshot } = await world.open(pulled).replica.pull();
  const { key, trust } = keyPinOf(world.made);
  const pinned = path.join(path.dirname(pulled), 'pinned');
  fs.writeFileSync(pinned, trust === undefined ? `${key}\n` : `${key}\n${trust}\n`, { mode: 0o600 });
  return {
    ...world,
    copy() {
      const cache = world.folder();
      fs.cpSync(pulled, cache, { recursive: true });
      return { cache, snapshot, at: (name) => path.join(cache, snapshot, name) };
    },
    verify: (cache, ...more) => credveil(['replica', 'status', cache, '--key-file', pinned, '--verify', ...more]),
  };
}

const opened = (options: MakeDatasetOptions) =>
  perFile(
    () => openWorld(options),
    (world) => world.close(),
  );
const test = base.extend<{ readonly mac: World; readonly signed: World }>({
  mac: opened({ pairs: [LEAKED, ...seededPairs(200)] }),
  // More than 1,024 buckets: roots follow the slots.
  signed: opened({ pairs: [LEAKED, ...seededPairs(2_100)], bucketFloor: 1, signed: true }),
});

function flip(file: string, at: number): void {
  const bytes = fs.readFileSync(file);
  bytes[at] = (bytes[at] as number) ^ 1;
  fs.writeFileSync(file, bytes);
}

function folderInPlace(file: string): void {
  fs.rmSync(file);
  fs.mkdirSync(file);
}

const damagedIn = (stdout: string): { file: string; from: number; to: number }[] => JSON.parse(stdout).damaged;

describe('credveil replica status --verify', () => {
  test('finds nothing in a copy that is right, and asks nobody', async ({ mac, signed }) => {
    for (const world of [mac, signed]) {
      const { cache, snapshot } = world.copy();
      world.forget();
      const { code, stdout } = await world.verify(cache);
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(new RegExp(`^snapshot ${snapshot}, to be believed .*\nall of it was read, and nothing`)),
      ]);
      expect(JSON.parse((await world.verify(cache, '--json')).stdout)).toMatchObject({ snapshot, damaged: [] });
      expect(world.requests).toEqual([]);
    }
  });

  test('names each damaged slot in every index and layer, and changes nothing', async ({ mac, signed }) => {
    for (const world of [mac, signed]) {
      const { cache, at, snapshot } = world.copy();
      const names = fs.readdirSync(at('')).filter((name) => /^(account|password)/.test(name));
      // The first layer and the second.
      expect(names.length).toBeGreaterThan(2);
      const places = names.map((name) => [name, Math.floor(fs.statSync(at(name)).size / 3)] as const);
      for (const [name, place] of places) flip(at(name), place);
      const before = names.map((name) => fs.readFileSync(at(name)));
      const { code, stdout, stderr } = await world.verify(cache, '--json');
      expect([code, stderr]).toEqual([1, expect.stringMatching(/REPLICA_UNREADABLE: .*\n.*replica pull --verify/)]);
      expect(stderr).toContain(cache);
      const damaged = damagedIn(stdout);
      expect(JSON.parse(stdout)).toMatchObject({ snapshot, error: { code: 'REPLICA_UNREADABLE' } });
      expect(damaged.map(({ file }) => file).sort()).toEqual(names.map((name) => `${snapshot}/${name}`).sort());
      for (const [name, place] of places) {
        const { from, to } = damaged.find(({ file }) => file.endsWith(`/${name}`)) as (typeof damaged)[number];
        expect([from <= place, place < to, to - from < place]).toEqual([true, true, true]);
      }
      expect(names.map((name) => fs.readFileSync(at(name)))).toEqual(before);
      expect((await world.verify(cache)).stdout).toMatch(/: \d ranges damaged or missing\n {2}\S+\/account: bytes /);
      await world.open(cache).replica.pull({ verify: true });
      expect((await world.verify(cache)).code).toBe(0);
    }
  });

  test('names what is cut off, missing, too long, or without its roots', async ({ mac, signed }) => {
    const { size } = fs.statSync(signed.copy().at('account'));
    const whole = { from: 0, to: size };
    for (const [damage, range] of [
      [(file: string) => fs.rmSync(file), whole],
      [(file: string) => fs.truncateSync(file, 0), whole],
      [(file: string) => folderInPlace(file), whole],
      [(file: string) => flip(file, size - 1), whole],
      [(file: string) => fs.appendFileSync(file, 'more'), { from: size, to: size + 4 }],
    ] as const) {
      const { cache, at, snapshot } = signed.copy();
      damage(at('account'));
      const { code, stdout } = await signed.verify(cache, '--json');
      expect([code, damagedIn(stdout)]).toEqual([1, [{ file: `${snapshot}/account`, ...range }]]);
    }
    // Under hmac nothing follows the slots: those before the cut are right.
    const { cache, at } = mac.copy();
    const { size: full } = fs.statSync(at('password'));
    fs.truncateSync(at('password'), full - 1);
    const [range, ...others] = damagedIn((await mac.verify(cache, '--json')).stdout);
    expect([others, range?.to, (range?.from ?? 0) > full / 2]).toEqual([[], full, true]);
  });

  test('refuses a damaged document, and a folder without a replica, as status does', async ({ mac }) => {
    const { cache, at } = mac.copy();
    flip(at('statement'), 40);
    const { code, stdout, stderr } = await mac.verify(cache, '--json');
    expect([code, JSON.parse(stdout), stderr]).toEqual([
      1,
      { error: expect.anything() },
      expect.stringMatching(/STATEMENT_\w+: the statement in the folder/),
    ]);
    expect((await mac.verify(mac.folder())).stderr).toContain('REPLICA_MISSING');
  });
});
