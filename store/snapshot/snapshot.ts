// Snapshot reader: returns what a server answers for a bucket or a range, from all layers.

import type { BucketId } from '../../protocol/brands.ts';
import { decodeBody } from '../../protocol/bucket.ts';
import { formatRangePrefix, type IndexName, type RangeName } from '../../protocol/bucket-id.ts';
import { LENGTH_BYTES } from '../../protocol/snapshot/slots.ts';
import type { Dataset } from '../dataset.ts';
import { RangeSet } from '../run/range-set.ts';
import { openPublishedFacts, readCurrent } from './current.ts';
import { type LayerReader, openLayer } from './layer-reader.ts';
import { contentFileBytes, layersOf, type SnapshotFacts } from './layout/snapshot-facts.ts';
import { corruptSnapshot } from './layout/snapshot-files.ts';
import type { TakeRoom } from './layout/snapshot-source.ts';
import { joinRangeBodies, joinRanges } from './ranges/join-ranges.ts';
import { decodeRangeBody, entriesOf, type RangeEntries } from './ranges/range-body.ts';
import { formatRows } from './ranges/range-text.ts';
import { areStated } from './stated-facts.ts';
import { readStatement, type StatementFile } from './statement-files.ts';

/** A snapshot of up to this length is checked as a whole when it is opened. */
const CHECKED_AT_ONCE_BYTES = 2 ** 26;

/** A bucket as it is answered. */
export interface PaddedBody {
  /** The padded bodies of all layers, each with the siblings above its segment if it has some. */
  readonly bytes: Buffer;
  /** Number of padding bytes. */
  readonly padding: number;
  /** What it was read into, for another body once this one is sent; undefined if it is kept. */
  readonly room?: Buffer;
}

interface Published {
  readonly facts: SnapshotFacts;
  readonly publishedAt: Date;
}

export class Snapshot {
  /** Figures of all layers together. */
  readonly facts: SnapshotFacts;
  readonly stated: StatementFile;
  /** When the snapshot was published. */
  readonly publishedAt: Date;
  /** The base first. */
  readonly layers: readonly [LayerReader, ...LayerReader[]];
  readonly #gaps: { readonly [name in RangeName]?: RangeSet | undefined };

  constructor(layers: readonly [LayerReader, ...LayerReader[]], stated: StatementFile, current: Published) {
    const { facts, publishedAt } = current;
    this.stated = stated;
    this.facts = facts;
    this.publishedAt = publishedAt;
    this.layers = layers;
    this.#gaps = { sha1: joinGaps(layers, 'sha1'), ntlm: joinGaps(layers, 'ntlm') };
  }

  /** The most that an answer for a bucket takes. The dataset has the index. */
  mostBytes(index: IndexName): number {
    return this.layers.reduce((sum, layer) => sum + layer.mostBytes(index), 0);
  }

  /** The bodies, each padded to one of the sizes in the statement. */
  paddedBody(index: IndexName, id: BucketId): Buffer | undefined {
    return this.padded(index, id)?.bytes;
  }

  /**
   * The padded bodies with the length of their padding. Undefined if the dataset lacks the index.
   * @throws StoreError `SNAPSHOT_CORRUPT` if the bucket is missing or altered in a layer
   */
  padded(index: IndexName, id: BucketId, takeRoom: TakeRoom = Buffer.allocUnsafe): PaddedBody | undefined {
    if (!this.facts.indexes[index]) return undefined;
    const room = takeRoom(this.mostBytes(index) + LENGTH_BYTES);
    let bytes = 0;
    let padding = 0;
    for (const layer of this.layers) {
      const answered = layer.answer(index, id, room, bytes);
      bytes += answered.bytes;
      padding += answered.padding;
    }
    return { bytes: room.subarray(0, bytes), padding, room };
  }

  /**
   * The tags of a bucket in all layers, ascending, each once. The dataset has the index.
   * @throws as `padded`
   */
  tags(index: IndexName, id: BucketId): Float64Array {
    const all = this.layers.map(
      (layer) => decodeBody(layer.body(index, id) as Buffer, layer.layout(index).tailBytes).tags,
    );
    return all.length === 1
      ? (all[0] as Float64Array)
      : Float64Array.from(new Set(all.flatMap((tags) => [...tags]))).sort();
  }

  /** Number of entries of every bucket, for statistics. */
  *bucketCounts(index: IndexName): Generator<number> {
    const buckets = 2 ** (this.facts.indexes[index]?.prefixBits ?? 0);
    for (let id = 0; id < buckets; id++) {
      const counts = this.layers.map((layer) => (layer.body(index, id as BucketId) as Buffer).readUInt32BE(2));
      yield counts.reduce((sum, count) => sum + count, 0);
    }
  }

