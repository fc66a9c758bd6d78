// Publishing is idempotent, deterministic and atomic to readers, and refuses damaged files.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { MAX_PREFIX_BITS } from '../../protocol/bucket-id.ts';
import { openDataset } from '../../store/dataset.ts';
import { deleteRun, openRuns, runPath } from '../../store/run/run.ts';
import { openCurrent } from '../../store/snapshot/current.ts';
import { chooseBodySizes, paddedSize, sizeEntropyBits } from '../../store/snapshot/parts/body-sizes.ts';
import { histogramOf } from '../../store/snapshot/parts/histogram.ts';
import { choosePrefixBits } from '../../store/snapshot/publication.ts';
import { publish } from '../../store/snapshot/publish.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { type MadeDataset, makeDataset, seededPairs, seededPasswords } from '../support/dataset.ts';
import { storeError } from '../support/errors.ts';
import { program } from '../support/paths.ts';
import { createRandom, testSeed } from '../support/random.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';

const test = datasetTest({ pairs: seededPairs(300), passwords: seededPasswords(50) });

const snapshotFiles = (made: MadeDataset): string[] => fs.readdirSync(path.join(made.folder, 'snapshots')).sort();

function flipByte(file: string, at: number): void {
  const bytes = fs.readFileSync(file);
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] as number) ^ 1;
  fs.writeFileSync(file, bytes);
}

const cut = (file: string, bytes: number): void => fs.truncateSync(file, fs.statSync(file).size - bytes);

type Damage = readonly [title: string, change: (file: string) => void];
type FileDamage = readonly [title: string, file: string, change: (file: string) => void];

const filesOf = (name: string): string[] =>
  ['account', 'filter', 'head', 'json', 'parts', 'password', 'statement'].map((kind) => `${name}.${kind}`);

describe('publishing', () => {
  test('publishing again without a change leaves the snapshot as it is', async ({ made }) => {
    const before = fs.readFileSync(path.join(made.folder, 'CURRENT'), 'utf8');
    const again = await publish(made.dataset, made.suite);
    expect(again.changed).toBe(false);
    expect(again.facts.snapshot).toBe(openCurrent(made.dataset)?.facts.snapshot);
    expect(fs.readFileSync(path.join(made.folder, 'CURRENT'), 'utf8')).toBe(before);
    expect(snapshotFiles(made)).toEqual(filesOf('000001'));
  });

  test('equal runs and parameters publish equal layers', async ({ made }) => {
    const copy = `${made.folder}-copy`;
    made.addSource('second', { pairs: seededPairs(200, 2) });
    fs.cpSync(made.folder, copy, { recursive: true });
    await made.publish();
    await publish(openDataset(copy), made.suite);
    expect(openCurrent(openDataset(copy))?.facts.layer).toBe(openCurrent(made.dataset)?.facts.layer);
    for (const name of ['account', 'password', 'filter', 'parts'].map((file) => `snapshots/000002.${file}`))
      expect(fs.readFileSync(path.join(copy, name)).equals(fs.readFileSync(path.join(made.folder, name))), name).toBe(
        true,
      );
  });

  test('publishing keeps two snapshots, or the requested number', async ({ made }) => {
    for (const source of ['b', 'c', 'd']) {
      made.addSource(source, { passwords: [source] });
      await made.publish();
    }
    expect(snapshotFiles(made)).toEqual([3, 4].flatMap((n) => filesOf(`00000${n}`)));
    made.addSource('e', { passwords: ['e'] });
    await publish(made.dataset, made.suite, { keep: 1 });
    expect(snapshotFiles(made)).toEqual(filesOf('000005'));
  });

  test('a snapshot that never was current takes no place of one that was', async ({ made }) => {
    const pointer = path.join(made.folder, 'CURRENT');
    const before = fs.readFileSync(pointer);
    made.addSource('b', { passwords: ['b'] });
    await made.publish();
    // As if it had failed before its last step.
    fs.writeFileSync(pointer, before);
    made.addSource('c', { passwords: ['c'] });
    await made.publish();
    expect(snapshotFiles(made)).toEqual([1, 3].flatMap((n) => filesOf(`00000${n}`)));
  });

  test('pruning a snapshot does not break its open readers', async ({ made }) => {
    const held = await openSnapshot(made.dataset);
    for (const source of ['b', 'c', 'd']) {
      made.addSource(source, { passwords: [source] });
      await made.publish();
    }
    expect(snapshotFiles(made)).not.toContain('000001.sqlite');
    const { prefixBits } = held.facts.indexes.account ?? { prefixBits: 0 };
    expect([...held.bucketCounts('account')].length).toBe(2 ** prefixBits);
    held.close();
  });

  test('publishing stops at a corrupt run and keeps the current snapshot', async ({ made }) => {
    const before = openCurrent(made.dataset)?.facts.snapshot;
    made.addSource('second', { pairs: seededPairs(200, 2) });
    const run = runPath(made.dataset, 'second');
    flipByte(run, 100);
    await expect(publish(made.dataset, made.suite)).rejects.toThrow(storeError('RUN_CORRUPT'));
    expect(openCurrent(made.dataset)?.facts.snapshot).toBe(before);
    expect(snapshotFiles(made)).toEqual(filesOf('000001'));
    deleteRun(made.dataset, 'second');
    expect((await publish(made.dataset, made.suite)).changed).toBe(false);
  });
});

