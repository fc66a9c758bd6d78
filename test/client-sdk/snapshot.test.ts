// Snapshots that change under a client: it follows a new one, and rejects an older one.

import { describe, expect, vi } from 'vitest';
import { decodeHead, headSnapshotId } from '../../protocol/signed/head.ts';
import { type Pair, seededPairs } from '../support/dataset.ts';
import { type Answer, forward, send } from '../support/http-front.ts';
import { clientTest } from '../support/worlds/client-fixture.ts';
import {
  allUnknown,
  type ClientWorld,
  isBucket,
  isHead,
  LEAKED,
  STRANGER,
  summary,
  TIMEOUT_MS,
} from '../support/worlds/client-world.ts';

type Publish = (source: string, pairs?: readonly Pair[]) => Promise<string>;

const test = clientTest({ pollIntervalMs: 5 }).extend<{ readonly publish: Publish }>({
  /** Adds a source, publishes, and waits until the server serves the new snapshot. */
  publish: async ({ world }, use) => use((source, pairs) => publishTo(world, source, pairs)),
});

async function publishTo(
  world: ClientWorld,
  source: string,
  pairs: readonly Pair[] = seededPairs(10, source.length),
): Promise<string> {
  world.made.addSource(source, { pairs });
  const { snapshot } = await world.made.publish();
  await vi.waitFor(
    async () => {
      const ready = (await (await fetch(`${world.url}/readyz`)).json()) as { snapshot: string };
      expect(ready.snapshot).toBe(snapshot);
    },
    { timeout: TIMEOUT_MS },
  );
  return snapshot;
}

describe('a new snapshot', () => {
  const NEW = { username: 'eve@example.test', password: 'leaked yesterday' };

  test('published between config and bucket is used by the next check', async ({ world, publish }) => {
    const checker = world.checker(world.url);
    const before = await checker.check(NEW);
    expect(before.status).toBe('clean');
    // The server keeps one previous snapshot, so two publications remove the client's.
    await publish('second', [NEW]);
    const snapshot = await publish('third');
    const after = await checker.check(NEW);
    expect([after.status, after.snapshot]).toEqual(['pair', snapshot]);
    expect(snapshot).not.toBe(before.snapshot);
  });

  test('is used even if a cache ignores the requested snapshot', async ({ world, publish }) => {
    const ignoring = await world.front(async (request, response) => {
      request.url = (request.url ?? '').split('?')[0] ?? '';
      send(response, await forward(world.url, request));
    });
    const checker = world.checker(ignoring.url);
    expect((await checker.check(STRANGER)).status).toBe('clean');
    const snapshot = await publish('fourth');
    const verdict = await checker.check(LEAKED);
    expect([verdict.status, verdict.snapshot]).toEqual(['pair', snapshot]);
  });

  test('is retried only once', async ({ world }) => {
    const restless = await world.spoil((answer, url) => {
      if (isBucket(url)) answer.status = 410;
    });
    const checker = world.checker(restless.url);
    expect(summary(await checker.check(STRANGER))).toBe(allUnknown('SNAPSHOT_CHANGED'));
    expect(restless.requests.filter((request) => request.includes('/v1/head'))).toHaveLength(2);
    expect(restless.requests).toHaveLength(7);
  });

  test('is noticed once the head is due, even while the old one is still served', async ({ world, publish }) => {
    const pair = { username: 'mallory@example.test', password: 'leaked today' };
    const checker = world.checker(world.url, { headMaxAgeMs: 0 });
    expect((await checker.check(pair)).status).toBe('clean');
    await publish('fifth', [pair]);
    await vi.waitFor(async () => expect((await checker.check(pair)).status).toBe('pair'), { timeout: TIMEOUT_MS });
  });

  test('is not polled for: with a fresh config, a check costs two requests', async ({ world }) => {
    const counting = await world.spoil(() => {});
    const checker = world.checker(counting.url);
    await Promise.all(Array.from({ length: 10 }, () => checker.check(STRANGER)));
    for (let i = 0; i < 10; i++) await checker.check(STRANGER);
    expect(counting.requests.filter((request) => request.includes('/v1/head'))).toHaveLength(1);
    // The ten concurrent checks shared two.
    expect(counting.requests).toHaveLength(2 + 2 + 20);
  });
});

const REPORTED = { username: 'trent@example.test', password: 'leaked since' };

interface Before {
  /** The answer to a request for the head, before another snapshot was published. */
  readonly head: Answer;
  /** The id of the snapshot. */
  readonly id: string;
}

const replayTest = test.extend<{ readonly before: Before }>({
  before: [
    async ({ fileWorld }, use) => {
      const body = Buffer.from(await (await fetch(`${fileWorld.url}/v1/head`)).arrayBuffer());
      const snapshot = headSnapshotId(decodeHead(body).head);
      await publishTo(fileWorld, 'sixth', [REPORTED]);
      await use({ head: { status: 200, headers: {}, body }, id: snapshot });
    },
    { scope: 'file' },
  ],
});

describe('an old snapshot', () => {
  replayTest('is rejected by a checker that has seen a newer one', async ({ world, before }) => {
    let replays = false;
    const replaying = await world.spoil((answer, url) => {
      if (replays && isHead(url)) answer.body = before.head.body;
      else if (replays && isBucket(url) && !url.endsWith(before.id)) answer.status = 410;
    });
    const checker = world.checker(replaying.url);
    expect((await checker.check(REPORTED)).status).toBe('pair');
    replays = true;
    expect(summary(await checker.check(REPORTED))).toBe(allUnknown('SNAPSHOT_OLDER'));
    replays = false;
    expect((await checker.check(REPORTED)).status, 'the newer snapshot is not forgotten').toBe('pair');
    replays = true;
    // A checker that has seen nothing newer cannot know. The answer was true at that time.
    const verdict = await world.checker(replaying.url).check(REPORTED);
    expect([verdict.status, verdict.snapshot]).toEqual(['clean', before.id]);
  });

  replayTest('in a background renewal changes no verdict', async ({ world, before }) => {
    let replays = false;
    const replaying = await world.spoil((answer, url) => {
      if (replays && isHead(url)) answer.body = before.head.body;
    });
    const checker = world.checker(replaying.url, { headMaxAgeMs: 0 });
    const { snapshot } = await checker.check(STRANGER);
    replays = true;
    for (let i = 0; i < 5; i++) expect((await checker.check(REPORTED)).status).toBe('pair');
    expect((await checker.check(REPORTED)).snapshot).toBe(snapshot);
  });

  replayTest('is rejected if its buckets are served under the id of the new one', async ({ world, before }) => {
    const renaming = await world.front(async (request, response) => {
      request.url = (request.url ?? '').replace(/snapshot=.*/, `snapshot=${before.id}`);
      const answer = await forward(world.url, request);
      delete answer.headers['credveil-snapshot'];
      send(response, answer);
    });
    const verdict = await world.checker(renaming.url).check(STRANGER);
    expect(verdict.status).toBe('unknown');
    expect(['BODY_FORGED', 'BODY_MALFORMED']).toContain(verdict.reason);
  });
});
