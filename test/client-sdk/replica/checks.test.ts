// Checks on a replica: right verdicts under both suites, no request that tells about them, and
// `unknown` with its reason for whatever is damaged, old or half there.

import fs from 'node:fs';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import type { Credential, LeakChecker, UnknownReason } from '../../../client-sdk/index.ts';
import { decodeElementsRequest } from '../../../protocol/oprf-messages.ts';
import { type MakeDatasetOptions, type Pair, seededPairs } from '../../support/dataset.ts';
import { perFile } from '../../support/per-file.ts';
import { createRandom, testSeed } from '../../support/random.ts';
import { LEAKED } from '../../support/worlds/client-world.ts';
import { createReplicaWorld, type OpenReplica, type ReplicaWorld } from '../../support/worlds/replica-world.ts';

/** Checks of a long run: CREDVEIL_REPLICA_CHECKS=100000. */
const CHECKS = Number(process.env.CREDVEIL_REPLICA_CHECKS ?? 200);
const PAIRS: readonly Pair[] = [LEAKED, ...seededPairs(300)];

interface World extends ReplicaWorld {
  readonly cache: string;
  readonly pulled: OpenReplica;
}

async function openWorld(options: MakeDatasetOptions): Promise<World> {
  const world = await createReplicaWorld({ ...options, pairs: PAIRS, bucketFloor: 4 });
  const cache = world.folder();
  const pulled = world.open(cache);
  await pulled.replica.pull();
  return { ...world, cache, pulled };
}

const opened = (options: MakeDatasetOptions) =>
  perFile(
    () => openWorld(options),
    (world) => world.close(),
  );
const test = base.extend<{ readonly mac: World; readonly signed: World; readonly oprf: World }>({
  mac: opened({}),
  signed: opened({ signed: true }),
  oprf: opened({ suite: 'oprf' }),
});

const usernames = new Set(PAIRS.map(({ username }) => username));
const passwords = new Set(PAIRS.map(({ password }) => password));
const pairs = new Set(PAIRS.map(({ username, password }) => JSON.stringify([username, password])));

/** What a plain set says. */
function expected({ username, password }: Pair): string {
  if (pairs.has(JSON.stringify([username, password]))) return 'pair';
  if (passwords.has(password)) return 'password';
  return usernames.has(username) ? 'username' : 'clean';
}

async function compareWithSet(leaks: LeakChecker, checks: number): Promise<void> {
  const random = createRandom(testSeed('checks on a replica'));
  const found = new Set<string>();
  for (let check = 0; check < checks; check++) {
    const { username, password } = random.pick(PAIRS);
    const asked = {
      username: random.below(3) > 0 ? username : `${username}.${random.below(1_000)}`,
      password: random.pick([password, random.pick(PAIRS).password, `${password} ${random.below(1_000)}`]),
    };
    const { status, reason } = await leaks.check(asked);
    expect([status, reason]).toEqual([expected(asked), undefined]);
    found.add(status);
  }
  expect([...found].sort()).toEqual(['clean', 'pair', 'password', 'username']);
}

describe('checks on a replica', () => {
  test('agree with a plain set and ask nobody, under hmac', async ({ mac, signed }) => {
    for (const { pulled, requests, forget } of [mac, signed]) {
      forget();
      await compareWithSet(pulled.leaks, CHECKS / 2);
      expect(requests).toEqual([]);
    }
  });

  test('in a loop let timers fire, though none of them waits', async ({ mac }) => {
    let fired = 0;
    const timer = setInterval(() => fired++, 1);
    for (let check = 0; check < 3_000; check++) await mac.pulled.leaks.check(PAIRS[0] as Pair);
    clearInterval(timer);
    expect(fired).toBeGreaterThan(0);
  });

  test('agree with a plain set and send blinded elements alone, under oprf', async ({ oprf }) => {
    const { pulled, requests, bodies, forget } = oprf;
    await pulled.leaks.check({ password: 'any' });
    forget();
    const checks = Math.ceil(CHECKS / 10);
    await compareWithSet(pulled.leaks, checks);
    expect(requests).toEqual(Array.from({ length: checks }, () => 'POST /v1/evaluate'));
    const elements = bodies.flatMap((body) => decodeElementsRequest(body));
    // A pair, a username, a password and the linear check, whatever was asked and found.
    expect(elements.length).toBe(4 * checks);
    expect(new Set(elements.map((element) => Buffer.from(element).toString('hex'))).size).toBe(elements.length);
  });

  test('ready asks nobody under hmac, and has an element evaluated under oprf', async ({ mac, oprf }) => {
    for (const { pulled, requests, forget } of [mac, oprf]) {
      forget();
      await pulled.leaks.ready();
      expect(requests).toEqual(pulled === mac.pulled ? [] : ['POST /v1/evaluate']);
      const cache = mac.folder();
      const world = pulled === mac.pulled ? mac : oprf;
      fs.cpSync(world.cache, cache, { recursive: true });
      const [snapshot = ''] = fs.readdirSync(cache).filter((file) => /^\d/.test(file));
      fs.rmSync(path.join(cache, snapshot, 'password'));
      await expect(world.open(cache).leaks.ready()).rejects.toMatchObject({ code: 'REPLICA_UNREADABLE' });
    }
  });
});

