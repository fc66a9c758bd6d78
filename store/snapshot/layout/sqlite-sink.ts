// The layout of SQLite: a table for each index. PROTOCOL.md §12.

import fs from 'node:fs';
import Database from 'better-sqlite3';
import { type IndexName, IndexNumber, type RangeName } from '../../../protocol/bucket-id.ts';
import { digestFile } from '../../files.ts';
import type { LayoutFacts } from './snapshot-facts.ts';
import { corruptSnapshot } from './snapshot-files.ts';
import type { BucketSink, RangeSink, SnapshotSink } from './snapshot-sink.ts';

/** Small pages waste the least space on overflow. */
const PAGE_SIZE = 'page_size = 1024';

export class SqliteSink implements SnapshotSink {
  readonly #file: string;
  readonly #database: Database.Database;

  constructor(file: string, mode: number) {
    this.#file = file;
    // SQLite would create it for every user.
    fs.closeSync(fs.openSync(file, 'wx', mode));
    this.#database = new Database(file);
    // The file is invisible until complete, and a crash restarts it: no journal and no syncs.
    for (const pragma of [PAGE_SIZE, 'journal_mode = OFF', 'synchronous = OFF', 'locking_mode = EXCLUSIVE'])
      this.#database.pragma(pragma);
    this.#database.exec('BEGIN');
  }

  beginIndex(index: IndexName): BucketSink {
    const insert = this.#createTable(index);
    return {
      add: insert,
      finish: (_facts, roots) => {
        if (roots.length === 0) return;
        this.#database.exec('CREATE TABLE IF NOT EXISTS manifest (id INTEGER PRIMARY KEY, roots BLOB NOT NULL)');
        this.#database.prepare('INSERT INTO manifest (id, roots) VALUES (?, ?)').run(IndexNumber[index], roots);
      },
    };
  }

  beginRanges(name: RangeName): RangeSink {
    const insert = this.#createTable(name);
    return {
      add: insert,
      finish: (gaps) => {
        if (gaps === '') return;
        this.#database.exec('CREATE TABLE IF NOT EXISTS gaps (name TEXT PRIMARY KEY, ranges TEXT NOT NULL)');
        this.#database.prepare('INSERT INTO gaps (name, ranges) VALUES (?, ?)').run(name, gaps);
      },
    };
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

  #createTable(name: IndexName | RangeName): (id: number, body: Uint8Array) => void {
    this.#database.exec(`CREATE TABLE ${name} (id INTEGER PRIMARY KEY, body BLOB NOT NULL)`);
    const statement = this.#database.prepare(`INSERT INTO ${name} (id, body) VALUES (?, ?)`);
    return (id, body) => {
      statement.run(id, body);
    };
  }
}
