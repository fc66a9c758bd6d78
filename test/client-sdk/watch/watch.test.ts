// Checkers that make watch tags: the pairs of a login, sealed to an offline key.

import { inspect } from 'node:util';
import express from 'express';
import { test as base, describe, expect } from 'vitest';
import { leakCheck } from '../../../client-sdk/adapter/express.ts';
import type { LeakChecker, LeakCheckerOptions } from '../../../client-sdk/index.ts';
import { createWatchingChecker } from '../../../client-sdk/watch/watching-checker.ts';
import { createWatchKey } from '../../../match/watch/watch-key.ts';
import { normalizePassword, normalizeUsername } from '../../../protocol/normalize.ts';
import { pairInput } from '../../../protocol/private-input.ts';
import { dayOf, WATCH_TAG_CHARACTERS, type WatchedPairs } from '../../../protocol/watch/watch-tag.ts';
import type { MadeDataset } from '../../support/dataset.ts';
import { keyPinOf } from '../../support/pins.ts';
import { openTag } from '../../support/watch.ts';
import {
  createClientWorld,
  isAccount,
  isPassword,
  LEAKED,
  STRANGER,
  TIMEOUT_MS,
} from '../../support/worlds/client-world.ts';
import { createOprfWorld } from '../../support/worlds/oprf-world.ts';

const watchKey = createWatchKey();

interface Suite {
  readonly made: MadeDataset;
  readonly url: string;
  readonly watching: (url: string, more?: Partial<LeakCheckerOptions>) => LeakChecker;
}

const test = base.extend<{ hmac: Suite & Awaited<ReturnType<typeof createClientWorld>>; oprf: Suite }>({
  hmac: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from the pattern.
    async ({}, use) => {
      const world = await createClientWorld();
      await use({ ...world, watching: (url, more) => create({ url, ...keyPinOf(world.made), ...more }) });
      await world.close();
    },
    { scope: 'file' },
  ],
  oprf: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from the pattern.
    async ({}, use) => {
      const world = await createOprfWorld({ pairs: [LEAKED] });
      await use({ ...world, watching: (url, more) => create({ url, ...world.pin, ...more }) });
      await world.close();
    },
    { scope: 'file' },
  ],
});

const create = (options: Partial<LeakCheckerOptions>): LeakChecker =>
  createWatchingChecker({
    ...{ timeoutMs: TIMEOUT_MS, bucketCacheBytes: 0, watchKey: watchKey.publicLine, url: '' },
    ...options,
  } as Parameters<typeof createWatchingChecker>[0]);

const entryOf = ({ made }: Suite, username: string, password: string): Uint8Array =>
  made.key
    .createSuite()
    .evaluate(pairInput(normalizeUsername(username), normalizePassword(password)))
    .slice(0, 14);

const sorted = (entries: readonly Uint8Array[]): string[] =>
  entries.map((entry) => Buffer.from(entry).toString('hex')).sort();

