// The two layouts of a snapshot hold the same, and what is wrong in a long file is found when it is
// read.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import type { BucketId } from '../../../protocol/brands.ts';
import { INDEX_NAMES, RANGE_NAMES, RANGES } from '../../../protocol/bucket-id.ts';
import { openDataset } from '../../../store/dataset.ts';
import { PART_BYTES, PartedFile, PartHasher } from '../../../store/snapshot/layout/parted-file.ts';
import { RangeFile, RangeFileWriter } from '../../../store/snapshot/layout/range-file.ts';
import { layersOf, layoutOf } from '../../../store/snapshot/layout/snapshot-facts.ts';
import type { PublishOptions } from '../../../store/snapshot/publication.ts';
import { publish } from '../../../store/snapshot/publish.ts';
import { openSnapshot, type Snapshot } from '../../../store/snapshot/snapshot.ts';
import { verifyDataset } from '../../../store/verify.ts';
import { credveil, type Outcome } from '../../support/credveil.ts';
import { makeDataset, seededPairs, seededPasswords } from '../../support/dataset.ts';
import { storeError } from '../../support/errors.ts';
import { root } from '../../support/paths.ts';
import { createRandom, testSeed } from '../../support/random.ts';
import { placeTest } from '../../support/vitest/fixtures.ts';

/** Everything that a server answers from, as one digest. */
function digestContent(snapshot: Snapshot): string {
  const hash = createHash('sha256');
  for (const index of INDEX_NAMES)
    for (let id = 0; id < 2 ** (snapshot.facts.indexes[index]?.prefixBits ?? -1); id++) {
      const { bytes, padding } = snapshot.padded(index, id as BucketId) ?? {};
      if (!bytes) continue;
      hash.update(`${index} ${id} ${padding}`).update(bytes);
      expect(snapshot.layers[0].body(index, id as BucketId)?.length).toBeLessThanOrEqual(bytes.length);
    }
  for (const name of RANGE_NAMES) {
    for (const { range, body } of snapshot.rangeBodies(name)) hash.update(`${name} ${range}`).update(body);
    hash.update([...(snapshot.gaps(name) ?? [])].join());
  }
  return hash.digest('hex');
}

const test = placeTest;

describe('the layouts', () => {
  test.for([
    ['hmac', false, 8],
    ['hmac', true, 8],
    ['hmac', true, 1],
    ['hmac', false, 100_000],
  ] as const)('%s, signed %s, floor %d: both hold the same', async ([suite, signed, bucketFloor]) => {
    const made = await makeDataset({ suite, signed, bucketFloor, pairs: seededPairs(1_500), similar: true });
    try {
      const slots = await openSnapshot(made.dataset);
      expect(slots.facts.format).toBe(3);
      const ofSlots = digestContent(slots);
      slots.close();
      const options = { layout: 'sqlite', ...(made.publisher && { publisher: made.publisher }) } as const;
      expect((await publish(made.dataset, made.suite, options)).changed).toBe(true);
      const sqlite = await openSnapshot(made.dataset);
      expect(sqlite.facts.format).toBe(2);
      expect(sqlite.facts.layer).toBe(slots.facts.layer);
      expect(digestContent(sqlite)).toBe(ofSlots);
      sqlite.close();
      expect(await verifyDataset(made.dataset, made.suite)).toMatchObject({ matched: true });
      // Without a wish, an unchanged snapshot keeps its layout.
      const { publisher } = made;
      expect((await publish(made.dataset, made.suite, { ...(publisher && { publisher }) })).changed).toBe(false);
    } finally {
      made.dispose();
    }
  });

  test('a publish keeps the layout until another is asked for', async () => {
    const made = await makeDataset({ pairs: seededPairs(1_500) });
    onTestFinished(() => made.dispose());
    let added = 0;
    /** @returns the layouts of the layers */
    const publishMore = async (options: PublishOptions = {}): Promise<string[]> => {
      made.addSource(`more-${added++}`, { pairs: seededPairs(10, added + 100) });
      return layersOf((await publish(made.dataset, made.suite, options)).facts).map(layoutOf);
    };
    expect(await publishMore()).toEqual(['slots']);
    expect(await publishMore({ layout: 'sqlite' })).toEqual(['sqlite']);
    expect(await publishMore()).toEqual(['sqlite']);
    expect(await publishMore({ delta: true })).toEqual(['sqlite', 'sqlite']);
    expect(await publishMore({ layout: 'slots' })).toEqual(['slots']);
    expect(await publishMore({ delta: true, layout: 'sqlite' })).toEqual(['slots', 'sqlite']);
    expect(await publishMore({ delta: true })).toEqual(['slots', 'sqlite', 'sqlite']);
    expect(await publishMore()).toEqual(['slots']);
  });

  test('both hold the same ranges and gaps', async ({ place }) => {
    const folder = place.at('leaks');
    const random = createRandom(testSeed('ranges of layouts'));
    const hash = (): string => Array.from({ length: 40 }, () => random.below(16).toString(16)).join('');
    const lines = Array.from({ length: 3_000 }, () => `${hash().toUpperCase()}:${1 + random.below(9)}`);
    const list = place.write('sha1.txt', `${lines.sort().join('\n')}\n`);
    for (const args of [
      ['init', folder, '--suite', 'hmac', '--index', 'sha1'],
      ['ingest', folder, list, '--source', 'first', '--format', 'sha1'],
    ])
      expect(await credveil(args)).toMatchObject({ code: 0 });
    const digests: string[] = [];
    for (const layout of ['slots', 'sqlite']) {
      expect(await credveil(['publish', folder, '--layout', layout])).toMatchObject({ code: 0 });
      const snapshot = await openSnapshot(openDataset(folder));
      expect(layoutOf(snapshot.facts)).toBe(layout);
      expect([...snapshot.rangeBodies('sha1')].length).toBe(snapshot.facts.ranges?.sha1?.ranges);
      digests.push(digestContent(snapshot));
      snapshot.close();
      expect(await credveil(['verify', folder])).toMatchObject({ code: 0 });
    }
    expect(digests[0]).toBe(digests[1]);
  });

  test('a disk that takes a third of each write loses nothing', async ({ place }) => {
    const folder = place.at('leaks');
    const list = place.write(
      'pairs.txt',
      seededPairs(300)
        .map((pair) => `${pair.username}:${pair.password}\n`)
        .join(''),
    );
    const disk = path.join(root, 'test/support/programs/failing-disk.ts');
    const disturbed = (...args: string[]): Promise<Outcome> =>
      credveil(args, '', { node: ['--import', disk], env: { ...process.env, CREDVEIL_FAULT: 'short 0' } });
    expect(await credveil(['init', folder, '--suite', 'hmac'])).toMatchObject({ code: 0 });
    expect(await disturbed('ingest', folder, list, '--source', 'first')).toMatchObject({ code: 0 });
    expect(await credveil(['verify', folder])).toMatchObject({ code: 0 });
    expect(await disturbed('publish', folder, '--layout', 'sqlite')).toMatchObject({ code: 0 });
    expect(await credveil(['verify', folder])).toMatchObject({ code: 0 });
  });

  test('a small snapshot of passwords alone is laid out as well', async () => {
    const made = await makeDataset({ indexes: ['password'], passwords: seededPasswords(20) });
    const snapshot = await openSnapshot(made.dataset);
    expect(Object.keys(snapshot.facts.files ?? {})).toEqual(['password', 'filter']);
    snapshot.close();
    made.dispose();
  });
});

