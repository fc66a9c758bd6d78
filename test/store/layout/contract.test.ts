// What SnapshotSink and SnapshotSource promise, of each layout. A further layout stands in LAYOUTS.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import type { BucketId, LayerId } from '../../../protocol/brands.ts';
import { MerkleTree, splitNodes } from '../../../protocol/signed/merkle.ts';
import { type Dataset, snapshotsFolder } from '../../../store/dataset.ts';
import { type LayerReader, openLayer } from '../../../store/snapshot/layer-reader.ts';
import { BodiesWriter, type PartBodies } from '../../../store/snapshot/layout/bodies-file.ts';
import { nodeSha256 } from '../../../store/snapshot/layout/bucket-tails.ts';
import { FileSink } from '../../../store/snapshot/layout/file-sink.ts';
import { writeSlots } from '../../../store/snapshot/layout/slot-writer.ts';
import type { IndexFacts, LayerFacts } from '../../../store/snapshot/layout/snapshot-facts.ts';
import { snapshotFile, snapshotPath } from '../../../store/snapshot/layout/snapshot-files.ts';
import type { SnapshotSink } from '../../../store/snapshot/layout/snapshot-sink.ts';
import { SqliteSink } from '../../../store/snapshot/layout/sqlite-sink.ts';
import { storeError } from '../../support/errors.ts';
import { createRandom, testSeed } from '../../support/random.ts';
import { placeTest as test } from '../../support/vitest/fixtures.ts';

const MODE = 0o600;
const NAME = '000001';
const PREFIX_BITS = 11;
const LONGEST = 300;
const GAPS = '00000-0000F 12345';
type Turn = () => Promise<void>;

/** Opens a sink whose files are where a snapshot of this name is read. */
const LAYOUTS: { readonly [layout: string]: (dataset: Dataset, turn: Turn) => SnapshotSink } = {
  // Threads end in any order: here the last task comes first.
  slots: (dataset, turn) => {
    const write = async (tasks: Parameters<typeof writeSlots>[0][]) => tasks.toReversed().map(writeSlots);
    return new FileSink(
      (file) => snapshotFile(dataset, NAME, file),
      MODE,
      (tasks) => write([...tasks]),
      turn,
    );
  },
  sqlite: (dataset, turn) => new SqliteSink(snapshotPath(dataset, NAME), MODE, turn),
};

const noTurn: Turn = async () => {};

/** All buckets of an index and some ranges, of random bytes. */
interface Content {
  readonly buckets: readonly Buffer[];
  readonly roots: Buffer;
  readonly ranges: ReadonlyMap<number, Buffer>;
}

const random = createRandom(testSeed('contract of layouts'));
const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random.below(256)));
const CONTENT: Content = {
  // Longer than a part of a file that has a digest of its own.
  buckets: Array.from({ length: 2 ** PREFIX_BITS }, (_, id) => bytes(id === 7 ? LONGEST : 200 + random.below(100))),
  roots: bytes(64),
  ranges: new Map([0, 1, 7, 500_000, 2 ** 20 - 1].map((range) => [range, bytes(1 + random.below(2_000))])),
};

const FACTS: IndexFacts = {
  ...{ prefixBits: PREFIX_BITS, entries: 1, bodyBytes: [256, LONGEST], minEntries: 1, maxEntries: 1 },
  ...{ contentBytes: 1, metadataTotalBytes: 0, leastBits: 1, sizeBits: 0 },
  root: Buffer.from(new MerkleTree(splitNodes(CONTENT.roots), nodeSha256).root).toString('hex'),
} as unknown as IndexFacts;

/** Files of bodies, each of which has the ids up to the next bound. */
function writeParts(dataset: Dataset, bodies: Iterable<[number, Buffer]>, bounds: readonly number[]): PartBodies[] {
  const all = [...bodies];
  return bounds.map((to, part) => {
    const from = bounds[part - 1] ?? 0;
    const file = path.join(dataset.folder, `bodies.${part}`);
    const writer = new BodiesWriter(file);
    for (const [id, body] of all) if (id >= from && id < to) writer.add(id, body);
    const { sha256 } = writer.finish();
    return { file, sha256, from, count: to - from };
  });
}

