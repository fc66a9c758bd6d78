// Random sets of credentials through runs and publishing, against a plain Map.

import { describe, expect, test } from 'vitest';
import { decodeTimes, encodeTimes } from '../../protocol/metadata.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { deleteRun } from '../../store/run/run.ts';
import type { IndexFacts } from '../../store/snapshot/layout/snapshot-facts.ts';
import { openSnapshot, type Snapshot } from '../../store/snapshot/snapshot.ts';
import { type MadeDataset, type MakeDatasetOptions, makeDataset, type Pair } from '../support/dataset.ts';
import { entryReader, tagsByBucket } from '../support/entries.ts';
import { createRandom, type Random, testSeed } from '../support/random.ts';

interface Source {
  readonly name: string;
  readonly pairs: readonly Pair[];
  readonly passwords: readonly string[];
}

function randomSource(random: Random, name: string): Source {
  // Few usernames and passwords, so that sources overlap. A large source now and then gives many
  // buckets.
  const variety = random.pick([3, 30, 3000]);
  const size = random.below(variety === 3000 ? 400 : 40);
  const password = (): string => `pass-${random.below(variety)}`;
  return {
    name,
    pairs: Array.from({ length: size }, () => ({
      username: `User${random.below(variety)}@example.test`,
      password: password(),
      times: random.pick([1, 1, 1, 2, 3, 100, 1_000_000]),
    })),
    passwords: Array.from({ length: random.below(20) }, password),
  };
}

/** Counts by credential. A pair has a JSON array as its key, which no two pairs share. */
function tally(sources: readonly Source[]): {
  pairs: Map<string, number>;
  users: Map<string, number>;
  passwords: Map<string, number>;
} {
  const pairs = new Map<string, number>();
  const users = new Map<string, number>();
  const passwords = new Map<string, number>();
  const add = (map: Map<string, number>, key: string, times: number): void => {
    map.set(key, (map.get(key) ?? 0) + times);
  };
  for (const source of sources) {
    for (const { username, password, times = 1 } of source.pairs) {
      add(pairs, JSON.stringify([username, password]), times);
      add(users, username, times);
      add(passwords, password, times);
    }
    for (const password of source.passwords) add(passwords, password, 1);
  }
  add(pairs, JSON.stringify([CANARY.username, CANARY.password]), 1);
  add(users, CANARY.username, 1);
  add(passwords, CANARY.password, 1);
  return { pairs, users, passwords };
}

/** The count that metadata decodes to: the lower end of its band. */
const band = (times: number): number | undefined => decodeTimes(encodeTimes(times));

/** The tags of every bucket of an index, each bucket opened, and the facts of the index. */
interface IndexContent {
  readonly tags: number[][];
  readonly facts: IndexFacts | undefined;
}

interface Content {
  readonly account: IndexContent;
  readonly password: IndexContent;
}

function readContent(snapshot: Snapshot, { suite }: MadeDataset): Content {
  const read = (index: 'account' | 'password'): IndexContent => ({
    tags: tagsByBucket(snapshot, suite, index),
    facts: snapshot.facts.indexes[index],
  });
  return { account: read('account'), password: read('password') };
}

/** Expects exactly the entries of these sources. @returns what the snapshot contains */
async function expectHolds(made: MadeDataset, sources: readonly Source[]): Promise<Content> {
  const snapshot = await openSnapshot(made.dataset);
  try {
    const reader = entryReader(snapshot, made.suite);
    const { pairs, users, passwords } = tally(sources);
    for (const [key, times] of pairs) {
      const [username, password] = JSON.parse(key) as [string, string];
      expect(reader.pair(username.toUpperCase(), password)?.timesSeen).toBe(band(times));
      if (!pairs.has(JSON.stringify([username, `${password}x`])))
        expect(reader.pair(username, `${password}x`)).toBeUndefined();
    }
    for (const [username, times] of users) expect(reader.username(username)?.timesSeen).toBe(band(times));
    for (const [password, times] of passwords) expect(reader.password(password)?.timesSeen).toBe(band(times));
    expect(reader.username('never-leaked@example.test')).toBeUndefined();
    expect(reader.password('never leaked')).toBeUndefined();
    // Nothing but what was put in.
    const content = readContent(snapshot, made);
    expect(content.account.tags.flat().length).toBe(pairs.size + users.size);
    expect(content.password.tags.flat().length).toBe(passwords.size);
    expect(content.account.facts?.entries).toBe(pairs.size + users.size);
    return content;
  } finally {
    snapshot.close();
  }
}

/** The content of a dataset that never had another source than these. */
async function contentWithout(sources: readonly Source[], options: MakeDatasetOptions): Promise<Content> {
  const [first, ...others] = sources as [Source, ...Source[]];
  const made = await makeDataset({ ...first, ...options });
  try {
    for (const { name, ...content } of others) made.addSource(name, content);
    await made.publish();
    const snapshot = await openSnapshot(made.dataset);
    const content = readContent(snapshot, made);
    snapshot.close();
    return content;
  } finally {
    made.dispose();
  }
}

const CASES = 200;

describe('a published dataset', () => {
  test(`a dataset contains the credentials of ${CASES} random sets of sources, also after a removal`, async () => {
    const random = createRandom(testSeed('store'));
    for (let i = 0; i < CASES; i++) {
      const first = { ...randomSource(random, 'first') };
      const others = Array.from({ length: random.below(4) }, (_, n) => randomSource(random, `source-${n}`));
      const options = {
        metadataBytes: random.pick([1, 3] as const),
        bucketFloor: random.pick([1, 4, 16]),
        published: false,
        keySeed: 1 + i,
      };
      const made = await makeDataset({ ...first, ...options });
      try {
        for (const { name, ...content } of others) made.addSource(name, content);
        await made.publish();
        await expectHolds(made, [first, ...others]);
        const removed = others.pop();
        if (!removed) continue;
        deleteRun(made.dataset, removed.name);
        await made.publish();
        const left = await expectHolds(made, [first, ...others]);
        expect(left).toEqual(await contentWithout([first, ...others], options));
      } finally {
        made.dispose();
      }
    }
  });

  test('a dataset names the newest source of an entry', async () => {
    const shared = { username: 'a@example.test', password: 'shared' };
    const made = await makeDataset({ pairs: [shared], metadataBytes: 3, published: false });
    try {
      made.addSource('second', { pairs: [shared, { username: 'b@example.test', password: 'own' }] });
      await made.publish();
      const snapshot = await openSnapshot(made.dataset);
      const reader = entryReader(snapshot, made.suite);
      const names = new Map(snapshot.facts.sources.map(({ number, name }) => [number, name]));
      expect(names.get(reader.pair('a@example.test', 'shared')?.source ?? 0)).toBe('second');
      expect(names.get(reader.pair('b@example.test', 'own')?.source ?? 0)).toBe('second');
      expect(reader.pair(CANARY.username, CANARY.password)?.source).toBe(0);
      snapshot.close();
    } finally {
      made.dispose();
    }
  });
});
