// Snapshot reader: the body of a bucket by its id. The only thing that a server reads.

import fs from 'node:fs';
import Database from 'better-sqlite3';
import type { BucketId } from '../../protocol/brands.ts';
import {
  formatRangePrefix,
  INDEX_NAMES,
  type IndexName,
  RANGE_NAMES,
  type RangeName,
} from '../../protocol/bucket-id.ts';
import type { Dataset } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import { digestFile } from '../files.ts';
import { HASH_BYTES } from '../run/range-record.ts';
import { paddedSize } from './body-sizes.ts';
import { corruptSnapshot, filterPath, openCurrent, readCurrent, snapshotPath } from './current.ts';
import { FilterFile } from './filter-file.ts';
import { decodeRangeBody, type RangeEntries, SHARED_BYTES } from './range-body.ts';
import { formatRows } from './range-text.ts';
import type { SnapshotFacts } from './snapshot-facts.ts';

/** SQLite maps at most this much; what is beyond is read. */
const MMAP_BYTES = 2 ** 31 - 65_536;

export interface PaddedBody {
  readonly bytes: Buffer;
  /** Bytes at its end that say nothing. */
  readonly padding: number;
}

export class Snapshot {
  readonly facts: SnapshotFacts;
  /** When the snapshot was published. */
  readonly publishedAt: Date;
  /** Undefined where the snapshot has none. */
  readonly filter: FilterFile | undefined;
  readonly #database: Database.Database;
  readonly #select: { readonly [name in IndexName | RangeName]?: Database.Statement<[number], Buffer> };

  constructor(database: Database.Database, filter: FilterFile | undefined, facts: SnapshotFacts, publishedAt: Date) {
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
    // Held open: a read outside of a transaction costs seven system calls more.
    database.exec('BEGIN');
  }

  /**
   * The body of a bucket without padding. Undefined where the dataset does not have the index.
   * @throws StoreError `SNAPSHOT_CORRUPT` where a bucket is missing
   */
  body(index: IndexName, id: BucketId): Buffer | undefined {
    const select = this.#select[index];
    if (!select) return undefined;
    const body = select.get(id);
    if (!body) throw corruptSnapshot(`${this.facts.snapshot}: a bucket is missing`);
    return body;
  }

  /** The body padded to one of the sizes that the config announces. */
  paddedBody(index: IndexName, id: BucketId): Buffer | undefined {
    return this.padded(index, id)?.bytes;
  }

  /** The same, and how much of it is padding. */
  padded(index: IndexName, id: BucketId): PaddedBody | undefined {
    const body = this.body(index, id);
    if (!body) return undefined;
    const bytes = Buffer.alloc(paddedSize(body.length, this.facts.indexes[index]?.bodyBytes ?? []));
    body.copy(bytes);
    return { bytes, padding: bytes.length - body.length };
  }

  /** Entries of every bucket of an index, for statistics. */
  *bucketCounts(index: IndexName): Generator<number> {
    const rows = this.#database.prepare<[], Buffer>(`SELECT substr(body, 1, 6) FROM ${index} ORDER BY id`).pluck();
    for (const header of rows.iterate()) yield (header as Buffer).readUInt32BE(2);
  }

  /** The stored body of a range; empty where no hash begins so. Undefined where the dataset does not have the index. */
  rangeBody(name: RangeName, range: number): Buffer | undefined {
    const select = this.#select[name];
    return select && (select.get(range) ?? Buffer.alloc(0));
  }

  /** All ranges of an index that have entries, in order. */
  *rangeBodies(name: RangeName): Generator<{ readonly range: number; readonly body: Buffer }> {
    if (!this.#select[name]) return;
    const rows = this.#database.prepare<[], { range: number; body: Buffer }>(
      `SELECT id AS range, body FROM ${name} ORDER BY id`,
    );
    yield* rows.iterate();
  }

  /** Entries of every range of an index that has some, for statistics. */
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

/**
 * Opens what CURRENT points to, after checking it whole against its checksum.
 * @throws StoreError `SNAPSHOT_MISSING` before the first publish, `SNAPSHOT_CORRUPT`
 */
export async function openSnapshot(dataset: Dataset): Promise<Snapshot> {
  for (;;) {
    const line = readCurrent(dataset);
    try {
      return await openPublished(dataset);
    } catch (error) {
      // Publishing may have gone on meanwhile and pruned what was being opened.
      if (readCurrent(dataset) === line) throw error;
    }
  }
}

async function openPublished(dataset: Dataset): Promise<Snapshot> {
  const current = openCurrent(dataset);
  if (!current)
    throw new StoreError(
      'SNAPSHOT_MISSING',
      `dataset ${dataset.folder} has not been published yet`,
      `Run: credveil publish ${dataset.folder}`,
    );
  const { facts, name } = current;
  const file = snapshotPath(dataset, name);
  const publishedAt = await checkFile(file, name, facts.sqlite);
  if (facts.filter) await checkFile(filterPath(dataset, name), `${name}: its filter`, facts.filter);
  const filter = facts.filter && new FilterFile(filterPath(dataset, name));
  try {
    const database = new Database(file, { readonly: true, fileMustExist: true });
    database.pragma(`mmap_size = ${MMAP_BYTES}`);
    database.pragma('query_only = ON');
    return new Snapshot(database, filter, facts, publishedAt);
  } catch (error) {
    filter?.release();
    throw error;
  }
}

/** Reads a whole file against what the facts say of it. @returns when it was written @throws StoreError `SNAPSHOT_CORRUPT` */
async function checkFile(file: string, what: string, facts: { bytes: number; sha256: string }): Promise<Date> {
  try {
    const stat = fs.statSync(file);
    if (stat.size !== facts.bytes) throw corruptSnapshot(`${what}: it has ${stat.size} bytes, not ${facts.bytes}`);
    if ((await digestFile(file)) !== facts.sha256) throw corruptSnapshot(`${what}: its checksum does not fit`);
    return stat.mtime;
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw corruptSnapshot(`${what}: it cannot be read`, cause);
  }
}

/**
 * None where no hash begins so. Undefined where the dataset does not have the index.
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

/** The rows of a range; no bytes where no hash begins so. Otherwise as `rangeEntries`. */
export function rangeText(snapshot: Snapshot, name: RangeName, range: number): Buffer | undefined {
  const entries = rangeEntries(snapshot, name, range);
  return entries && formatRows(name, entries);
}

/** Every range of an index that has entries, with its name, in order. */
export function* rangeFiles(snapshot: Snapshot, name: RangeName): Generator<{ name: string; content: Buffer }> {
  for (const { range, body } of snapshot.rangeBodies(name))
    yield { name: formatRangePrefix(range), content: formatRows(name, decodeRangeBody(name, range, body)) };
}