async function write(dataset: Dataset, layout: string, parts = 3, turn = noTurn): Promise<LayerFacts> {
  fs.mkdirSync(snapshotsFolder(dataset), { recursive: true });
  const sink = LAYOUTS[layout]?.(dataset, turn) as SnapshotSink;
  const boundsOf = (count: number): number[] =>
    Array.from({ length: parts }, (_, part) => Math.ceil((count * (part + 1)) / parts));
  try {
    const buckets = writeParts(dataset, CONTENT.buckets.entries(), boundsOf(2 ** PREFIX_BITS));
    await sink.writeIndex('account', { facts: FACTS, bodies: buckets, roots: CONTENT.roots });
    for (const { file } of buckets) fs.rmSync(file);
    const ranges = writeParts(dataset, CONTENT.ranges, boundsOf(2 ** 20));
    await sink.writeRanges('sha1', { bodies: ranges, gaps: GAPS });
    for (const { file } of ranges) fs.rmSync(file);
    const laidOut = await sink.finish(undefined);
    const count = CONTENT.ranges.size;
    const sha1 = { entries: count, ranges: count, minEntries: 1, maxEntries: 1, contentBytes: 1, gaps: 17 };
    return {
      layer: '0'.repeat(16) as LayerId,
      name: NAME,
      indexes: { account: FACTS },
      ranges: { sha1 },
      ...laidOut,
      numbers: [],
    };
  } finally {
    sink.close();
    sink.close();
  }
}

const datasetAt = (folder: string): Dataset => ({ folder, parameters: { ranges: ['sha1'] } }) as unknown as Dataset;

function expectContent(layer: LayerReader): void {
  for (const [id, body] of CONTENT.buckets.entries())
    if (!layer.body('account', id as BucketId)?.equals(body)) throw new Error(`bucket ${id} is another`);
  for (const [range, body] of CONTENT.ranges) expect(layer.rangeBody('sha1', range).equals(body)).toBe(true);
}

const corrupt = storeError('SNAPSHOT_CORRUPT');

/** @returns undefined if it is found to be altered */
async function openOrRefuse(dataset: Dataset, facts: LayerFacts): Promise<LayerReader | undefined> {
  try {
    return await openLayer(dataset, facts);
  } catch (error) {
    expect(error).toEqual(corrupt);
    return undefined;
  }
}

function isWhole(layer: LayerReader, id: number): boolean {
  try {
    return layer.body('account', id as BucketId)?.equals(CONTENT.buckets[id] as Buffer) === true;
  } catch {
    return false;
  }
}

/** Reads everything right, or finds what is altered. */
function readOrRefuse(layer: LayerReader): void {
  try {
    expectContent(layer);
  } catch (error) {
    expect(error).toEqual(corrupt);
  }
}

