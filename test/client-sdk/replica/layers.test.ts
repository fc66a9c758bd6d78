// A replica of a snapshot in layers fetches those that it does not hold, and answers as the service
// does; what is wrong with one of them is unknown.

import fs from 'node:fs';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import { openCurrent } from '../../../store/snapshot/current.ts';
import { layersOf, type SnapshotFacts } from '../../../store/snapshot/layout/snapshot-facts.ts';
import { seededPairs } from '../../support/dataset.ts';
import { LEAKED, STRANGER } from '../../support/worlds/client-world.ts';
import { createReplicaWorld, type ReplicaWorld } from '../../support/worlds/replica-world.ts';

const test = base.extend<{ readonly world: ReplicaWorld; readonly suite: 'hmac' | 'oprf' }>({
  suite: 'hmac',
  world: async ({ suite }, use) => {
    const world = await createReplicaWorld({
      ...{ pairs: [LEAKED, ...seededPairs(suite === 'oprf' ? 120 : 400)], bucketFloor: 4, similar: true, suite },
    });
    await use(world);
    await world.close();
  },
});

const fetched = ({ requests }: ReplicaWorld): string[] => requests.filter((one) => one.includes('/v1/replica/'));
const addedOf = ({ made }: ReplicaWorld): string[] =>
  layersOf(openCurrent(made.dataset)?.facts as SnapshotFacts).map(({ layer }) => layer);

describe.each(['hmac', 'oprf'] as const)('a replica under %s', (suite) => {
  const ofSuite = test.override('suite', suite);

  ofSuite('fetches the layers that it does not hold', async ({ world }) => {
    const cache = world.folder();
    const { leaks, replica } = world.open(cache, { headMaxAgeMs: 0 });
    const { snapshot: first } = await replica.pull();
    const inode = fs.statSync(path.join(cache, first, 'account')).ino;
    const leaked: string[] = [];
    for (let number = 1; number <= 5; number++) {
      world.forget();
      leaked.push(`added ${number}`);
      await world.publish(`source-${number}`, [`added ${number}`], true);
      const { snapshot } = await replica.pull();
      const layers = addedOf(world);
      const last = layers.at(-1);
      expect(layers.length).toBe([2, 3, 4, 2, 3][number - 1]);
      expect(fetched(world).length).toBeGreaterThan(0);
      for (const request of fetched(world)) expect(request).toContain(`&layer=${last}`);
      expect(fs.statSync(path.join(cache, snapshot, 'account')).ino, 'the same file').toBe(inode);
      expect(fs.readdirSync(cache).filter((name) => name !== snapshot)).toEqual(['head']);
      world.forget();
      for (const password of leaked) expect((await leaks.check({ password })).status).toBe('password');
      expect((await leaks.check(LEAKED)).status).toBe('pair');
      expect((await leaks.check(STRANGER)).status).toBe('clean');
      expect(world.requests.filter((one) => !one.endsWith('/v1/evaluate'))).toEqual([]);
    }
    await world.publish('whole', ['whole']);
    await replica.pull();
    for (const password of [...leaked, 'whole']) expect((await leaks.check({ password })).status).toBe('password');
  });
});

describe('a layer of a replica', () => {
  const damaged: readonly (readonly [string, (file: string) => void])[] = [
    ['missing', (file) => fs.rmSync(file)],
    ['cut', (file) => fs.truncateSync(file, fs.statSync(file).size - 1)],
    [
      'altered',
      (file) =>
        fs.writeFileSync(
          file,
          fs.readFileSync(file).map((byte) => byte ^ 1),
        ),
    ],
    ['empty', (file) => fs.writeFileSync(file, Buffer.alloc(fs.statSync(file).size))],
  ];

  test('that is missing, cut, altered or empty is unknown, and mended by a pull', async ({ world }) => {
    await world.publish('second', ['added'], true);
    const cache = world.folder();
    const { snapshot } = await world.open(cache).replica.pull();
    const added = fs.readdirSync(path.join(cache, snapshot)).filter((name) => /^password-[0-9a-f]{32}$/.test(name));
    expect(added.length).toBe(1);
    for (const name of ['password', ...added])
      for (const [what, damage] of damaged) {
        damage(path.join(cache, snapshot, name));
        const { leaks, replica } = world.open(cache);
        for (const password of ['added', LEAKED.password, 'never leaked']) {
          const { status, reason } = await leaks.check({ password });
          expect([status, reason], `${name} ${what}`).toEqual(['unknown', expect.stringMatching(/REPLICA|BODY/)]);
        }
        await replica.pull({ verify: true });
        for (const password of ['added', LEAKED.password])
          expect((await leaks.check({ password })).status, `${name} ${what}`).toBe('password');
        expect((await leaks.check({ password: 'never leaked' })).status).toBe('clean');
      }
  });

  test('is not taken from a snapshot that has it in part', async ({ world }) => {
    const cache = world.folder();
    const { leaks, replica } = world.open(cache, { headMaxAgeMs: 0 });
    const { snapshot } = await replica.pull();
    fs.truncateSync(path.join(cache, snapshot, 'account'), 100);
    await world.publish('second', ['added'], true);
    await replica.pull();
    expect((await leaks.check(LEAKED)).status).toBe('pair');
    expect((await leaks.check({ password: 'added' })).status).toBe('password');
  });
});
