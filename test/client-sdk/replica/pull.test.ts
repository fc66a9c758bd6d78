// Pulling a replica: what is fetched, what is refused, and going on after it broke off.

import fs from 'node:fs';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import { addClient, clientFileFor } from '../../../access/client-file.ts';
import { createLeakChecker, type LookupError } from '../../../client-sdk/index.ts';
import { createReplica } from '../../../client-sdk/replica/replica.ts';
import type { HeadKey } from '../../../protocol/brands.ts';
import { decodeHead, type Head } from '../../../protocol/signed/head.ts';
import { createSigningKey, type SigningKey } from '../../../store/signing-key.ts';
import { snapshotName } from '../../../store/snapshot/layout/snapshot-facts.ts';
import { publish } from '../../../store/snapshot/publish.ts';
import { readStatement, writeHead } from '../../../store/snapshot/statement-files.ts';
import { type MakeDatasetOptions, makeDataset, seededPairs } from '../../support/dataset.ts';
import { perFile } from '../../support/per-file.ts';
import { keyPinOf } from '../../support/pins.ts';
import { LEAKED, STRANGER } from '../../support/worlds/client-world.ts';
import { createReplicaWorld, type ReplicaWorld } from '../../support/worlds/replica-world.ts';

const opened = (options: MakeDatasetOptions) =>
  perFile(
    () => createReplicaWorld(options),
    (world) => world.close(),
  );
const test = base.extend<{ readonly world: ReplicaWorld; readonly large: ReplicaWorld }>({
  world: opened({ pairs: [LEAKED, ...seededPairs(300)], bucketFloor: 4 }),
  // Signed, and with more than 1,024 buckets: roots follow the slots.
  large: opened({ pairs: [LEAKED, ...seededPairs(2_100)], bucketFloor: 1, signed: true, indexes: ['account'] }),
});

/** So that an index takes many requests. */
const IN_PARTS = { maxBodyBytes: 2_560 };
const isPart = (target: string): boolean => target.includes('/v1/replica/');
const failing = (code: string) => ({ name: 'LookupError', code });

const headIn = (cache: string): Head => decodeHead(fs.readFileSync(path.join(cache, 'head'))).head;

async function servedHead({ server, clientKey }: ReplicaWorld) {
  const headers = { authorization: `Bearer ${clientKey}` };
  const bytes = await (await fetch(`${server.url}/v1/head`, { headers })).bytes();
  return { ...decodeHead(bytes).head, keyId: JSON.parse(Buffer.from(bytes).toString()).signatures[0].keyid };
}

function swapHalves(body: Buffer): void {
  const half = body.length / 2;
  const first = Buffer.from(body.subarray(0, half));
  body.copy(body, 0, half);
  first.copy(body, half);
}

const ALTERATIONS: readonly (readonly [what: string, code: string, alter: (body: Buffer) => void])[] = [
  ['a byte of a bucket', 'BODY_FORGED', (body: Buffer) => void body.writeUInt8((body[40] as number) ^ 1, 40)],
  ['two buckets', 'BODY_FORGED', swapHalves],
  ['the length of a slot', 'BODY_MALFORMED', (body: Buffer) => void body.fill(0xff)],
];