/** A file of several parts, and its digests. */
function writeParts(file: string, bytes: number): { readonly content: Buffer; readonly digests: Buffer } {
  const random = createRandom(testSeed('parted file'));
  const content = Buffer.from(Uint8Array.from({ length: bytes }, () => random.below(256)));
  fs.writeFileSync(file, content);
  const hasher = new PartHasher();
  for (let at = 0; at < bytes; ) {
    const to = Math.min(bytes, at + 1 + random.below(100_000));
    hasher.add(content.subarray(at, to));
    at = to;
  }
  return { content, digests: hasher.finish() };
}

describe('a file with parts', () => {
  test('reads what was written, over the bounds of parts, and finds an altered part when it is read', ({ place }) => {
    const file = place.at('parts');
    const bytes = 3 * PART_BYTES + 17;
    const { content, digests } = writeParts(file, bytes);
    const handle = fs.openSync(file, 'r+');
    fs.writeSync(handle, Buffer.from([(content[PART_BYTES + 5] as number) ^ 1]), 0, 1, PART_BYTES + 5);
    const parted = new PartedFile(file, 'test', bytes, digests);
    const target = Buffer.alloc(40);
    parted.read(target, 40, 2 * PART_BYTES - 0);
    expect(target.equals(content.subarray(2 * PART_BYTES, 2 * PART_BYTES + 40))).toBe(true);
    parted.read(target, 17, 3 * PART_BYTES);
    expect(target.subarray(0, 17).equals(content.subarray(3 * PART_BYTES))).toBe(true);
    parted.read(target, 40, PART_BYTES - 40);
    for (const at of [PART_BYTES - 1, PART_BYTES, 2 * PART_BYTES - 1])
      expect(() => parted.read(target, 40, at)).toThrow(storeError('SNAPSHOT_CORRUPT'));
    expect(() => parted.verify()).toThrow(storeError('SNAPSHOT_CORRUPT'));
    fs.writeSync(handle, content, PART_BYTES + 5, 1, PART_BYTES + 5);
    parted.verify();
    fs.ftruncateSync(handle, bytes - 1);
    expect(() => parted.read(target, 17, 3 * PART_BYTES)).toThrow(storeError('SNAPSHOT_CORRUPT'));
    fs.closeSync(handle);
    parted.close();
    expect(() => new PartedFile(file, 'test', bytes, digests)).toThrow(storeError('SNAPSHOT_CORRUPT'));
  });

  test('ranges of any place and length are found again, empty ones are empty', ({ place }) => {
    const random = createRandom(testSeed('range file'));
    const file = place.at('ranges');
    const writer = new RangeFileWriter(file, 0o600);
    const bodies = new Map<number, Buffer>();
    for (const range of [0, 1, 7, 500_000, RANGES - 2, RANGES - 1]) {
      const body = Buffer.alloc(1 + random.below(1_500_000), range);
      bodies.set(range, body);
      writer.add(range, body);
    }
    const { bytes, digests } = writer.finish('00000-0000F 12345');
    const parted = new PartedFile(file, 'test', bytes, digests);
    const ranges = new RangeFile(parted);
    for (const range of [0, 1, 2, 6, 7, 8, 499_999, 500_000, RANGES - 3, RANGES - 2, RANGES - 1])
      expect(ranges.body(range).equals(bodies.get(range) ?? Buffer.alloc(0)), String(range)).toBe(true);
    expect(ranges.gaps()?.size).toBe(17);
    parted.close();
  });
});

test('digests that are not those of the facts are refused', async () => {
  const made = await makeDataset({ pairs: seededPairs(50) });
  const file = path.join(made.folder, 'snapshots', '000001.parts');
  const digests = fs.readFileSync(file);
  fs.writeFileSync(file, Buffer.concat([digests, digests.subarray(0, 32)]));
  await expect(openSnapshot(made.dataset)).rejects.toThrow(storeError('SNAPSHOT_CORRUPT'));
  made.dispose();
});