describe('a run', () => {
  test.for<Damage>([
    ['cut by a byte', (file) => cut(file, 1)],
    ['cut by a record', (file) => cut(file, 23)],
    ['cut to its first bytes', (file) => fs.truncateSync(file, 20)],
    ['emptied', (file) => fs.truncateSync(file, 0)],
    ['with another first byte', (file) => flipByte(file, 0)],
    ['with another version', (file) => flipByte(file, 7)],
    ['with a longer footer', (file) => flipByte(file, -36)],
    ['with another checksum', (file) => flipByte(file, -1)],
    ['with another record', (file) => flipByte(file, 30)],
    ['grown by a byte', (file) => fs.appendFileSync(file, 'x')],
  ])('a run %s is rejected', async ([, change], { made }) => {
    made.addSource('second', { pairs: seededPairs(20, 2) });
    change(runPath(made.dataset, 'second'));
    await expect(publish(made.dataset, made.suite)).rejects.toThrow(storeError('RUN_CORRUPT'));
  });

  test('a run of another key is rejected', async ({ made }) => {
    const other = await makeDataset({ pairs: seededPairs(5, 3), keySeed: 9 });
    fs.copyFileSync(runPath(other.dataset, 'first'), runPath(made.dataset, 'other'));
    other.dispose();
    expect(() => openRuns(made.dataset)).toThrow(storeError('RUN_FOREIGN'));
    await expect(publish(made.dataset, made.suite)).rejects.toThrow(storeError('RUN_FOREIGN'));
  });

  test('a run under another name is rejected, since it would count twice', ({ made }) => {
    fs.copyFileSync(runPath(made.dataset, 'first'), runPath(made.dataset, 'again'));
    expect(() => openRuns(made.dataset)).toThrow(storeError('RUN_FOREIGN'));
  });

  test('a run that does not exist cannot be deleted', ({ made }) => {
    expect(() => deleteRun(made.dataset, 'nowhere')).toThrow(storeError('SOURCE_MISSING'));
  });
});

describe('a snapshot', () => {
  test('a snapshot is missing before the first publish', async () => {
    const fresh = await makeDataset({ published: false });
    await expect(openSnapshot(fresh.dataset)).rejects.toThrow(storeError('SNAPSHOT_MISSING'));
    fresh.dispose();
  });

  test.for<FileDamage>([
    ['cut by a byte', '000001.account', (file) => cut(file, 1)],
    ['grown by a byte', '000001.account', (file) => fs.appendFileSync(file, 'x')],
    ['with an altered byte', '000001.password', (file) => flipByte(file, 100)],
    ['whose digests were altered', '000001.parts', (file) => flipByte(file, 5)],
    ['whose digests were cut', '000001.parts', (file) => cut(file, 32)],
    ['deleted', '000001.account', (file) => fs.rmSync(file)],
    ['whose facts were altered', '000001.json', (file) => flipByte(file, 40)],
    ['whose facts were deleted', '000001.json', (file) => fs.rmSync(file)],
  ])('a snapshot %s is rejected', async ([, name, change], { made }) => {
    change(path.join(made.folder, 'snapshots', name));
    await expect(openSnapshot(made.dataset)).rejects.toThrow(storeError('SNAPSHOT_CORRUPT'));
  });

  test.for(['', '000001', `000001 ${'0'.repeat(64)}\n`, '../../x 00\n'])(
    'a CURRENT of %j is refused',
    async (line, { made }) => {
      fs.writeFileSync(path.join(made.folder, 'CURRENT'), line);
      await expect(openSnapshot(made.dataset)).rejects.toThrow(storeError('SNAPSHOT_CORRUPT'));
    },
  );

  test('a snapshot pruned while it is opened is replaced by the next one', async ({ made }) => {
    const pointer = path.join(made.folder, 'CURRENT');
    await publish(made.dataset, made.suite, { layout: 'sqlite' });
    const first = fs.readFileSync(pointer);
    made.addSource('second', { passwords: ['b'] });
    const next = await made.publish();
    const second = fs.readFileSync(pointer);
    fs.writeFileSync(pointer, first);
    const opening = openSnapshot(made.dataset);
    // It has read CURRENT by now, and reads the file in a later turn of the event loop.
    fs.writeFileSync(pointer, second);
    fs.rmSync(path.join(made.folder, 'snapshots', '000002.sqlite'));
    const opened = await opening;
    expect(opened.facts.snapshot).toBe(next.snapshot);
    opened.close();
  });

  test('a lost snapshot is restored by following the hint: delete CURRENT, publish', async ({ made }) => {
    flipByte(path.join(made.folder, 'snapshots', '000001.account'), 100);
    fs.rmSync(path.join(made.folder, 'CURRENT'));
    await made.publish();
    (await openSnapshot(made.dataset)).close();
  });
});