describe.each(['hmac', 'oprf'] as const)('a watching checker of the suite %s', (name) => {
  test('makes tags of the entries of a dataset, without a request more', async ({ hmac, oprf }) => {
    const suite = { hmac, oprf }[name];
    const routes: string[] = [];
    const count = async (checker: LeakChecker) => {
      routes.length = 0;
      const verdict = await checker.check(LEAKED);
      return { verdict, routes: [...routes] };
    };
    const onRequest = ({ route }: { route: string }) => routes.push(route);
    const watched = await count(suite.watching(suite.url, { onRequest }));
    const tag = (await watched.verdict.watchTag?.('7')) as string;
    expect(tag).toMatch(/^credveil-tag-1\.[\w-]{400}$/);
    expect(watched.routes.filter((route) => !/head|statement|sources/.test(route)).sort()).toEqual(
      name === 'hmac' ? ['account', 'password'] : ['lookup', 'password'],
    );
    const opened = openTag(watchKey, suite.made, '7', tag) as WatchedPairs;
    expect(opened).toMatchObject({ pairs: 1, day: dayOf(Date.now()) });
    expect(sorted(opened.entries)).toEqual(sorted([entryOf(suite, LEAKED.username, LEAKED.password)]));
  });

  test('seals all usernames of an account, leaked or not', async ({ hmac, oprf }) => {
    const suite = { hmac, oprf }[name];
    const usernames = [LEAKED.username, 'second@example.test', '+49 151 1'];
    const { watchTag } = await suite.watching(suite.url).check({ usernames, password: STRANGER.password });
    const opened = openTag(watchKey, suite.made, '7', (await watchTag?.('7')) as string) as WatchedPairs;
    expect(sorted(opened.entries)).toEqual(sorted(usernames.map((one) => entryOf(suite, one, STRANGER.password))));
  });

  test('makes no tag of a password alone, of a username alone, or without an answer', async ({ hmac, oprf }) => {
    const suite = { hmac, oprf }[name];
    const checker = suite.watching(suite.url);
    for (const credential of [{ password: 'x' }, { username: 'x' }, { username: ' ', password: 'x' }])
      expect(await checker.check(credential)).not.toHaveProperty('watchTag');
    const offline = suite.watching('http://127.0.0.1:9');
    expect(await offline.check(LEAKED)).not.toHaveProperty('watchTag');
  });
});

test('a dataset with similar passwords makes no other tags', async () => {
  const world = await createOprfWorld({ pairs: [LEAKED], similar: true });
  try {
    const checker = create({ url: world.url, ...world.pin });
    const { signals, watchTag } = await checker.check({ ...LEAKED, password: `${LEAKED.password}1` });
    expect(signals).toMatchObject({ pair: { result: 'absent' }, similar: { result: 'found' } });
    const opened = openTag(watchKey, world.made, '7', (await watchTag?.('7')) as string) as WatchedPairs;
    expect(sorted(opened.entries)).toEqual([
      Buffer.from(
        world.made.suite.evaluate(
          pairInput(normalizeUsername(LEAKED.username), normalizePassword(`${LEAKED.password}1`)),
        ),
      ).toString('hex', 0, 14),
    ]);
  } finally {
    await world.close();
  }
});

