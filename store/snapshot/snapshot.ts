// Snapshot reader: returns the body of a bucket by its id. A server reads nothing else.

import fs from 'node:fs';
import type { BucketId } from '../../protocol/brands.ts';
import { formatRangePrefix, INDEX_NAMES, type IndexName, type RangeName } from '../../protocol/bucket-id.ts';
import { SEAL_BYTES } from '../../protocol/seal.ts';
import {
  lowerSiblings,
  MerkleTree,
  NODE_BYTES,
  SEGMENT_BITS,
  splitNodes,
  upperSiblings,
} from '../../protocol/signed/merkle.ts';
import { LENGTH_BYTES, longestBody, slotBytes } from '../../protocol/snapshot/slots.ts';
import type { Dataset } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import { digestFile } from '../files.ts';
import type { RangeSet } from '../run/range-set.ts';
import { openPublishedFacts, readCurrent } from './current.ts';
import { FilterFile } from './filter-file.ts';
import { nodeSha256 } from './layout/bucket-tails.ts';
import { FileSource } from './layout/file-source.ts';
import { PartedFile } from './layout/parted-file.ts';
import { contentFileBytes, type IndexFacts, type SnapshotFacts } from './layout/snapshot-facts.ts';
import { corruptSnapshot, filterPath, snapshotPath } from './layout/snapshot-files.ts';
import type { SnapshotSource, TakeRoom } from './layout/snapshot-source.ts';
import { SqliteSource } from './layout/sqlite-source.ts';
import { paddedSize } from './parts/body-sizes.ts';
import { decodeRangeBody, entriesOf, type RangeEntries } from './ranges/range-body.ts';
import { readGaps } from './ranges/range-gaps.ts';
import { formatRows } from './ranges/range-text.ts';
import { readStatement, type StatementFile } from './statement-files.ts';

/** A snapshot of up to this length is checked as a whole when it is opened. */
const CHECKED_AT_ONCE_BYTES = 2 ** 26;

/** A bucket as it is answered. */
export interface PaddedBody {
  /** The padded body, and the siblings above its segment, if there are any. */
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
  readonly facts: SnapshotFacts;
  readonly stated: StatementFile;
  /** When the snapshot was published. */
  readonly publishedAt: Date;
  /** Undefined if the snapshot has none. */
  readonly filter: FilterFile | undefined;
  readonly #source: SnapshotSource;
  /** The trees above the segments of large signed indexes. */
  readonly #upper: { readonly [name in IndexName]?: MerkleTree };
  readonly #gaps: { readonly [name in RangeName]?: RangeSet | undefined };
  /** Its owner, and all who hold it. */
  #holders = 1;

  /** @throws StoreError `SNAPSHOT_CORRUPT` */
  constructor(source: SnapshotSource, filter: FilterFile | undefined, stated: StatementFile, current: Published) {
    const { facts, publishedAt } = current;
    this.stated = stated;
    this.facts = facts;
    this.filter = filter;
    this.publishedAt = publishedAt;
    this.#source = source;
    this.#upper = openUpperTrees(source, facts);
    this.#gaps = { sha1: readGaps(source, facts, 'sha1'), ntlm: readGaps(source, facts, 'ntlm') };
  }

