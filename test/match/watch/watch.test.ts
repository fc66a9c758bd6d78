// watch open: the tags of accounts against the runs of a dataset, run after run.

import fs from 'node:fs';
import { Readable } from 'node:stream';
import { test as base, describe, expect } from 'vitest';
import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import { streamInput } from '../../../ingest/input/stream-input.ts';
import { openWatchTags, type WatchRequest, type WatchResult } from '../../../match/watch/watch.ts';
import { createWatchKey } from '../../../match/watch/watch-key.ts';
import type { SuiteName } from '../../../protocol/suite.ts';
import { deleteRun } from '../../../store/run/run.ts';
import { type MadeDataset, makeDataset, type Pair, seededPairs } from '../../support/dataset.ts';
import { createTagger, type Login, TODAY } from '../../support/watch.ts';

const key = createWatchKey();
const LEAKED: readonly Pair[] = seededPairs(40, 3);
const [ANN, BEN, CID, EVE] = LEAKED as readonly [Pair, Pair, Pair, Pair];

interface World {
  readonly made: MadeDataset;
  readonly state: string;
  tag(login: Login): string;
  /** Opens rows of account and tag. */
  open(rows: readonly (readonly [account: string, tag: string])[], more?: Partial<WatchRequest>): Promise<WatchResult>;
}

async function createWorld(suite: SuiteName, keySeed?: number): Promise<World> {
  const made = await makeDataset({
    ...{ suite, pairs: LEAKED.slice(0, 20), date: '2020-01', published: false },
    ...(suite === 'oprf' && { oprf: await createSodiumOprf() }),
    ...(keySeed !== undefined && { keySeed }),
  });
  const state = `${made.folder}.watch`;
  return {
    ...{ made, state, tag: createTagger(key, made, made.suite) },
    async open(rows, more) {
      const csv = ['account,tag', ...rows.map((row) => row.join(',')), ''].join('\n');
      const tags = streamInput(Readable.from([Buffer.from(csv)]));
      let got: WatchResult | undefined;
      await openWatchTags({ key, dataset: made.dataset, state, tags, ...more }, async (result) => {
        got = result;
      });
      return got as WatchResult;
    },
  };
}

const test = base.extend<{ world: World; oprf: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from the pattern.
  world: async ({}, use) => {
    const world = await createWorld('hmac');
    await use(world);
    world.made.dispose();
  },
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the names of the fixtures from the pattern.
  oprf: async ({}, use) => {
    const world = await createWorld('oprf');
    await use(world);
    world.made.dispose();
  },
});

const login = (account: string, { username, password }: Pair, day?: number): Login => ({
  ...{ account, usernames: ['someone@example.test', username], password },
  ...(day !== undefined && { day }),
});
const found = ({ rows }: WatchResult): string[] =>
  rows.map(({ account, source, date, isNew }) => `${account} ${source} ${date} ${isNew ? 'new' : 'known'}`);
const listed = ({ unchecked }: WatchResult): string[] => unchecked.map(({ account, reason }) => `${account} ${reason}`);

describe.each(['world', 'oprf'] as const)('tags against a dataset (%s)', (name) => {
  test('find the accounts whose pair stands in a source, and no other', async ({ world, oprf }) => {
    const { tag, open } = { world, oprf }[name];
    const wrong = { ...BEN, password: 'never leaked' };
    const logins = [login('1', ANN), login('2', wrong), login('3', EVE), login('4', LEAKED[30] as Pair)];
    const result = await open(logins.map((one) => [one.account, tag(one)]));
    expect(found(result)).toEqual(['1 first 2020-01 new', '3 first 2020-01 new']);
    expect(listed(result)).toEqual([]);
    expect(result.figures).toMatchObject({ rows: 4, accounts: 4, sources: 1, compared: 1 });
  });
});

