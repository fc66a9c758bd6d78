// What a replica's folder is reported to have: its path, the code of the system, and what helps on
// this machine.

import fs from 'node:fs';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import type { LookupError } from '../../../client-sdk/index.ts';
import { type MakeDatasetOptions, makeDataset, seededPairs } from '../../support/dataset.ts';
import { perFile } from '../../support/per-file.ts';
import { pinOf } from '../../support/pins.ts';
import { LEAKED } from '../../support/worlds/client-world.ts';
import { createReplicaWorld, type ReplicaWorld } from '../../support/worlds/replica-world.ts';

interface World extends ReplicaWorld {
  /** A new folder with a copy that is right. */
  copy(): { readonly cache: string; readonly snapshot: string };
}

async function openWorld(options: MakeDatasetOptions): Promise<World> {
  const world = await createReplicaWorld({ ...options, pairs: [LEAKED, ...seededPairs(300)], bucketFloor: 4 });
  const pulled = world.folder();
  const { snapshot } = await world.open(pulled).replica.pull();
  return {
    ...world,
    copy() {
      const cache = world.folder();
      fs.cpSync(pulled, cache, { recursive: true });
      return { cache, snapshot };
    },
  };
}

const opened = (options: MakeDatasetOptions) =>
  perFile(
    () => openWorld(options),
    (world) => world.close(),
  );
const test = base.extend<{ readonly mac: World; readonly signed: World }>({
  mac: opened({ metadataBytes: 3 }),
  signed: opened({ signed: true }),
});

const failureOf = (call: Promise<unknown>): Promise<LookupError> =>
  call.then(
    () => expect.fail('it did not fail'),
    (error: LookupError) => error,
  );

const alter = (file: string): void =>
  fs.writeFileSync(
    file,
    fs.readFileSync(file).map((byte, at) => (at % 16 === 5 ? byte ^ 1 : byte)),
  );
const empty = (file: string): void => fs.truncateSync(file, 0);

const DAMAGES: readonly (readonly [
  what: string,
  file: (snapshot: string) => string,
  damage: (file: string) => void,
])[] = [
  ['an altered head', () => 'head', alter],
  ['an empty head', () => 'head', empty],
  ['an altered statement', (snapshot) => `${snapshot}/statement`, alter],
  ['an empty statement', (snapshot) => `${snapshot}/statement`, empty],
  ['a missing statement', (snapshot) => `${snapshot}/statement`, fs.rmSync],
  ['an index cut off', (snapshot) => `${snapshot}/account`, empty],
  ['a missing index', (snapshot) => `${snapshot}/password`, fs.rmSync],
  ['an altered list of sources', (snapshot) => `${snapshot}/sources`, alter],
  ['a missing list of sources', (snapshot) => `${snapshot}/sources`, fs.rmSync],
];

describe('a damaged copy', () => {
  test.for(DAMAGES)(
    'is named with its folder, and not explained by the network: %s',
    async ([, fileOf, damage], { mac, signed }) => {
      for (const world of [mac, signed]) {
        const { cache, snapshot } = world.copy();
        const file = path.join(cache, fileOf(snapshot));
        // Only entries with sources have a list of them.
        if (world === signed && file.endsWith('sources')) continue;
        damage(file);
        const { message, hint } = await failureOf(world.open(cache).leaks.ready());
        expect(message).toContain(cache);
        expect(hint).toContain('credveil replica pull --verify');
        expect(message + hint).not.toMatch(/proxy|\/v1\/|URL|service/);
        await world.open(cache).replica.pull({ verify: true });
        await world.open(cache).leaks.ready();
      }
    },
  );

  test('is repaired by a pull, which counts the bytes that were damaged', async ({ mac }) => {
    const { cache, snapshot } = mac.copy();
    const { replica } = mac.open(cache, { maxBodyBytes: 2_560 });
    const { bytes, ...first } = await mac.open(mac.folder()).replica.pull();
    expect(first).toEqual({ snapshot, isNew: true, repaired: 0 });
    expect(await replica.pull({ verify: true })).toEqual({ snapshot, isNew: false, bytes, repaired: 0 });
    const file = path.join(cache, snapshot, 'account');
    const slots = fs.readFileSync(file);
    slots[5_500] = (slots[5_500] as number) ^ 1;
    fs.writeFileSync(file, slots);
    const { repaired } = await replica.pull({ verify: true });
    expect([repaired > 0, repaired <= 2_560]).toEqual([true, true]);
    const statement = path.join(cache, snapshot, 'statement');
    const { size } = fs.statSync(statement);
    empty(statement);
    expect(await replica.pull()).toMatchObject({ isNew: false, repaired: size });
    expect((await replica.pull({ verify: true })).repaired).toBe(0);
  });
});

