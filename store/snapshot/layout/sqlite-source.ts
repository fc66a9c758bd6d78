// Reads a snapshot from SQLite tables. PROTOCOL.md §12.

import Database from 'better-sqlite3';
import type { BucketId } from '../../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName, IndexNumber, RANGE_NAMES, type RangeName } from '../../../protocol/bucket-id.ts';
import { LENGTH_BYTES } from '../../../protocol/snapshot/slots.ts';
import { parseRangeSet, type RangeSet } from '../../run/range-set.ts';
import type { LayerFacts } from './snapshot-facts.ts';
import { corruptSnapshot } from './snapshot-files.ts';
import type { SnapshotSource } from './snapshot-source.ts';
import { bodiesTable, GAPS_KEY, GAPS_TABLE, MANIFEST_TABLE } from './sqlite-tables.ts';

/** Maximum memory map of SQLite, which reads the rest of a larger file. */
const MMAP_BYTES = 2 ** 31 - 65_536;
const NOTHING = Buffer.alloc(0);

export class SqliteSource implements SnapshotSource {
  readonly #database: Database.Database;
  readonly #what: string;
  readonly #select: { readonly [name in IndexName | RangeName]?: Database.Statement<[number], Buffer> };

  /** @param file checked already */
  constructor(file: string, { name, indexes, ranges }: LayerFacts) {
    this.#what = name;
    this.#database = new Database(file, { readonly: true, fileMustExist: true });
    this.#database.pragma(`mmap_size = ${MMAP_BYTES}`);
    this.#database.pragma('query_only = ON');
    const tables = [...INDEX_NAMES.filter((name) => indexes[name]), ...RANGE_NAMES.filter((name) => ranges?.[name])];
    try {
      this.#assertTables(tables);
    } catch (error) {
      this.close();
      throw error;
    }
    const select: { [name in IndexName | RangeName]?: Database.Statement<[number], Buffer> } = {};
    for (const table of tables)
      select[table] = this.#database
        .prepare<[number], Buffer>(`SELECT body FROM ${table} WHERE id = ?`)
        .pluck() as Database.Statement<[number], Buffer>;
    this.#select = select;
    // Stays open: a read outside of a transaction costs seven more system calls.
    this.#database.exec('BEGIN');
  }

  read(index: IndexName, id: BucketId, target: Buffer): number {
    const body = this.#select[index]?.get(id);
    if (!body) throw corruptSnapshot(`${this.#what}: a bucket is missing`);
    if (body.length > target.length - LENGTH_BYTES)
      throw corruptSnapshot(`${this.#what}: a bucket is longer than its facts say`);
    body.copy(target);
    target.fill(0, body.length);
    return body.length;
  }

  roots(index: IndexName): Uint8Array {
    const roots = this.#database.prepare('SELECT roots FROM manifest WHERE id = ?').pluck().get(IndexNumber[index]);
    return roots instanceof Uint8Array ? roots : NOTHING;
  }

  rangeBody(name: RangeName, range: number): Buffer {
    const select = this.#select[name];
    if (!select) throw corruptSnapshot(`${this.#what}: it has no ranges of ${name}`);
    return select.get(range) ?? NOTHING;
  }

  rangeBodies(name: RangeName): Iterable<{ readonly range: number; readonly body: Buffer }> {
    return this.#database
      .prepare<[], { range: number; body: Buffer }>(`SELECT id AS range, body FROM ${name} ORDER BY id`)
      .iterate();
  }

  gaps(name: RangeName): RangeSet | undefined {
    return parseRangeSet(this.#database.prepare('SELECT ranges FROM gaps WHERE name = ?').pluck().get(name));
  }

  /** The file has its checksum; whether what a scan finds is found by its key is checked here. */
  verify(): void {
    const found = this.#database.pragma('integrity_check(1)', { simple: true });
    if (found !== 'ok') throw corruptSnapshot(`${this.#what}: its tables are damaged`);
  }

  close(): void {
    this.#database.close();
  }

  /** A view in the place of a table could answer one reader otherwise than the next. */
  #assertTables(names: readonly (IndexName | RangeName)[]): void {
    const wanted = names.map(bodiesTable);
    const found = this.#database
      .prepare<[], { name: string; sql: string | null }>('SELECT name, sql FROM sqlite_schema')
      .all()
      .filter(({ name, sql }) => name !== GAPS_KEY || sql !== null)
      .map(({ sql }) => sql ?? '');
    const isTable = (sql: string): boolean => wanted.includes(sql) || sql === MANIFEST_TABLE || sql === GAPS_TABLE;
    if (!wanted.every((sql) => found.includes(sql)) || !found.every(isTable))
      throw corruptSnapshot(`${this.#what}: its tables are not those of a snapshot`);
  }
}
