// Whoever stands between publisher and client mixes layers of snapshots, prefixes, indexes and
// datasets, drops them, repeats them and replays lists of them: what leaked is never clean, and
// what is told is right. A long run: CREDVEIL_HOSTILE_ROUNDS=20000.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test as base, describe, expect } from 'vitest';
import { createLeakChecker, type LeakCheckerOptions, type Verdict } from '../../../client-sdk/index.ts';
import { createReplica } from '../../../client-sdk/replica/replica.ts';
import type { BucketId } from '../../../protocol/brands.ts';
import { formatPrefix, INDEX_NAMES, type IndexName } from '../../../protocol/bucket-id.ts';
import { LENGTH_BYTES, slotBytes } from '../../../protocol/snapshot/slots.ts';
import { openSnapshot } from '../../../store/snapshot/snapshot.ts';
import { encodeSources, headPath } from '../../../store/snapshot/statement-files.ts';
import { type MadeDataset, makeDataset, type Pair, seededPairs } from '../../support/dataset.ts';
import { perFile } from '../../support/per-file.ts';
import { pinOf } from '../../support/pins.ts';
import { createRandom, type Random, testSeed } from '../../support/random.ts';
import { LEAKED, STRANGER, TIMEOUT_MS } from '../../support/worlds/client-world.ts';

const ROUNDS = Number(process.env.CREDVEIL_HOSTILE_ROUNDS ?? 25);
/** Layers of the last one: the first and one that four became. */
const SNAPSHOTS = 5;

/** What a server has of one snapshot: whole answers by path, and those for buckets by layer. */
interface Recorded {
  readonly head: Buffer;
  readonly documents: ReadonlyMap<string, Buffer>;
  readonly files: ReadonlyMap<string, Buffer>;
  readonly buckets: ReadonlyMap<string, readonly Buffer[]>;
}

interface World {
  readonly made: MadeDataset;
  readonly snapshots: readonly Recorded[];
  /** Of another dataset with the same key. */
  readonly other: Recorded;
  readonly leaked: readonly Pair[];
}

async function record(made: MadeDataset): Promise<Recorded> {
  const snapshot = await openSnapshot(made.dataset);
  try {
    const { facts, stated, layers } = snapshot;
    const id = facts.snapshot;
    const [documents, files] = [new Map<string, Buffer>(), new Map<string, Buffer>()];
    const buckets = new Map<string, Buffer[]>();
    documents.set(`/v1/statement/${id}`, stated.envelope);
    documents.set(`/v1/sources/${stated.statement.sources.sha256}`, Buffer.from(encodeSources(facts.sources)));
    for (const index of INDEX_NAMES)
      for (let bucket = 0; bucket < 2 ** (facts.indexes[index]?.prefixBits ?? 0); bucket++) {
        const place = `/v1/${index}/${formatPrefix(bucket as BucketId, facts.indexes[index]?.prefixBits as number)}`;
        const bodies = layers.map((layer) => {
          const room = Buffer.alloc(layer.mostBytes(index) + LENGTH_BYTES);
          return room.subarray(0, layer.answer(index, bucket as BucketId, room, 0).bytes);
        });
        buckets.set(`${place}?snapshot=${id}`, bodies);
      }
    for (const layer of layers) {
      const query = `?snapshot=${id}${layers.length > 1 ? `&layer=${layer.facts.layer}` : ''}`;
      const filter = await layer.filter?.read(0, layer.filter.bytes).toArray();
      files.set(`/v1/filter/password${query}`, Buffer.concat(filter ?? []));
      for (const index of INDEX_NAMES) files.set(`/v1/replica/${index}${query}`, slotsOf(layer, index));
    }
    return { head: fs.readFileSync(headPath(made.dataset, id.slice(0, 6))), documents, files, buckets };
  } finally {
    snapshot.close();
  }
}

function slotsOf(layer: Awaited<ReturnType<typeof openSnapshot>>['layers'][number], index: IndexName): Buffer {
  const facts = layer.facts.indexes[index];
  if (!facts) return Buffer.alloc(0);
  const slots = Array.from({ length: 2 ** facts.prefixBits }, (_, id) => layer.slot(index, id as BucketId));
  expect(slots.every(({ length }) => length === slotBytes(facts))).toBe(true);
  return Buffer.concat([...slots, layer.roots(index)]);
}

async function createWorld(signed: boolean): Promise<World> {
  const options = { pairs: [LEAKED, ...seededPairs(400)], similar: true, metadataBytes: 3, bucketFloor: 32 } as const;
  const made = await makeDataset({ ...options, signed });
  const leaked: Pair[] = [LEAKED];
  const snapshots = [await record(made)];
  for (let number = 1; number < SNAPSHOTS; number++) {
    const added = { username: `added-${number}@example.test`, password: `added since ${number}` };
    leaked.push(added);
    made.addSource(`source-${number}`, { pairs: [added, LEAKED], date: `202${number}-01` });
    await made.publish({ delta: true });
    snapshots.push(await record(made));
  }
  const other = await makeDataset({ ...options, signed, pairs: seededPairs(401, 9) });
  const recorded = await record(other);
  other.dispose();
  return { made, snapshots, other: recorded, leaked };
}

const test = base.extend<{ readonly worlds: readonly World[] }>({
  worlds: perFile(
    async () => [await createWorld(false), await createWorld(true)],
    async (worlds) => {
      for (const { made } of worlds) made.dispose();
    },
  ),
});

type Hostility = (target: string) => Buffer | undefined;