describe.for(Object.keys(LAYOUTS))('the layout %s', (layout) => {
  test('gives back what was written, in any order, while ranges are listed', async ({ place }) => {
    const dataset = datasetAt(place.home);
    const layer = await openLayer(dataset, await write(dataset, layout));
    const first = layer.rangeBody('sha1', 0);
    const listed: number[] = [];
    for (const { range, body } of layer.rangeBodies('sha1')) {
      listed.push(range);
      expectContent(layer);
      expect(body.equals(CONTENT.ranges.get(range) as Buffer)).toBe(true);
    }
    expect(listed).toEqual([...CONTENT.ranges.keys()]);
    expect(layer.rangeBody('sha1', 2).length, 'a range without entries').toBe(0);
    expect(layer.gaps('sha1')?.size).toBe(17);
    expect(layer.roots('account').equals(CONTENT.roots)).toBe(true);
    expect(first.equals(CONTENT.ranges.get(0) as Buffer), 'no later read changes it').toBe(true);
    const room = Buffer.alloc(layer.mostBytes('account') + 4, 1);
    const body = CONTENT.buckets[9] as Buffer;
    const { padding } = layer.answer('account', 9 as BucketId, room, 0);
    expect(room.subarray(0, body.length + padding).equals(Buffer.concat([body, Buffer.alloc(padding)]))).toBe(true);
    layer.verifyFiles();
    layer.close();
  });

  test('makes the same facts and bytes of any parts', async ({ place }) => {
    const digests = [1, 2, 7].map(async (parts) => {
      const dataset = datasetAt(place.at(`in-${parts}`));
      const facts = await write(dataset, layout, parts);
      const files = fs.readdirSync(snapshotsFolder(dataset)).sort();
      const hash = createHash('sha256');
      for (const name of files) hash.update(name).update(fs.readFileSync(path.join(snapshotsFolder(dataset), name)));
      return { facts, digest: hash.digest('hex') };
    });
    const [one, ...others] = await Promise.all(digests);
    for (const other of others) expect(other).toEqual(one);
  });

  test('finds an altered byte wherever it is, each time, and reads what is whole', async ({ place }) => {
    const dataset = datasetAt(place.home);
    const facts = await write(dataset, layout);
    for (const name of fs.readdirSync(snapshotsFolder(dataset))) {
      const file = path.join(snapshotsFolder(dataset), name);
      const content = fs.readFileSync(file);
      for (const at of [0, content.length >> 1, content.length - 1]) {
        const altered = Buffer.from(content);
        altered[at] = (altered[at] as number) ^ 1;
        fs.writeFileSync(file, altered);
        const layer = await openOrRefuse(dataset, facts);
        if (!layer) continue;
        for (const _ of [1, 2]) {
          expect(() => layer.verifyFiles()).toThrow(corrupt);
          readOrRefuse(layer);
        }
        // In parts of their own, if the layout has parts.
        expect([0, CONTENT.buckets.length - 1].some((id) => isWhole(layer, id))).toBe(true);
        layer.close();
      }
      fs.writeFileSync(file, content.subarray(0, -1));
      await expect(openLayer(dataset, facts)).rejects.toThrow(corrupt);
      fs.writeFileSync(file, content);
    }
    (await openLayer(dataset, facts)).close();
  });

  test('reads what it opened after its files are gone, beside others', async ({ place }) => {
    const dataset = datasetAt(place.home);
    const facts = await write(dataset, layout);
    const [layer, other] = [await openLayer(dataset, facts), await openLayer(dataset, facts)];
    fs.rmSync(snapshotsFolder(dataset), { recursive: true });
    other.close();
    expectContent(layer);
    layer.close();
    await expect(openLayer(dataset, facts)).rejects.toThrow(storeError('SNAPSHOT_CORRUPT'));
  });

  test('rejects with what stopped it, and closes its files', async ({ place }) => {
    const dataset = datasetAt(place.home);
    fs.mkdirSync(snapshotsFolder(dataset));
    const open = (): number => fs.readdirSync('/proc/self/fd').length;
    const before = open();
    const interrupted = async (): Promise<never> => {
      throw new Error('interrupted');
    };
    const many = Array.from({ length: 5_000 }, (_, range): [number, Buffer] => [range, Buffer.from('x')]);
    const stopped = LAYOUTS[layout]?.(dataset, interrupted) as SnapshotSink;
    const bodies = writeParts(dataset, many, [5_000]);
    await expect(stopped.writeRanges('sha1', { bodies, gaps: '' })).rejects.toThrow('interrupted');
    stopped.close();
    const [{ file }] = bodies as [PartBodies];
    const whole = fs.readFileSync(file);
    // The second is a file of bodies as well: of other ones.
    for (const altered of [whole.subarray(0, -1), Buffer.from(whole).fill('y', whole.length - 1), Buffer.alloc(0)]) {
      fs.rmSync(snapshotsFolder(dataset), { recursive: true });
      fs.mkdirSync(snapshotsFolder(dataset));
      fs.writeFileSync(file, altered);
      const sink = LAYOUTS[layout]?.(dataset, noTurn) as SnapshotSink;
      await expect(sink.writeRanges('sha1', { bodies, gaps: '' })).rejects.toThrow(storeError('WORK_ALTERED'));
      sink.close();
      sink.close();
    }
    expect(open()).toBe(before);
  });
});
