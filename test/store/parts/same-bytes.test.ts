// A publish writes the same bytes, however many parts and threads it is done in.

import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createSodiumOprf } from '../../../accel/oprf-sodium.ts';
import { formatRangePrefix, RANGES, type RangeName } from '../../../protocol/bucket-id.ts';
import { normalizeUsername } from '../../../protocol/normalize.ts';
import { openDataset } from '../../../store/dataset.ts';
import { writeNameList } from '../../../store/retention/name-file.ts';
import { NameList } from '../../../store/retention/name-list.ts';
import { nameEntry } from '../../../store/run/removal.ts';
import type { PublishOptions } from '../../../store/snapshot/publication.ts';
import { verifyDataset } from '../../../store/verify.ts';
import {
  type MadeDataset,
  type MakeDatasetOptions,
  makeDataset,
  seededPairs,
  seededPasswords,
} from '../../support/dataset.ts';
import { createRandom, type Random, testSeed } from '../../support/random.ts';
import { makeRangeDataset, seededRanges } from '../../support/range-dataset.ts';
import { copyOf, type Keys, partThread, publishedBytes, publishIn } from '../../support/store/published-bytes.ts';

const CASES = Number(process.env.CREDVEIL_PARTS_CASES ?? 3);
/** Threads take a second to start: they take part in some of the cases. */
const THREADED_CASES = Math.ceil(CASES / 4);

interface Way extends PublishOptions {
  readonly parts: number;
}

const ways = (hasThreads: boolean): Way[] => [
  { parts: 16 },
  { parts: 64 },
  ...(hasThreads
    ? [16, 64].slice(CASES > 3 ? 0 : 1).map((parts) => ({ parts, threads: { count: 2, module: partThread } }))
    : []),
];

async function expectSame(
  made: Keys & Pick<MadeDataset, 'folder'>,
  all: readonly Way[],
  layout: 'slots' | 'sqlite',
): Promise<void> {
  const one = copyOf(made);
  const [{ names } = { names: undefined }] = all;
  await publishIn(one, made, { layout, parts: 1, ...(names && { names }) });
  const expected = publishedBytes(one);
  expect(expected.size).toBeGreaterThan(1);
  for (const way of all) {
    const copy = copyOf(made);
    await publishIn(copy, made, { ...way, layout });
    expect(publishedBytes(copy), JSON.stringify(way)).toEqual(expected);
    expect(fs.readdirSync(`${copy}/work`)).toEqual([]);
    fs.rmSync(copy, { recursive: true, force: true });
  }
  // What verify makes anew, it makes at once.
  expect(await verifyDataset(openDataset(one), made.suite, all[0]?.names)).toMatchObject({ matched: true });
}

function randomOptions(random: Random): MakeDatasetOptions {
  return {
    indexes: random.pick([['account', 'password'], ['account', 'password'], ['account'], ['password']] as const),
    similar: random.below(3) === 0,
    signed: random.below(4) === 0,
    metadataBytes: random.pick([0, 1, 3] as const),
    bucketFloor: random.pick([1, 2, 8, 100]),
    filterOneIn: random.pick([0, 2, 1000, 1_000_000]),
    published: false,
  };
}

async function makeRandom(random: Random): Promise<MadeDataset> {
  const seed = 1 + random.below(1_000_000);
  const count = random.pick([0, 3, 150, 400]);
  const pairs = seededPairs(count, seed);
  const made = await makeDataset({
    ...randomOptions(random),
    pairs,
    passwords: seededPasswords(random.below(200), seed),
  });
  const sources = random.below(4);
  for (let source = 0; source < sources; source++) {
    // They overlap, so that the runs' counts leave the number of entries open.
    const more = seededPairs(random.below(200), seed + 1 + source);
    made.addSource(`source-${source}`, { pairs: [...pairs.slice(random.below(count + 1)), ...more] });
  }
  return made;
}

describe('a publish by parts', () => {
  test(`equals one in one part, in ${CASES} random datasets`, { timeout: 600_000 + 60_000 * CASES }, async () => {
    const random = createRandom(testSeed('parts'));
    for (let round = 0; round < CASES; round++) {
      const made = await makeRandom(random);
      try {
        await expectSame(made, ways(round < THREADED_CASES), random.pick(['slots', 'slots', 'sqlite'] as const));
      } finally {
        made.dispose();
      }
    }
  });

  test.for(['hmac', 'oprf'] as const)('equals one in one part where trees have segments, under %s', async (suite) => {
    const made = await makeDataset({
      ...{ suite, indexes: ['account'], bucketFloor: 1, signed: true, published: false },
      ...(suite === 'oprf' && { oprf: await createSodiumOprf() }),
      pairs: seededPairs(4_200),
    });
    try {
      await expectSame(made, [{ parts: 16 }], 'slots');
    } finally {
      made.dispose();
    }
  });

  test('equals one in one part without suppressed names, from groups of runs', async () => {
    const pairs = seededPairs(120);
    const made = await makeDataset({ pairs, similar: true, published: false });
    try {
      // More than may be open in the least memory.
      for (let source = 0; source < 40; source++)
        made.addSource(`source-${String(source).padStart(2, '0')}`, { pairs: pairs.slice(source, source + 9) });
      const names = new NameList();
      for (const { username } of pairs.slice(10, 20)) {
        const normalized = normalizeUsername(username);
        names.suppress(normalized, nameEntry(made.suite, normalized), '2026-11-29');
      }
      writeNameList(made.dataset, made.key, names);
      const ways = [{ parts: 16 }, { parts: 16, memoryBytes: 1 }, { parts: 1, memoryBytes: 1 }];
      await expectSame(
        made,
        ways.map((way) => ({ ...way, names })),
        'slots',
      );
    } finally {
      made.dispose();
    }
  });

  test('equals one in one part with range indexes', async () => {
    const random = createRandom(testSeed('ranges by parts'));
    const prefixes = ['00000', 'FFFFF', ...Array.from({ length: 60 }, () => formatRangePrefix(random.below(RANGES)))];
    const files = (name: RangeName) =>
      seededRanges(name, [...new Set(prefixes)], () => 1 + random.below(9), random.next());
    const { folder, key, add, dispose } = await makeRangeDataset({ passwords: seededPasswords(200) });
    try {
      await add('second', { sha1: files('sha1'), ntlm: files('ntlm') });
      for (const file of fs.readdirSync(`${folder}/snapshots`)) fs.rmSync(`${folder}/snapshots/${file}`);
      fs.rmSync(`${folder}/CURRENT`);
      const threads = { count: 2, module: partThread };
      await expectSame(
        { folder, suite: key.createSuite() },
        [{ parts: 16 }, { parts: 256, threads }],
        random.pick(['slots', 'sqlite'] as const),
      );
    } finally {
      dispose();
    }
  });
});