describe('later runs', () => {
  test('read new sources alone, and all for new tags', async ({ world: { made, tag, open } }) => {
    const rows: [string, string][] = [
      ['1', tag(login('1', ANN))],
      ['2', tag(login('2', LEAKED[30] as Pair))],
    ];
    expect(found(await open(rows))).toEqual(['1 first 2020-01 new']);
    made.addSource('second', { pairs: [ANN, ...LEAKED.slice(30)], date: '2024-03' });
    const seen: string[] = [];
    const onRun: WatchRequest['onRun'] = ({ facts }) => seen.push(facts.source);
    const second = await open(rows, { onRun });
    expect(seen).toEqual(['second']);
    expect(found(second)).toEqual(['1 second 2024-03 new', '2 second 2024-03 new']);
    seen.length = 0;
    expect(found(await open(rows, { onRun }))).toEqual(['1 second 2024-03 known', '2 second 2024-03 known']);
    expect(seen).toEqual([]);
    const more = await open([...rows, ['3', tag(login('3', EVE))]], { onRun });
    expect(seen).toEqual(['second', 'first']);
    expect(found(more)).toEqual(['1 second 2024-03 known', '2 second 2024-03 known', '3 first 2020-01 new']);
  });

  test('know a finding again under the tag of another login, and not another password', async ({ world }) => {
    const { tag, open } = world;
    expect(found(await open([['1', tag(login('1', ANN))]]))).toEqual(['1 first 2020-01 new']);
    expect(found(await open([['1', tag(login('1', ANN))]]))).toEqual(['1 first 2020-01 known']);
    expect(found(await open([['1', tag(login('1', BEN))]]))).toEqual(['1 first 2020-01 new']);
    expect(found(await open([['1', tag(login('1', { ...BEN, password: 'reset' }))]]))).toEqual([]);
  });

  test('forget what a removed source had', async ({ world: { made, tag, open } }) => {
    made.addSource('second', { pairs: [ANN], date: '2024-03' });
    const rows: [string, string][] = [['1', tag(login('1', ANN))]];
    expect(found(await open(rows))).toEqual(['1 second 2024-03 new']);
    deleteRun(made.dataset, 'second');
    expect((await open(rows)).rows).toMatchObject([{ source: 'first' }]);
  });

  test('refuse an altered state, and compare all again without one', async ({ world: { state, tag, open } }) => {
    const rows: [string, string][] = [['1', tag(login('1', ANN))]];
    await open(rows);
    expect(fs.statSync(state).mode & 0o777).toBe(0o600);
    const text = fs.readFileSync(state, 'utf8');
    for (const altered of [
      text.replace('"hits":"', '"hits":"AAAA'),
      text.slice(0, -2),
      text.slice(0, 99),
      '',
      '{}',
      'null\n',
    ])
      await expect(
        (async () => {
          fs.writeFileSync(state, altered);
          await open(rows);
        })(),
        altered.slice(-20),
      ).rejects.toMatchObject({ code: 'STATE_CORRUPT' });
    fs.rmSync(state);
    expect(found(await open(rows))).toEqual(['1 first 2020-01 new']);
  });

  test('remember nothing if the result was not taken', async ({ world: { made, state, tag } }) => {
    const csv = `account,tag\n1,${tag(login('1', ANN))}\n`;
    const tags = streamInput(Readable.from([Buffer.from(csv)]));
    const failing = openWatchTags({ key, dataset: made.dataset, state, tags }, async () => {
      throw new Error('the disk is full');
    });
    await expect(failing).rejects.toThrow('the disk is full');
    expect(fs.existsSync(state)).toBe(false);
  });
});

