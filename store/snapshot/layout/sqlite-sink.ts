// The layout of SQLite: a table for each index. PROTOCOL.md §12.

import fs from 'node:fs';
import Database from 'better-sqlite3';
import { type IndexName, IndexNumber, type RangeName } from '../../../protocol/bucket-id.ts';
import { digestFile } from '../../files.ts';
import { eachBody } from './bodies-file.ts';
import type { LayoutFacts } from './snapshot-facts.ts';
import { corruptSnapshot } from './snapshot-files.ts';
import type { SnapshotSink, WrittenIndex, WrittenRanges } from './snapshot-sink.ts';
import { bodiesTable, GAPS_TABLE, MANIFEST_TABLE, PAGE_SIZE } from './sqlite-tables.ts';

export class SqliteSink implements SnapshotSink {
  readonly #file: string;
  readonly #turn: () => Promise<void>;
  readonly #database: Database.Database;

  /** @param turn is called from time to time: it may throw */
  constructor(file: string, mode: number, turn: () => Promise<void>) {
    this.#file = file;
    this.#turn = turn;
    // SQLite would create it for every user.
    fs.closeSync(fs.openSync(file, 'wx', mode));
    this.#database = new Database(file);
    // The file is invisible until complete, and a crash restarts it: no journal and no syncs.
    for (const pragma of [PAGE_SIZE, 'journal_mode = OFF', 'synchronous = OFF', 'locking_mode = EXCLUSIVE'])
      this.#database.pragma(pragma);
    this.#database.exec('BEGIN');
  }

  async writeIndex(index: IndexName, { bodies, roots }: WrittenIndex): Promise<void> {
    const insert = this.#createTable(index);
    await eachBody(bodies, this.#turn, insert);
    if (roots.length === 0) return;
    this.#createOnce('manifest', MANIFEST_TABLE);
    this.#database.prepare('INSERT INTO manifest (id, roots) VALUES (?, ?)').run(IndexNumber[index], roots);
  }

  async writeRanges(name: RangeName, { bodies, gaps }: WrittenRanges): Promise<void> {
    const insert = this.#createTable(name);
    await eachBody(bodies, this.#turn, insert);
    if (gaps === '') return;
    this.#createOnce('gaps', GAPS_TABLE);
    this.#database.prepare('INSERT INTO gaps (name, ranges) VALUES (?, ?)').run(name, gaps);
  }

  async finish(): Promise<LayoutFacts> {
    this.#database.exec('COMMIT');
    this.close();
    const sqlite = { bytes: fs.statSync(this.#file).size, sha256: await digestFile(this.#file, corruptSnapshot) };
    return { format: 2, sqlite };
  }

  close(): void {
    this.#database.close();
  }

  #createOnce(name: string, table: string): void {
    if (!this.#database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name)) this.#database.exec(table);
  }

  #createTable(name: IndexName | RangeName): (id: number, body: Uint8Array) => void {
    this.#database.exec(bodiesTable(name));
    const statement = this.#database.prepare(`INSERT INTO ${name} (id, body) VALUES (?, ?)`);
    return (id, body) => {
      statement.run(id, body);
    };
  }
}