  /**
   * The body of a bucket without padding. Undefined if the dataset lacks the index.
   * @throws StoreError `SNAPSHOT_CORRUPT` if the bucket is missing or altered
   */
  body(index: IndexName, id: BucketId): Buffer | undefined {
    const facts = this.facts.indexes[index];
    if (!facts) return undefined;
    const target = Buffer.allocUnsafe(slotBytes(facts));
    return target.subarray(0, this.#source.read(index, id, target));
  }

  /** The slot of a bucket, PROTOCOL.md §12. The dataset has the index. @throws as `body` */
  slot(index: IndexName, id: BucketId): Buffer {
    const slot = Buffer.allocUnsafe(slotBytes(this.facts.indexes[index] as IndexFacts));
    const bodyBytes = this.#source.read(index, id, slot);
    slot.writeUInt32BE(bodyBytes, slot.length - LENGTH_BYTES);
    return slot;
  }

  /** The roots of an index's segments, if it has signatures and more than one. @throws as `body` */
  roots(index: IndexName): Buffer {
    return Buffer.from(this.#source.roots(index));
  }

  /** The lengths of what authenticates a bucket: in its body, and after the padded body. */
  layout(index: IndexName): { readonly tailBytes: number; readonly upperBytes: number } {
    const { root, prefixBits = 0 } = this.facts.indexes[index] ?? {};
    if (root === undefined) return { tailBytes: SEAL_BYTES, upperBytes: 0 };
    return { tailBytes: lowerSiblings(prefixBits) * NODE_BYTES, upperBytes: upperSiblings(prefixBits) * NODE_BYTES };
  }

  /** The body, padded to one of the sizes in the statement. */
  paddedBody(index: IndexName, id: BucketId): Buffer | undefined {
    return this.padded(index, id)?.bytes;
  }

  /** The padded body with the length of its padding. @throws as `body` */
  padded(index: IndexName, id: BucketId, takeRoom: TakeRoom = Buffer.allocUnsafe): PaddedBody | undefined {
    const facts = this.facts.indexes[index];
    if (!facts) return undefined;
    const upper = this.#upper[index]?.siblings(id >>> SEGMENT_BITS);
    const room = takeRoom(longestBody(facts) + Math.max(LENGTH_BYTES, upper?.length ?? 0));
    const bodyBytes = this.#source.read(index, id, room);
    const paddedBytes = paddedSize(bodyBytes, facts.bodyBytes);
    if (upper) room.set(upper, paddedBytes);
    return { bytes: room.subarray(0, paddedBytes + (upper?.length ?? 0)), padding: paddedBytes - bodyBytes, room };
  }

  /** Number of entries of every bucket, for statistics. */
  *bucketCounts(index: IndexName): Generator<number> {
    const buckets = 2 ** (this.facts.indexes[index]?.prefixBits ?? 0);
    for (let id = 0; id < buckets; id++) yield (this.body(index, id as BucketId) as Buffer).readUInt32BE(2);
  }

  /**
   * The stored body of a range; empty if it has no entries. Undefined if the dataset lacks the
   * index.
   */
  rangeBody(name: RangeName, range: number, takeRoom?: TakeRoom): Buffer | undefined {
    return this.facts.ranges?.[name] && this.#source.rangeBody(name, range, takeRoom);
  }

  /** Whether a mirror lacks this range: what is stored of it, if anything, is not all of it. */
  isGap(name: RangeName, range: number): boolean {
    return this.#gaps[name]?.has(range) ?? false;
  }

  /** The ranges that a mirror lacks; undefined if there are none. */
  gaps(name: RangeName): RangeSet | undefined {
    return this.#gaps[name];
  }

  /** All ranges with entries, in order. */
  *rangeBodies(name: RangeName): Generator<{ readonly range: number; readonly body: Buffer }> {
    if (this.facts.ranges?.[name]) yield* this.#source.rangeBodies(name);
  }

  /** Number of entries of every range that has some, for statistics. */
  *rangeCounts(name: RangeName): Generator<number> {
    for (const { body } of this.rangeBodies(name)) yield body.readUInt32BE(1);
  }

  /** Checks all bytes, also those that are otherwise checked when they are first read. */
  verifyFiles(): void {
    this.#source.verify();
    this.filter?.verify();
  }

  /** Keeps the buckets readable after `close`. @returns releases them, once */
  hold(): () => void {
    // Its file descriptors may be those of other files by now.
    if (this.#holders === 0) throw new Error('a snapshot is held after it was closed');
    this.#holders++;
    return () => this.#release();
  }

  close(): void {
    this.#release();
    this.filter?.release();
  }

  #release(): void {
    if (--this.#holders === 0) this.#source.close();
  }
}

/** @throws StoreError `SNAPSHOT_CORRUPT` if the segments do not lead to the signed root */
function openUpperTrees(source: SnapshotSource, facts: SnapshotFacts): { [name in IndexName]?: MerkleTree } {
  const trees: { [name in IndexName]?: MerkleTree } = {};
  for (const index of INDEX_NAMES) {
    const { prefixBits = 0, root } = facts.indexes[index] ?? {};
    if (root === undefined || upperSiblings(prefixBits) === 0) continue;
    const roots = source.roots(index);
    if (roots.length !== 2 ** upperSiblings(prefixBits) * NODE_BYTES)
      throw corruptSnapshot(`${facts.snapshot}: its manifest is malformed`);
    const tree = new MerkleTree(splitNodes(roots), nodeSha256);
    if (Buffer.from(tree.root).toString('hex') !== root)
      throw corruptSnapshot(`${facts.snapshot}: its manifest does not lead to the root`);
    trees[index] = tree;
  }
  return trees;
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
  if (stated.sha256 !== facts.statement) throw corruptSnapshot(`${name}: its statement belongs to another snapshot`);
  const { source, filter } = await openSource(dataset, name, facts);
  try {
    const publishedAt = new Date(stated.statement.publishedAt);
    const snapshot = new Snapshot(source, filter && new FilterFile(filter), stated, { facts, publishedAt });
    if (contentFileBytes(facts) + (facts.filter?.bytes ?? 0) <= CHECKED_AT_ONCE_BYTES) snapshot.verifyFiles();
    return snapshot;
  } catch (error) {
    source.close();
    filter?.close();
    throw error;
  }
}

interface OpenFiles {
  readonly source: SnapshotSource;
  readonly filter: PartedFile | undefined;
}

async function openSource(dataset: Dataset, name: string, facts: SnapshotFacts): Promise<OpenFiles> {
  if (!facts.sqlite) {
    const source = new FileSource(dataset, name, facts);
    return { source, filter: source.takeFilter() };
  }
  const file = snapshotPath(dataset, name);
  await checkFile(file, name, facts.sqlite);
  const what = `${name}: its filter`;
  if (facts.filter) await checkFile(filterPath(dataset, name), what, facts.filter);
  const filter = facts.filter && new PartedFile(filterPath(dataset, name), what, facts.filter.bytes, undefined);
  try {
    return { source: new SqliteSource(file, facts), filter };
  } catch (error) {
    filter?.close();
    throw error;
  }
}

/**
 * Compares a whole file with its length and checksum.
 * @throws StoreError `SNAPSHOT_CORRUPT`
 */
async function checkFile(file: string, what: string, facts: { bytes: number; sha256: string }): Promise<void> {
  try {
    const stat = fs.statSync(file);
    const refuse = (why: string): StoreError => corruptSnapshot(`${what}: ${why}`);
    if (!stat.isFile()) throw refuse('not a regular file');
    if (stat.size !== facts.bytes) throw refuse(`${stat.size} bytes instead of ${facts.bytes}`);
    if ((await digestFile(file, refuse)) !== facts.sha256) throw refuse('checksum mismatch');
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw corruptSnapshot(`${what}: cannot be read`, cause);
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