describe('readers in another process', () => {
  test('readers in another process see only whole snapshots, old or new', async ({ made }) => {
    const child = spawn(process.execPath, [program('read-snapshots.ts'), made.folder, made.key.revealText()], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const first = openCurrent(made.dataset)?.facts;
    if (!first) throw new Error('not published');
    const published = new Map([[first.snapshot as string, first.indexes.account?.entries]]);
    await once(child.stdout, 'data');
    for (let round = 0; round < 40; round++) {
      made.addSource('second', { pairs: seededPairs(1 + round, 100 + round) });
      const facts = await made.publish();
      published.set(facts.snapshot, facts.indexes.account?.entries);
    }
    child.stdin.end();
    const [exitCode] = (await once(child, 'close')) as [number | null];
    expect(exitCode).toBe(0);
    const seen = said
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]);
    for (const [snapshot, entries] of seen) expect(Number(entries), snapshot).toBe(published.get(snapshot));
    // It saw the first and the last, and never went back.
    const order = seen.map(([snapshot]) => snapshot);
    expect(order[0]).toBe(first.snapshot);
    expect(order.at(-1)).toBe(openCurrent(made.dataset)?.facts.snapshot);
    expect([...order].sort()).toEqual(order);
  });
});

describe('prefix bits and padding', () => {
  test('prefix bits leave at least the floor in an average bucket, which one more bit would not', () => {
    for (const floor of [1, 7, 8, 1000, 1024, 4096])
      for (const entries of [0, 1, floor - 1, floor, 2 * floor - 1, 2 * floor, 2 ** 20, 2 ** 32 - 1, 2 ** 32]) {
        const bits = choosePrefixBits('account', entries, { suite: 'hmac', bucketFloor: floor });
        if (bits > 0) expect(entries / 2 ** bits).toBeGreaterThanOrEqual(floor);
        if (bits < MAX_PREFIX_BITS) expect(entries / 2 ** (bits + 1)).toBeLessThan(floor);
      }
  });

  test('prefix bits and histogram match those of a published dataset', async ({ made }) => {
    const snapshot = await openSnapshot(made.dataset);
    for (const index of ['account', 'password'] as const) {
      const facts = snapshot.facts.indexes[index];
      if (!facts) throw new Error('no such index');
      const counts = [...snapshot.bucketCounts(index)];
      expect(counts.length).toBe(2 ** facts.prefixBits);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(facts.entries);
      const members = facts.usernames ?? facts.entries;
      expect(members / counts.length).toBeGreaterThanOrEqual(made.dataset.parameters.bucketFloor);
      expect([facts.minEntries, facts.maxEntries]).toEqual([Math.min(...counts), Math.max(...counts)]);
      expect(facts.histogram).toEqual(histogramOf(counts));
    }
    snapshot.close();
  });

  test('padding uses one size if the largest body is at most 1.5 times the mean, and sizes ascend', () => {
    const random = createRandom(testSeed('padding'));
    let single = 0;
    for (let i = 0; i < 20_000; i++) {
      const sizes = new Map<number, number>();
      const spread = random.pick([10, 300, 3000, 1_000_000]);
      for (let left = random.below(8); left >= 0; left--) sizes.set(22 + random.below(spread), 1 + random.below(50));
      const bodies = [...sizes].flatMap(([bytes, count]) => Array<number>(count).fill(bytes));
      const largest = Math.max(...bodies);
      const mean = bodies.reduce((sum, bytes) => sum + bytes, 0) / bodies.length;
      const chosen = chooseBodySizes(sizes);
      expect(chosen.every((size, at) => size % 16 === 0 && size > (chosen[at - 1] ?? 0))).toBe(true);
      expect(chosen.at(-1)).toBeGreaterThanOrEqual(largest);
      expect(chosen.at(-1)).toBeLessThan(largest + 16);
      if (largest <= 1.5 * mean) {
        single++;
        expect(chosen.length).toBe(1);
        expect(sizeEntropyBits(sizes, chosen)).toBe(0);
      }
      for (const bytes of sizes.keys()) expect(chosen).toContain(paddedSize(bytes, chosen));
    }
    expect(single).toBeGreaterThan(1000);
  });
});