  /**
   * The body of a range, its counts added up; empty if it has no entries. Undefined if the dataset
   * lacks the index.
   */
  rangeBody(name: RangeName, range: number, takeRoom?: TakeRoom): Buffer | undefined {
    if (!this.facts.ranges?.[name]) return undefined;
    const [only, ...added] = this.layers;
    if (added.length === 0) return only.rangeBody(name, range, takeRoom);
    return joinRangeBodies(
      name,
      range,
      this.layers.map((layer) => layer.rangeBody(name, range)),
    );
  }

  /**
   * Whether nobody may take an answer for all that leaked: a mirror lacks this range, or no source
   * has hashes of this kind.
   */
  isGap(name: RangeName, range: number): boolean {
    return this.facts.ranges?.[name]?.entries === 0 || (this.#gaps[name]?.has(range) ?? false);
  }

  /** The ranges that a mirror lacks; undefined if there are none. */
  gaps(name: RangeName): RangeSet | undefined {
    return this.#gaps[name];
  }

  /** All ranges with entries, in order. */
  *rangeBodies(name: RangeName): Generator<{ readonly range: number; readonly body: Buffer }> {
    const [only, ...added] = this.layers;
    if (added.length === 0) yield* only.rangeBodies(name);
    else
      yield* joinRanges(
        name,
        this.layers.map((layer) => layer.rangeBodies(name)),
      );
  }

  /** Number of entries of every range that has some, for statistics. */
  *rangeCounts(name: RangeName): Generator<number> {
    for (const { body } of this.rangeBodies(name)) yield body.readUInt32BE(1);
  }

  /** Checks all bytes, also those that are otherwise checked when they are first read. */
  verifyFiles(): void {
    for (const layer of this.layers) layer.verifyFiles();
  }

  close(): void {
    for (const layer of this.layers) layer.close();
  }
}

/** Of a range that one layer has in part, another one knows no more than a part. */
function joinGaps(layers: readonly LayerReader[], name: RangeName): RangeSet | undefined {
  const all = layers.flatMap((layer) => layer.gaps(name) ?? []);
  if (all.length <= 1) return all[0];
  const joined = new RangeSet();
  for (const gaps of all) joined.addAll(gaps);
  return joined;
}

/**
 * Opens the current snapshot. SQLite tables and short files are checked as a whole now, long files
 * by parts when they are first read.
 * @throws StoreError `SNAPSHOT_MISSING` before the first publish, `SNAPSHOT_CORRUPT`
 */
export async function openSnapshot(dataset: Dataset): Promise<Snapshot> {
  for (;;) {
    const line = readCurrent(dataset);
    try {
      return await openPublished(dataset);
    } catch (error) {
      // Another publish may have pruned the snapshot in the meantime.
      if (readCurrent(dataset) === line) throw error;
    }
  }
}

async function openPublished(dataset: Dataset): Promise<Snapshot> {
  const current = openPublishedFacts(dataset);
  const { facts, name } = current;
  const stated = readStatement(dataset, name);
  if (!areStated({ facts, stated })) throw corruptSnapshot(`${name}: its statement belongs to another snapshot`);
  const layers: LayerReader[] = [];
  try {
    for (const layer of layersOf(facts)) layers.push(await openLayer(dataset, layer));
    const publishedAt = new Date(stated.statement.publishedAt);
    const snapshot = new Snapshot(layers as unknown as Snapshot['layers'], stated, { facts, publishedAt });
    if (contentFileBytes(facts) + (facts.filter?.bytes ?? 0) <= CHECKED_AT_ONCE_BYTES) snapshot.verifyFiles();
    return snapshot;
  } catch (error) {
    for (const layer of layers) layer.close();
    throw error;
  }
}

/**
 * The decoded entries of a range, maybe none. Undefined if the dataset lacks the index.
 * @param range below 2^20
 * @throws StoreError `SNAPSHOT_CORRUPT`
 */
export function rangeEntries(snapshot: Snapshot, name: RangeName, range: number): RangeEntries | undefined {
  const body = snapshot.rangeBody(name, range);
  return body && entriesOf(name, range, body);
}

/** The rows of a range as text; no bytes without entries. Otherwise as `rangeEntries`. */
export function rangeText(snapshot: Snapshot, name: RangeName, range: number): Buffer | undefined {
  const entries = rangeEntries(snapshot, name, range);
  return entries && formatRows(name, entries);
}

/** Every range with entries, by name and in order. */
export function* rangeFiles(snapshot: Snapshot, name: RangeName): Generator<{ name: string; content: Buffer }> {
  for (const { range, body } of snapshot.rangeBodies(name))
    yield { name: formatRangePrefix(range), content: formatRows(name, decodeRangeBody(name, range, body)) };
}