describe('a watch tag', () => {
  test('differs from another one of the same pair, and has one length for all', async ({ hmac }) => {
    const checker = hmac.watching(hmac.url);
    const { watchTag } = await checker.check(LEAKED);
    const long = await checker.check({ usernames: ['a', 'b'.repeat(300)], password: 'c'.repeat(5000) });
    const tags = await Promise.all([
      watchTag?.('7'),
      watchTag?.('7'),
      watchTag?.('8'),
      long.watchTag?.('é'.repeat(512)),
    ]);
    expect(new Set(tags).size).toBe(4);
    expect(tags.map((tag) => tag?.length)).toEqual(Array(4).fill(WATCH_TAG_CHARACTERS));
  });

  test('opens with its own key alone, for its own account, in its own dataset', async ({ hmac, oprf }) => {
    const { watchTag } = await hmac.watching(hmac.url).check(LEAKED);
    const tag = (await watchTag?.('7')) as string;
    expect(openTag(watchKey, hmac.made, '7', tag)).toMatchObject({ pairs: 1 });
    expect(openTag(createWatchKey(), hmac.made, '7', tag)).toBe('other-watch-key');
    expect(openTag(watchKey, hmac.made, '8', tag)).toBe('altered-or-moved');
    expect(openTag(watchKey, oprf.made, '7', tag)).toBe('other-dataset');
  });

  test('counts pairs that do not fit', async ({ hmac }) => {
    const usernames = Array.from({ length: 16 }, (_, i) => `name${i}@example.test`);
    const { watchTag } = await hmac.watching(hmac.url).check({ usernames, passwords: ['x', 'y'] });
    const opened = openTag(watchKey, hmac.made, '7', (await watchTag?.('7')) as string) as WatchedPairs;
    expect([opened.pairs, opened.entries.length]).toEqual([32, 16]);
  });

  test('is made although the password alone is not answered, and not unless every pair is', async ({ hmac }) => {
    const failing = (is: (url: string) => boolean) =>
      hmac.spoil((answer, url) => {
        if (is(url)) answer.status = 500;
      });
    const withoutPasswords = await hmac.watching((await failing(isPassword)).url).check(LEAKED);
    expect(withoutPasswords.signals.password.result).toBe('unknown');
    expect(withoutPasswords).toHaveProperty('watchTag');
    const withoutAccounts = await hmac.watching((await failing(isAccount)).url).check(LEAKED);
    expect(withoutAccounts.signals.password.result).toBe('found');
    expect(withoutAccounts).not.toHaveProperty('watchTag');
    const usernames = [LEAKED.username, 'x'.repeat(65_536)];
    const inPart = await hmac.watching(hmac.url).check({ usernames, password: LEAKED.password });
    expect(inPart.status).toBe('pair');
    expect(inPart).not.toHaveProperty('watchTag');
    await hmac.closeFronts();
  });

  test('takes the id of an account, and nothing else', async ({ hmac }) => {
    const { watchTag } = await hmac.watching(hmac.url).check(LEAKED);
    for (const account of [
      '',
      'x'.repeat(1025),
      'é'.repeat(513),
      '\ud800',
      7.5,
      2 ** 53,
      Number.NaN,
      {},
      null,
      undefined,
    ])
      await expect(watchTag?.(account as string), String(account).slice(0, 9)).rejects.toMatchObject({
        code: 'ARGUMENT_MALFORMED',
        hint: expect.stringContaining('as text'),
      });
  });

  test('takes an integer as the text that a table shows', async ({ hmac }) => {
    const { watchTag } = await hmac.watching(hmac.url).check(LEAKED);
    for (const account of [7, 0, -3, 2 ** 53 - 1, 2n ** 63n]) {
      const tag = (await watchTag?.(account)) as string;
      expect(openTag(watchKey, hmac.made, String(account), tag), String(account)).toMatchObject({ pairs: 1 });
      expect(openTag(watchKey, hmac.made, `${account}1`, tag)).toBe('altered-or-moved');
    }
  });

  test('shows neither the pair nor its entry on its way', async ({ hmac }) => {
    const verdict = await hmac.watching(hmac.url).check(LEAKED);
    const tag = (await verdict.watchTag?.('7')) as string;
    const entry = Buffer.from(entryOf(hmac, LEAKED.username, LEAKED.password)).toString('hex');
    const bytes = Buffer.from(tag.slice(15), 'base64url').toString('hex');
    for (const text of [inspect(verdict, { depth: 9, showHidden: true }), JSON.stringify(verdict), bytes])
      for (const secret of [LEAKED.username, LEAKED.password, entry, entry.slice(0, 12)])
        expect(text).not.toContain(secret);
  });

  test('comes through an adapter', async ({ hmac }) => {
    const app = express().use(express.json());
    let tag: string | undefined;
    app.post('/login', leakCheck(hmac.watching(hmac.url)), async (request, response) => {
      tag = await (await request.leaks()).watchTag?.('7');
      response.end();
    });
    const server = app.listen(0);
    const { port } = server.address() as { port: number };
    const headers = { 'content-type': 'application/json' };
    await fetch(`http://127.0.0.1:${port}/login`, { method: 'POST', headers, body: JSON.stringify(LEAKED) });
    server.close();
    expect(openTag(watchKey, hmac.made, '7', tag as string)).toMatchObject({ pairs: 1 });
  });
});

test.for([
  ['no line', undefined],
  ['a secret line', createWatchKey().revealText()],
  ['an altered line', watchKey.publicLine.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'))],
])('refuses %s as watchKey', ([_, line], { hmac }) => {
  const make = () => create({ url: hmac.url, ...keyPinOf(hmac.made), watchKey: line } as never);
  expect(make).toThrow(expect.objectContaining({ code: 'KEY_MALFORMED' }));
  if (line) expect(make).not.toThrow(line.slice(40));
});
