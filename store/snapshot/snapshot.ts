// Snapshot reader: returns the body of a bucket by its id. A server reads nothing else.

import fs from 'node:fs';
import Database from 'better-sqlite3';
import type { BucketId } from '../../protocol/brands.ts';
import {
  formatRangePrefix,
  INDEX_NAMES,
  type IndexName,
  IndexNumber,
  RANGE_NAMES,
  type RangeName,
} from '../../protocol/bucket-id.ts';
import { SEAL_BYTES } from '../../protocol/seal.ts';
import {
  lowerSiblings,
  MerkleTree,
  NODE_BYTES,
  SEGMENT_BITS,
  splitNodes,
  upperSiblings,
} from '../../protocol/signed/merkle.ts';
import type { Dataset } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import { digestFile } from '../files.ts';
import { HASH_BYTES } from '../run/range-record.ts';
import type { RangeSet } from '../run/range-set.ts';
import { paddedSize } from './body-sizes.ts';
import { nodeSha256 } from './bucket-table.ts';
import { corruptSnapshot, filterPath, openPublishedFacts, readCurrent, snapshotPath } from './current.ts';
import { FilterFile } from './filter-file.ts';
import { decodeRangeBody, type RangeEntries, SHARED_BYTES } from './range-body.ts';
import { readGaps } from './range-gaps.ts';
import { formatRows } from './range-text.ts';
import type { SnapshotFacts } from './snapshot-facts.ts';
import { readStatement, type StatementFile } from './statement-files.ts';

/** Maximum memory map of SQLite, which reads the rest of a larger file. */
const MMAP_BYTES = 2 ** 31 - 65_536;

/** A bucket as it is answered. */
export interface PaddedBody {
  /** The padded body, and the siblings above its segment, if there are any. */
  readonly bytes: Buffer;
  /** Number of padding bytes. */
  readonly padding: number;
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
  readonly #database: Database.Database;
  /** The trees above the segments of large signed indexes. */
  readonly #upper: { readonly [name in IndexName]?: MerkleTree };
  readonly #gaps: { readonly [name in RangeName]?: RangeSet | undefined };
  readonly #select: { readonly [name in IndexName | RangeName]?: Database.Statement<[number], Buffer> };

  constructor(database: Database.Database, filter: FilterFile | undefined, stated: StatementFile, current: Published) {
    const { facts, publishedAt } = current;
    this.stated = stated;
    this.facts = facts;
    this.filter = filter;
    this.publishedAt = publishedAt;
    this.#database = database;
    const select: { [name in IndexName | RangeName]?: Database.Statement<[number], Buffer> } = {};
    const tables = [
      ...INDEX_NAMES.filter((index) => facts.indexes[index]),
      ...RANGE_NAMES.filter((name) => facts.ranges?.[name]),
    ];
    for (const index of tables)
      select[index] = database
        .prepare<[number], Buffer>(`SELECT body FROM ${index} WHERE id = ?`)
        .pluck() as Database.Statement<[number], Buffer>;
    this.#select = select;
    this.#upper = openUpperTrees(database, facts);
    this.#gaps = { sha1: readGaps(database, facts, 'sha1'), ntlm: readGaps(database, facts, 'ntlm') };
    // Stays open: a read outside of a transaction costs seven more system calls.
    database.exec('BEGIN');
  }