/** Another answer than the right one, most often of the right length. */
function hostile({ snapshots, other }: World, random: Random): Hostility {
  const any = <T>(all: Iterable<T>): T => random.pick([...all]);
  const of = (): Recorded => (random.below(6) === 0 ? other : random.pick(snapshots));
  const body = (index: IndexName): Buffer =>
    any(any([...of().buckets].filter(([place]) => place.startsWith(`/v1/${index}`)))[1]);
  const altered = (bodies: readonly Buffer[], index: IndexName): Buffer[] => {
    const pieces = [...bodies];
    const at = random.below(pieces.length);
    const kind = random.below(5);
    if (kind === 0) pieces.splice(at, 1);
    if (kind === 1) pieces.splice(at, 0, pieces[random.below(pieces.length)] as Buffer);
    if (kind === 2) pieces[at] = body(random.below(4) === 0 ? random.pick(INDEX_NAMES) : index);
    if (kind === 3) pieces.reverse();
    if (kind === 4) pieces[at] = pieces[random.below(pieces.length)] as Buffer;
    return pieces;
  };
  return (target) => {
    const kind = target.split('/')[2];
    if (kind === 'head') return of().head;
    if (kind === 'statement' || kind === 'sources') return any(of().documents.values());
    if (kind === 'filter' || kind === 'replica') return any(of().files.values());
    const bodies = snapshots.map(({ buckets }) => buckets.get(target)).find((found) => found !== undefined);
    return bodies && Buffer.concat(altered(bodies, kind as IndexName));
  };
}

/** A service that has all snapshots, the last of which is current. */
function serve({ snapshots }: World, current: () => number, spoil: () => Hostility | undefined): typeof fetch {
  const right = (target: string): Buffer | undefined => {
    if (target === '/v1/head') return snapshots[current()]?.head;
    for (const { documents, files, buckets } of snapshots) {
      const bodies = buckets.get(target);
      const found = documents.get(target) ?? files.get(target) ?? (bodies && Buffer.concat(bodies));
      if (found) return found;
    }
    return undefined;
  };
  return (async (url: string, { headers }: { headers: Record<string, string> }) => {
    const { pathname, search } = new URL(url);
    const body = spoil()?.(pathname + search) ?? right(pathname + search);
    if (!body) return new Response('{}', { status: 410 });
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    if (to === undefined) return new Response(new Uint8Array(body));
    const part = body.subarray(Number(from), Number(to) + 1);
    const sent = { 'content-range': `bytes ${from}-${to}/${body.length}` };
    return new Response(new Uint8Array(part), { status: 206, headers: sent });
  }) as never;
}

/** In the first source and in each one since. Heads of the last snapshot may be told early. */
const leakedTimes = (seen: number): number[] => Array.from({ length: SNAPSHOTS - seen }, (_, i) => seen + 1 + i);
/** An account that could not be read leaves what is known of the password. */
const OF_LEAKED = ['pair', 'password', 'username', 'unknown'];

describe.each([0, 1])('layers on a hostile way, dataset %i of unsigned and signed', (which) => {
  test.for([
    ['buckets', {}],
    ['filters', { passwordFilter: true }],
    ['replica', {}],
  ] as const)('%s', async ([way, more], { worlds }) => {
    const world = worlds[which] as World;
    const random = createRandom(testSeed(`hostile layers ${which} ${way}`));
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-hostile-'));
    const attack = hostile(world, random);
    const statuses = new Map<string, number>();
    const rounds = way === 'buckets' ? ROUNDS : Math.ceil(ROUNDS / 5);
    for (let round = 0; round < rounds; round++) {
      let current = random.pick([3, 4]);
      /** Of four requests so many are spoilt. */
      let share = 0;
      const spoil = (): Hostility | undefined => (random.below(4) < share ? attack : undefined);
      const replica =
        way === 'replica' ? createReplica({ cache: path.join(home, `${round}`), refreshMs: 0 }) : undefined;
      const leaks = createLeakChecker({
        ...{ url: 'http://localhost/', fetch: serve(world, () => current, spoil), timeoutMs: TIMEOUT_MS },
        ...{ headMaxAgeMs: 0, bucketCacheBytes: random.pick([0, 2 ** 20]), ...more, ...pinOf(world.made) },
        ...(replica && { replica }),
      } as LeakCheckerOptions);
      // Whoever has seen no newer head may be told of an older one: that is what it is for.
      const seen = replica ? current - 1 : current;
      if (replica) {
        current--;
        await replica.pull();
        current++;
        share = 1;
        for (let pull = 0; pull < 3; pull++) await replica.pull({ verify: pull === 1 }).catch(() => {});
      } else await leaks.check(STRANGER);
      share = 1 + random.below(3);
      if (way === 'filters') await leaks.loadFilter().catch(() => {});
      const tell = async (credential: Partial<Pair>, allowed: readonly string[]): Promise<Verdict> => {
        const verdict = await leaks.check(credential);
        const { status, reason } = verdict;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect(allowed, JSON.stringify([way, round, credential, status, reason])).toContain(status);
        return verdict;
      };
      for (const pair of world.leaked.slice(0, seen + 1)) {
        const { status, timesSeen = 0 } = await tell(pair, OF_LEAKED);
        const times = pair === LEAKED ? leakedTimes(seen) : [1];
        if (status === 'pair') expect(times, JSON.stringify(pair)).toContain(timesSeen);
        await tell({ password: pair.password }, ['password', 'unknown']);
      }
      await tell(STRANGER, ['clean', 'unknown']);
      replica?.close();
    }
    fs.rmSync(home, { recursive: true, force: true });
    if (way !== 'replica') expect(statuses.get('unknown'), 'some were spoilt').toBeGreaterThan(0);
    expect(statuses.get('pair'), 'and some were not').toBeGreaterThan(0);
  });
});
