// The reader of a layer of a snapshot: returns the body of a bucket by its id.

import fs from 'node:fs';
import type { BucketId } from '../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName, RANGE_NAMES, type RangeName } from '../../protocol/bucket-id.ts';
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
import { FilterFile } from './filter-file.ts';
import { nodeSha256 } from './layout/bucket-tails.ts';
import { FileSource } from './layout/file-source.ts';
import { PartedFile } from './layout/parted-file.ts';
import type { IndexFacts, LayerFacts } from './layout/snapshot-facts.ts';
import { corruptSnapshot, filterPath, snapshotPath } from './layout/snapshot-files.ts';
import type { SnapshotSource, TakeRoom } from './layout/snapshot-source.ts';
import { SqliteSource } from './layout/sqlite-source.ts';
import { paddedSize } from './parts/body-sizes.ts';
import { readGaps } from './ranges/range-gaps.ts';

/** What a body takes in an answer, and how much of that is padding. */
export interface AnsweredBody {
  readonly bytes: number;
  readonly padding: number;
}

export class LayerReader {
  readonly facts: LayerFacts;
  /** Undefined if the layer has none. */
  readonly filter: FilterFile | undefined;
  readonly #source: SnapshotSource;
  /** The trees above the segments of large signed indexes. */
  readonly #upper: { readonly [name in IndexName]?: MerkleTree };
  readonly #gaps: { readonly [name in RangeName]?: RangeSet | undefined };
  /** Its owner, and all who hold it. */
  #holders = 1;

  /** @throws StoreError `SNAPSHOT_CORRUPT` */
  constructor(source: SnapshotSource, filter: FilterFile | undefined, facts: LayerFacts) {
    this.facts = facts;
    this.filter = filter;
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

  /** The most that a body of an index that the dataset has takes in an answer. */
  mostBytes(index: IndexName): number {
    return longestBody(this.facts.indexes[index] as IndexFacts) + this.layout(index).upperBytes;
  }

  /**
   * Writes a padded body, and what follows it, to the room from `at`: up to `mostBytes`, and
   * LENGTH_BYTES more may be overwritten. The dataset has the index.
   * @throws as `body`
   */
  answer(index: IndexName, id: BucketId, room: Buffer, at: number): AnsweredBody {
    const facts = this.facts.indexes[index] as IndexFacts;
    const upper = this.#upper[index]?.siblings(id >>> SEGMENT_BITS);
    const bodyBytes = this.#source.read(index, id, at === 0 ? room : room.subarray(at));
    const paddedBytes = paddedSize(bodyBytes, facts.bodyBytes);
    if (upper) room.set(upper, at + paddedBytes);
    return { bytes: paddedBytes + (upper?.length ?? 0), padding: paddedBytes - bodyBytes };
  }

  /** The stored body of a range; empty if it has no entries. The dataset has the index. */
  rangeBody(name: RangeName, range: number, takeRoom?: TakeRoom): Buffer {
    return this.#source.rangeBody(name, range, takeRoom);
  }

  /** All ranges with entries, in order. */
  *rangeBodies(name: RangeName): Generator<{ readonly range: number; readonly body: Buffer }> {
    if (this.facts.ranges?.[name]) yield* this.#source.rangeBodies(name);
  }

  /** The ranges that a mirror lacks; undefined if there are none. */
  gaps(name: RangeName): RangeSet | undefined {
    return this.#gaps[name];
  }

  /** Checks all bytes, also those that are otherwise checked when they are first read. */
  verifyFiles(): void {
    this.#source.verify();
    this.filter?.verify();
  }

  /** Keeps the buckets readable after `close`. @returns releases them, once */
  hold(): () => void {
    // Its file descriptors may be those of other files by now.
    if (this.#holders === 0) throw new Error('a layer is held after it was closed');
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

/**
 * Opens a layer. SQLite tables are checked as a whole now, files of slots by parts when they are
 * first read.
 * @throws StoreError `SNAPSHOT_CORRUPT`
 */
export async function openLayer(dataset: Dataset, facts: LayerFacts): Promise<LayerReader> {
  // Otherwise it would answer for what leaked as if it had not.
  if (!hasRangesOf(dataset, facts)) throw corruptSnapshot(`${facts.name}: its ranges are not those of the dataset`);
  const { source, filter } = await openFiles(dataset, facts);
  try {
    return new LayerReader(source, filter && new FilterFile(filter), facts);
  } catch (error) {
    source.close();
    filter?.close();
    throw error;
  }
}

/** Whether the facts, whose ranges no statement covers, have the ranges of the dataset. */
export function hasRangesOf({ parameters }: Dataset, { ranges = {} }: LayerFacts): boolean {
  const wanted = parameters.ranges ?? [];
  return RANGE_NAMES.every((name) => wanted.includes(name) === (ranges[name] !== undefined));
}

/** @throws StoreError `SNAPSHOT_CORRUPT` if the segments do not lead to the signed root */
function openUpperTrees(source: SnapshotSource, facts: LayerFacts): { [name in IndexName]?: MerkleTree } {
  const trees: { [name in IndexName]?: MerkleTree } = {};
  for (const index of INDEX_NAMES) {
    const { prefixBits = 0, root } = facts.indexes[index] ?? {};
    if (root === undefined || upperSiblings(prefixBits) === 0) continue;
    const roots = source.roots(index);
    if (roots.length !== 2 ** upperSiblings(prefixBits) * NODE_BYTES)
      throw corruptSnapshot(`${facts.name}: its manifest is malformed`);
    const tree = new MerkleTree(splitNodes(roots), nodeSha256);
    if (Buffer.from(tree.root).toString('hex') !== root)
      throw corruptSnapshot(`${facts.name}: its manifest does not lead to the root`);
    trees[index] = tree;
  }
  return trees;
}

interface OpenFiles {
  readonly source: SnapshotSource;
  readonly filter: PartedFile | undefined;
}

async function openFiles(dataset: Dataset, facts: LayerFacts): Promise<OpenFiles> {
  const { name } = facts;
  if (!facts.sqlite) {
    const source = new FileSource(dataset, facts);
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