  /**
   * The body of a bucket without padding. Undefined if the dataset lacks the index.
   * @throws StoreError `SNAPSHOT_CORRUPT` if the bucket is missing
   */
  body(index: IndexName, id: BucketId): Buffer | undefined {
    const select = this.#select[index];
    if (!select) return undefined;
    const body = select.get(id);
    if (!body) throw corruptSnapshot(`${this.facts.snapshot}: a bucket is missing`);
    return body;
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

  /** The padded body with the length of its padding. */
  padded(index: IndexName, id: BucketId): PaddedBody | undefined {
    const body = this.body(index, id);
    if (!body) return undefined;
    const paddedBytes = paddedSize(body.length, this.facts.indexes[index]?.bodyBytes ?? []);
    const upper = this.#upper[index]?.siblings(id >>> SEGMENT_BITS);
    const bytes = Buffer.alloc(paddedBytes + (upper?.length ?? 0));
    body.copy(bytes);
    if (upper) bytes.set(upper, paddedBytes);
    return { bytes, padding: paddedBytes - body.length };
  }

  /** Number of entries of every bucket, for statistics. */
  *bucketCounts(index: IndexName): Generator<number> {
    const rows = this.#database.prepare<[], Buffer>(`SELECT substr(body, 1, 6) FROM ${index} ORDER BY id`).pluck();
    for (const header of rows.iterate()) yield (header as Buffer).readUInt32BE(2);
  }

  /**
   * The stored body of a range; empty if it has no entries. Undefined if the dataset lacks the
   * index.
   */
  rangeBody(name: RangeName, range: number): Buffer | undefined {
    const select = this.#select[name];
    return select && (select.get(range) ?? Buffer.alloc(0));
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
    if (!this.#select[name]) return;
    const rows = this.#database.prepare<[], { range: number; body: Buffer }>(
      `SELECT id AS range, body FROM ${name} ORDER BY id`,
    );
    yield* rows.iterate();
  }

  /** Number of entries of every range that has some, for statistics. */
  *rangeCounts(name: RangeName): Generator<number> {
    if (!this.#select[name]) return;
    const rows = this.#database.prepare<[], Buffer>(`SELECT substr(body, 1, 5) FROM ${name} ORDER BY id`).pluck();
    for (const header of rows.iterate()) yield (header as Buffer).readUInt32BE(1);
  }

  close(): void {
    this.#database.close();
    this.filter?.release();
  }
}

/** @throws StoreError `SNAPSHOT_CORRUPT` if the segments do not lead to the signed root */
function openUpperTrees(database: Database.Database, facts: SnapshotFacts): { [name in IndexName]?: MerkleTree } {
  const trees: { [name in IndexName]?: MerkleTree } = {};
  for (const index of INDEX_NAMES) {
    const { prefixBits = 0, root } = facts.indexes[index] ?? {};
    if (root === undefined || upperSiblings(prefixBits) === 0) continue;
    const roots = database.prepare('SELECT roots FROM manifest WHERE id = ?').pluck().get(IndexNumber[index]);
    if (!(roots instanceof Uint8Array) || roots.length !== 2 ** upperSiblings(prefixBits) * NODE_BYTES)
      throw corruptSnapshot(`${facts.snapshot}: its manifest is malformed`);
    const tree = new MerkleTree(splitNodes(roots), nodeSha256);
    if (Buffer.from(tree.root).toString('hex') !== root)
      throw corruptSnapshot(`${facts.snapshot}: its manifest does not lead to the root`);
    trees[index] = tree;
  }
  return trees;
}

/**
 * Opens the current snapshot after checking the whole of it against its checksums.
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
  const file = snapshotPath(dataset, name);
  const publishedAt = await checkFile(file, name, facts.sqlite);
  if (facts.filter) await checkFile(filterPath(dataset, name), `${name}: its filter`, facts.filter);
  const stated = readStatement(dataset, name);
  if (stated.sha256 !== facts.statement) throw corruptSnapshot(`${name}: its statement belongs to another snapshot`);
  const filter = facts.filter && new FilterFile(filterPath(dataset, name));
  try {
    const database = new Database(file, { readonly: true, fileMustExist: true });
    database.pragma(`mmap_size = ${MMAP_BYTES}`);
    database.pragma('query_only = ON');
    return new Snapshot(database, filter, stated, { facts, publishedAt });
  } catch (error) {
    filter?.release();
    throw error;
  }
}

/**
 * Compares a whole file with its length and checksum.
 * @returns its time of writing
 * @throws StoreError `SNAPSHOT_CORRUPT`
 */
async function checkFile(file: string, what: string, facts: { bytes: number; sha256: string }): Promise<Date> {
  try {
    const stat = fs.statSync(file);
    const refuse = (why: string): StoreError => corruptSnapshot(`${what}: ${why}`);
    if (!stat.isFile()) throw refuse('not a regular file');
    if (stat.size !== facts.bytes) throw refuse(`${stat.size} bytes instead of ${facts.bytes}`);
    if ((await digestFile(file, refuse)) !== facts.sha256) throw refuse('checksum mismatch');
    return stat.mtime;
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
  if (!body) return undefined;
  if (body.length > 0) return decodeRangeBody(name, range, body);
  const suffixBytes = HASH_BYTES[name] - SHARED_BYTES;
  return { count: 0, suffixBytes, suffixes: new Uint8Array(0), times: new Float64Array(0) };
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