describe('a pull', () => {
  test('fetches each index once, and what is there answers without a request', async ({ large: world }) => {
    const { leaks, replica } = world.open(world.folder());
    expect(await leaks.check(LEAKED)).toMatchObject({ status: 'unknown', reason: 'REPLICA_MISSING' });
    const seen: number[] = [];
    const pulled = await replica.pull({ onProgress: ({ bytes, totalBytes }) => seen.push(bytes / totalBytes) });
    expect(pulled.isNew).toBe(true);
    expect([seen.at(-1), seen.toSorted((a, b) => a - b)]).toEqual([1, seen]);
    world.forget();
    expect(await leaks.check(LEAKED)).toMatchObject({ status: 'pair', snapshot: pulled.snapshot });
    expect((await leaks.check(STRANGER)).status).toBe('clean');
    expect(world.requests).toEqual([]);
    expect(await replica.pull()).toMatchObject({ isNew: false, snapshot: pulled.snapshot });
    expect(world.requests.filter(isPart)).toEqual([]);
  });

  test('goes on where it ended, after verifying what is there', async ({ world }) => {
    const cache = world.folder();
    const { leaks, replica } = world.open(cache, IN_PARTS);
    let left = 3;
    world.spoil((answer, target) => {
      if (isPart(target) && --left < 0) Object.assign(answer, { status: 503, body: Buffer.alloc(0) });
    });
    await expect(replica.pull()).rejects.toMatchObject(failing('HTTP_STATUS'));
    expect((await leaks.check(LEAKED)).reason).toBe('REPLICA_MISSING');
    const [part = ''] = fs.readdirSync(cache).filter((name) => name.endsWith('.part'));
    const file = path.join(cache, part, 'account');
    const there = fs.readFileSync(file);
    expect(there.length).toBeGreaterThan(6_000);
    // What was altered meanwhile, and what follows it, is fetched again.
    there[5_500] = (there[5_500] as number) ^ 1;
    fs.writeFileSync(file, there);
    world.spoil();
    world.forget();
    const seen: number[] = [];
    // Another checker: the pause that a refusal asks for is over.
    const next = world.open(cache, IN_PARTS);
    await next.replica.pull({ onProgress: ({ bytes }) => seen.push(bytes) });
    expect(seen[0]).toBeGreaterThan(2_000);
    expect(seen[0]).toBeLessThan(5_500);
    expect((await next.leaks.check(LEAKED)).status).toBe('pair');
    expect(fs.readdirSync(cache).some((name) => name.endsWith('.part'))).toBe(false);
  });

  test('asks again for a part that broke off', async ({ world }) => {
    const { leaks, replica } = world.open(world.folder(), IN_PARTS);
    let broken = 0;
    world.spoil((answer, target) => {
      if (isPart(target) && ++broken === 3) answer.body = answer.body.subarray(1);
    });
    await replica.pull();
    world.spoil();
    expect((await leaks.check(LEAKED)).status).toBe('pair');
  });

  test.for(ALTERATIONS)('refuses what is altered: %s', async ([, code, alter], { world }) => {
    const cache = world.folder();
    const { leaks, replica } = world.open(cache);
    world.spoil((answer, target) => {
      if (isPart(target)) alter(answer.body);
    });
    await expect(replica.pull()).rejects.toMatchObject(failing(code));
    world.spoil();
    expect((await leaks.check(LEAKED)).reason).toBe('REPLICA_MISSING');
    await replica.pull();
    expect((await leaks.check(LEAKED)).status).toBe('pair');
  });

  test('refuses roots that do not lead to the signed one, and another part than was asked for', async ({
    large: world,
  }) => {
    const { replica } = world.open(world.folder());
    world.spoil((answer, target) => {
      if (isPart(target)) answer.body.writeUInt8((answer.body[0] as number) ^ 1, 0);
    });
    await expect(replica.pull()).rejects.toMatchObject(failing('BODY_FORGED'));
    for (const wrong of [{ status: 200 }, { headers: { 'content-range': 'bytes 0-1/2' } }]) {
      world.spoil((answer, target) => {
        if (isPart(target)) Object.assign(answer, wrong);
      });
      await expect(replica.pull()).rejects.toMatchObject(failing('BODY_MALFORMED'));
    }
    world.spoil();
  });

  test('refuses the replica of another dataset, and one that it may not write', async ({ world }) => {
    const cache = world.folder();
    await world.open(cache).replica.pull();
    const other = await makeDataset({ pairs: seededPairs(5), keySeed: 2 });
    const replica = createReplica({ cache, refreshMs: 0 });
    createLeakChecker({ url: world.url, ...keyPinOf(other), replica });
    await expect(replica.pull()).rejects.toMatchObject(failing('DATASET_MISMATCH'));
    other.dispose();
    const file = world.folder();
    fs.writeFileSync(file, '');
    await expect(world.open(file).replica.pull()).rejects.toMatchObject(failing('REPLICA_UNWRITABLE'));
  });

  test('needs a client that may hold a replica', async ({ world }) => {
    const clientKey = addClient(clientFileFor(world.made.folder), 'other', {}).keyText as string;
    const { replica } = world.open(world.folder(), { clientKey });
    const failureOf = (): Promise<string> =>
      replica.pull().then(
        () => '',
        ({ message, hint }: LookupError) => `${message}. ${hint}`,
      );
    // Until the server has read its list again, it knows no such client.
    await expect
      .poll(failureOf)
      .toMatch(/does not accept this client: it may not hold a replica\. .*credveil client add DATASET NAME --replica/);
  });

  test('takes none that is older than one whose head a delegated key made', async () => {
    const world = await createReplicaWorld({ pairs: [LEAKED, ...seededPairs(20)], signed: true });
    try {
      const { dataset, suite, publisher } = world.made;
      const old = new Map<string, Buffer>();
      world.spoil((answer, target) => void old.set(target, answer.body));
      await world.open(world.folder()).replica.pull();
      world.spoil();
      const key = createSigningKey('head');
      const delegate = [key.publicKey as HeadKey];
      const { facts } = await publish(dataset, suite, { ...(publisher && { publisher }), delegate });
      const name = snapshotName(facts.snapshot);
      writeHead(dataset, name, readStatement(dataset, name), key);
      await expect.poll(async () => (await servedHead(world)).keyId).toBe(key.keyid);
      const cache = world.folder();
      const { leaks, replica } = world.open(cache);
      expect(await replica.pull()).toMatchObject({ snapshot: facts.snapshot, isNew: true });
      expect((await leaks.check(LEAKED)).status).toBe('pair');
      world.spoil((answer, target) => void Object.assign(answer, { status: 200, body: old.get(target) }));
      await expect(world.open(cache).replica.pull()).rejects.toMatchObject(failing('SNAPSHOT_OLDER'));
    } finally {
      await world.close();
    }
  });

  test('leaves a newer copy that another process has put there, though its head was issued before', async () => {
    const world = await createReplicaWorld({ pairs: [LEAKED, ...seededPairs(100)], bucketFloor: 4, signed: true });
    try {
      const old = new Map<string, Buffer>();
      world.spoil((answer, target) => void old.set(target, answer.body));
      await world.open(world.folder()).replica.pull();
      world.spoil();
      await world.publish('second', ['of the second']);
      const { dataset, publisher } = world.made;
      const issuedAt = Date.now() - 60_000;
      writeHead(dataset, '000002', readStatement(dataset, '000002'), publisher as SigningKey, undefined, issuedAt);
      await expect.poll(async () => Date.parse((await servedHead(world)).issuedAt)).toBeLessThan(issuedAt + 1_000);
      const [there, cache] = [world.folder(), world.folder()];
      const newer = await world.open(there).replica.pull();
      world.spoil((answer, target) => {
        // The server still has the slots of both.
        if (isPart(target)) fs.cpSync(there, cache, { recursive: true });
        else Object.assign(answer, { status: 200, body: old.get(target) });
      });
      const { leaks, replica } = world.open(cache);
      expect(await replica.pull()).toEqual(newer);
      world.spoil();
      expect(headIn(cache)).toEqual(headIn(there));
      expect((await leaks.check({ password: 'of the second' })).status).toBe('password');
    } finally {
      await world.close();
    }
  });

  test('follows a snapshot that is replaced meanwhile, and takes none that is older', async () => {
    const world = await createReplicaWorld({ pairs: [LEAKED, ...seededPairs(100)], bucketFloor: 4 });
    try {
      const cache = world.folder();
      const { leaks, replica } = world.open(cache, IN_PARTS);
      const old = new Map<string, Buffer>();
      let parts = 0;
      world.spoil(async (answer, target) => {
        if (answer.status === 200 && !old.has(target)) old.set(target, answer.body);
        if (!isPart(target) || ++parts !== 2) return;
        await world.publish('second', ['of the second']);
        await world.publish('third', ['of the third']);
      });
      const { snapshot } = await replica.pull();
      world.spoil();
      expect(snapshot).toMatch(/^000003-/);
      expect((await leaks.check({ password: 'of the third' })).status).toBe('password');
      // A service that goes back to what it was.
      world.spoil((answer, target) => {
        const before = old.get(target);
        if (before) Object.assign(answer, { status: 200, body: before });
      });
      await expect(replica.pull()).rejects.toMatchObject(failing('SNAPSHOT_OLDER'));
      expect((await leaks.check({ password: 'of the third' })).status).toBe('password');
      world.spoil();
      const fourth = await world.publish('fourth', ['of the fourth']);
      expect(await replica.pull()).toMatchObject({ snapshot: fourth, isNew: true });
      expect(fs.readdirSync(cache).sort()).toEqual([fourth, 'head']);
    } finally {
      await world.close();
    }
  });
});