/** Damages a copy of the world's replica, given the folder of its snapshot. */
type Damage = (snapshot: string, cache: string) => void;

const change =
  (name: string, alter: (bytes: Buffer) => Buffer): Damage =>
  (snapshot) => {
    const file = path.join(snapshot, name);
    fs.writeFileSync(file, alter(fs.readFileSync(file)));
  };
const flipped = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte, at) => (at % 64 === 40 ? byte ^ 1 : byte)));
const cut = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 1);
/** Each slot one place on: authentic buckets of others. */
const moved = (bytes: Buffer): Buffer => {
  const width = bytes.length / 2 ** Math.floor(Math.log2(bytes.length / 100));
  return Buffer.concat([bytes.subarray(width), bytes.subarray(0, width)]);
};

const DAMAGES: readonly (readonly [string, UnknownReason | RegExp, Damage])[] = [
  ['an altered index', /^BODY_(FORGED|MALFORMED)$/, change('account', flipped)],
  ['buckets at other places', /^BODY_(FORGED|MALFORMED)$/, change('account', moved)],
  ['zeros', 'BODY_MALFORMED', change('account', (bytes) => Buffer.alloc(bytes.length))],
  ['an index cut off', 'REPLICA_UNREADABLE', change('account', cut)],
  ['a missing index', 'REPLICA_UNREADABLE', (snapshot) => fs.rmSync(path.join(snapshot, 'account'))],
  ['a folder in its place', 'REPLICA_UNREADABLE', folderAt('account')],
  ['an altered statement', /^STATEMENT_/, change('statement', flipped)],
  ['a missing statement', 'REPLICA_UNREADABLE', (snapshot) => fs.rmSync(path.join(snapshot, 'statement'))],
  ['a missing snapshot', 'REPLICA_UNREADABLE', (snapshot) => fs.rmSync(snapshot, { recursive: true })],
  ['an altered head', /^HEAD_/, (_, cache) => change('head', flipped)(cache, cache)],
  ['a long head', 'REPLICA_UNREADABLE', (_, cache) => change('head', () => Buffer.alloc(5_000, '{'))(cache, cache)],
  ['no head', 'REPLICA_MISSING', (_, cache) => fs.rmSync(path.join(cache, 'head'))],
];

function folderAt(name: string): Damage {
  return (snapshot) => {
    fs.rmSync(path.join(snapshot, name));
    fs.mkdirSync(path.join(snapshot, name));
  };
}

/** The username alone: its bucket is the one that was damaged, whichever it is. */
const ASKED: Credential = { username: LEAKED.username };

describe.each(['mac', 'signed'] as const)('a damaged replica (%s)', (name) => {
  test.for(DAMAGES)('is unknown with its reason: %s', async ([, reason, damage], { mac, signed }) => {
    const world = name === 'mac' ? mac : signed;
    const cache = world.folder();
    fs.cpSync(world.cache, cache, { recursive: true });
    const [snapshot = ''] = fs.readdirSync(cache).filter((file) => /^\d/.test(file));
    damage(path.join(cache, snapshot), cache);
    const { leaks, replica } = world.open(cache);
    const verdict = await leaks.check(ASKED);
    expect(verdict.status).toBe('unknown');
    expect(verdict.reason).toMatch(reason);
    // Bytes that are there are read again only if they are to be.
    await replica.pull({ verify: String(reason).includes('BODY') });
    expect((await world.open(cache).leaks.check(ASKED)).status).toBe('username');
  });
});

describe('an old replica', () => {
  test('is unknown once its head has run out, and heals with a newer head', async ({ mac }) => {
    const cache = mac.folder();
    fs.cpSync(mac.cache, cache, { recursive: true });
    const stale = { maxSnapshotAgeMs: 1 };
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { leaks, replica } = mac.open(cache, stale);
    expect(await leaks.check(ASKED)).toMatchObject({ status: 'unknown', reason: 'SNAPSHOT_STALE' });
    await expect(replica.pull()).rejects.toMatchObject({ code: 'SNAPSHOT_STALE' });
    expect((await mac.open(cache).leaks.check(ASKED)).status).toBe('username');
  });

  test('is damaged under an open checker too, and never answers clean', async ({ mac }) => {
    const cache = mac.folder();
    fs.cpSync(mac.cache, cache, { recursive: true });
    const { leaks } = mac.open(cache);
    expect((await leaks.check(ASKED)).status).toBe('username');
    const [snapshot = ''] = fs.readdirSync(cache).filter((file) => /^\d/.test(file));
    change('account', flipped)(path.join(cache, snapshot), cache);
    expect((await leaks.check(ASKED)).reason).toMatch(/^BODY_/);
    change('account', cut)(path.join(cache, snapshot), cache);
    fs.truncateSync(path.join(cache, snapshot, 'account'), 0);
    expect((await leaks.check(ASKED)).reason).toBe('REPLICA_UNREADABLE');
  });
});