describe('a copy that cannot be used', () => {
  test('is stale: a pull on this machine comes first, then the renewal of the publisher', async ({ mac }) => {
    const { cache } = mac.copy();
    const { leaks, replica } = mac.open(cache, { maxSnapshotAgeMs: 1 });
    const { code, message, hint } = await failureOf(leaks.ready());
    expect([code, message]).toEqual(['SNAPSHOT_STALE', expect.stringContaining(cache)]);
    expect(hint).toMatch(/^Run `credveil replica pull`, or call `replica\.pull\(\)`.*credveil publish --renew/);
    // What the service serves is no matter of this machine.
    const ofService = await failureOf(replica.pull());
    expect([ofService.code, ofService.hint]).toEqual([
      'SNAPSHOT_STALE',
      expect.stringMatching(/^Run `credveil publish --renew`/),
    ]);
  });

  test('is missing, or of another dataset', async ({ mac }) => {
    const nowhere = mac.folder();
    const missing = await failureOf(mac.open(nowhere).leaks.ready());
    expect(missing).toMatchObject({ code: 'REPLICA_MISSING', message: expect.stringMatching(`: ${nowhere}$`) });
    const other = await makeDataset({ pairs: seededPairs(5), keySeed: 2 });
    const { cache } = mac.copy();
    const { leaks, replica } = mac.open(cache, pinOf(other));
    other.dispose();
    for (const call of [leaks.ready(), replica.pull()]) {
      const { code, message, hint } = await failureOf(call);
      expect([code, message]).toEqual(['DATASET_MISMATCH', expect.stringContaining(cache)]);
      expect(message + hint).not.toMatch(/URL|bucketsUrl|service/);
    }
  });

  test('is a file, or below one: the code of the system, and no pull as its remedy', async ({ mac }) => {
    const file = mac.folder();
    fs.writeFileSync(file, '');
    for (const [cache, codes] of [
      [file, ['ENOTDIR', 'EEXIST']],
      [`${file}/below`, ['ENOTDIR', 'ENOTDIR']],
    ] as const) {
      const { leaks, replica } = mac.open(cache);
      const failures = [await failureOf(leaks.ready()), await failureOf(replica.pull())];
      expect(failures.map(({ code }) => code)).toEqual(['REPLICA_UNREADABLE', 'REPLICA_UNWRITABLE']);
      for (const [i, { message, hint }] of failures.entries()) {
        expect(message).toMatch(new RegExp(`: ${cache}: ${codes[i]}$`));
        expect(hint).toMatch(/^Name a folder/);
      }
    }
  });

  test('is the folder of a dataset, which a pull leaves as it is', async ({ mac }) => {
    const { folder } = mac.made;
    const before = fs.readdirSync(folder).sort();
    expect(await failureOf(mac.open(folder).replica.pull())).toMatchObject({
      code: 'REPLICA_MISPLACED',
      message: expect.stringContaining(folder),
    });
    expect(fs.readdirSync(folder).sort()).toEqual(before);
    for (const name of ['dataset.json', 'CURRENT']) {
      const cache = mac.folder();
      fs.mkdirSync(cache);
      fs.copyFileSync(path.join(folder, name), path.join(cache, name));
      expect((await failureOf(mac.open(cache).replica.pull())).code).toBe('REPLICA_MISPLACED');
      expect(fs.readdirSync(cache)).toEqual([name]);
    }
  });
});