describe('several tags of an account', () => {
  test('count if they are of its latest day', async ({ world: { tag, open } }) => {
    const rows: [string, string][] = [
      ['1', tag(login('1', ANN, TODAY - 3))],
      ['1', tag(login('1', { ...ANN, password: 'rotated' }, TODAY))],
      ['2', tag(login('2', { ...BEN, password: 'rotated' }, TODAY - 3))],
      ['2', tag(login('2', BEN, TODAY))],
      ['3', tag(login('3', CID, TODAY))],
      ['3', tag(login('3', { ...CID, password: 'same day' }, TODAY))],
    ];
    for (const order of [rows, rows.toReversed()]) {
      const result = await open(order);
      expect(
        found(result)
          .map((row) => row[0])
          .sort(),
      ).toEqual(['2', '3']);
      expect(result.figures).toMatchObject({ rows: 6, accounts: 3, superseded: 2 });
    }
  });

  test('expire by the latest one, and are listed', async ({ world: { tag, open } }) => {
    const rows: [string, string][] = [
      ['1', tag(login('1', ANN, TODAY - 401))],
      ['2', tag(login('2', BEN, TODAY - 401))],
      ['2', tag(login('2', BEN, TODAY - 400))],
    ];
    const result = await open(rows, { expiresDays: 400 });
    expect(found(result)).toEqual(['2 first 2020-01 new']);
    expect(listed(result)).toEqual(['1 expired']);
    expect(found(await open(rows)).length).toBe(2);
  });
});

describe('what cannot be read', () => {
  test('is listed with its reason, and loses nobody else', async ({ world: { tag, open } }) => {
    const whole = tag(login('1', ANN));
    const names = Array.from({ length: 17 }, (_, i) => `x${i}`);
    const rows: [string, string][] = [
      ['moved', whole],
      ['none', ''],
      ['nonsense', 'nonsense'],
      ['cut', whole.slice(0, 255)],
      ['later', whole.replace('-1.', '-2.')],
      ['foreign', createForeign(whole)],
      ['tomorrow', tag(login('tomorrow', ANN, TODAY + 1))],
      ['future', tag(login('future', ANN, TODAY + 2))],
      ['crowded', tag({ account: 'crowded', usernames: names, password: 'x' })],
      ['1', whole],
    ];
    const result = await open(rows);
    expect(result.rows.map(({ account }) => account).sort()).toEqual(['1', 'tomorrow']);
    expect(listed(result)).toEqual([
      'moved altered-or-moved',
      'none no-tag',
      'nonsense malformed',
      'cut truncated',
      'later unsupported-version',
      'foreign other-watch-key',
      'future future-day',
      'crowded too-many-pairs',
    ]);
  });

  test('of rows is counted', async ({ world: { tag, open } }) => {
    const whole = tag(login('1', ANN));
    const result = await open([
      ['', whole],
      ['1', whole],
      ['2', `${whole},more`],
    ]);
    expect(result.figures.rejects).toEqual({ 'missing-column': 1, 'malformed-row': 1 });
    expect(found(result)).toEqual(['1 first 2020-01 new']);
  });

  test('is an error with the next step if it is all', async ({ world: { tag, open, made } }) => {
    const rotated = await createWorld('hmac', 9);
    try {
      const whole = tag(login('1', ANN));
      await expect(rotated.open([['1', whole]])).rejects.toMatchObject({
        code: 'TAGS_UNREADABLE',
        message: expect.stringContaining('1 other-dataset'),
        hint: expect.stringContaining('After a rotation'),
      });
      await expect(open([['2', whole]])).rejects.toMatchObject({ code: 'TAGS_UNREADABLE' });
      await expect(open([['1', whole]], { key: createWatchKey() })).rejects.toMatchObject({
        hint: expect.stringContaining('--key'),
      });
      await expect(open([])).rejects.toMatchObject({ code: 'TAGS_UNREADABLE' });
      expect(fs.existsSync(`${made.folder}.watch`)).toBe(false);
    } finally {
      rotated.made.dispose();
    }
  });

  test('in a run ends the comparison without a result', async ({ world: { made, state, tag, open } }) => {
    const file = `${made.folder}/runs/first.run`;
    const bytes = fs.readFileSync(file);
    bytes[20] = (bytes[20] as number) ^ 1;
    fs.writeFileSync(file, bytes);
    await expect(open([['1', tag(login('1', ANN))]])).rejects.toMatchObject({ code: 'RUN_CORRUPT' });
    expect(fs.existsSync(state)).toBe(false);
  });
});

function createForeign(tag: string): string {
  const bytes = Buffer.from(tag.slice(15), 'base64url');
  bytes[0] = (bytes[0] as number) ^ 1;
  return `credveil-tag-1.${bytes.toString('base64url')}`;
}
