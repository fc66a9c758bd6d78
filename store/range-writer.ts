// Publishing the range indexes: the range records of all runs merged into one row a range. PROTOCOL.md §12.
//
//   CREATE TABLE sha1 (id INTEGER PRIMARY KEY, body BLOB NOT NULL)   -- number of the range, RangeBody; likewise ntlm

import type Database from 'better-sqlite3';
import type { RangeName } from '../protocol/bucket-id.ts';
import { StoreError } from './errors.ts';
import { SizeTally } from './histogram.ts';
import { encodeRangeBody, MAX_RANGE_ENTRIES, SHARED_BYTES } from './range-body.ts';
import { RangeMerge } from './range-merge.ts';
import { HASH_BYTES } from './range-record.ts';
import { type Run, RunReader } from './run.ts';
import type { RangeFacts, RangesFacts } from './snapshot-facts.ts';

/** Records between two looks at progress and at the abort signal. */
const RECORDS_A_TURN = 1 << 18;

export interface RangeWriterOptions {
  /** Records read since the last call. */
  readonly onRecords?: (records: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The range of a hash: its first 20 bits. */
const rangeOf = (record: Uint8Array): number =>
  ((record[0] as number) << 12) | ((record[1] as number) << 4) | ((record[2] as number) >>> 4);

/** Gathers merged records into ranges; ranges without entries get no row. */
class RangeGatherer {
  readonly #insert: (range: number, body: Buffer) => void;
  readonly #suffixBytes: number;
  #suffixes = new Uint8Array(1 << 16);
  #times = new Float64Array(4096);
  #count = 0;
  #range = -1;
  readonly #tally = new SizeTally();
  #facts = { entries: 0, ranges: 0, minEntries: 0, maxEntries: 0, contentBytes: 0 };

  constructor(name: RangeName, insert: (range: number, body: Buffer) => void) {
    this.#suffixBytes = HASH_BYTES[name] - SHARED_BYTES;
    this.#insert = insert;
  }

  add(record: Uint8Array, times: number): void {
    const range = rangeOf(record);
    if (range !== this.#range) this.#flush();
    this.#range = range;
    if (this.#count === MAX_RANGE_ENTRIES)
      throw new StoreError('RUN_CORRUPT', 'a range has more hashes than SHA-1 or NTLM make', 'Remove the last source.');
    this.#reserve();
    const at = this.#count * this.#suffixBytes;
    for (let byte = 0; byte < this.#suffixBytes; byte++)
      this.#suffixes[at + byte] = record[SHARED_BYTES + byte] as number;
    this.#times[this.#count++] = times;
  }

  finish(): RangeFacts {
    this.#flush();
    return { ...this.#facts, histogram: this.#tally.histogram() };
  }

  #flush(): void {
    const count = this.#count;
    if (count === 0) return;
    const body = encodeRangeBody(this.#suffixes.subarray(0, count * this.#suffixBytes), this.#times.subarray(0, count));
    this.#insert(this.#range, body);
    this.#tally.add(count);
    const { entries, ranges, minEntries, maxEntries, contentBytes } = this.#facts;
    this.#facts = {
      entries: entries + count,
      ranges: ranges + 1,
      minEntries: ranges === 0 ? count : Math.min(minEntries, count),
      maxEntries: Math.max(maxEntries, count),
      contentBytes: contentBytes + body.length,
    };
    this.#count = 0;
  }

  #reserve(): void {
    if (this.#count === this.#times.length) {
      const times = new Float64Array(2 * this.#times.length);
      times.set(this.#times);
      this.#times = times;
    }
    if ((this.#count + 1) * this.#suffixBytes > this.#suffixes.length) {
      const suffixes = new Uint8Array(2 * this.#suffixes.length);
      suffixes.set(this.#suffixes);
      this.#suffixes = suffixes;
    }
  }
}

/** Range records that publishing these runs reads, for progress. */
export function countRangeRecords(ranges: readonly RangeName[], runs: readonly Run[]): number {
  let records = 0;
  for (const { facts } of runs)
    for (const section of facts.sections)
      if ((ranges as readonly string[]).includes(section.index)) records += section.records;
  return records;
}

/**
 * Writes the tables of the range indexes into an open transaction, and checks the checksum of every run that it read.
 * @throws StoreError `RUN_CORRUPT`
 */
export async function writeRanges(
  database: Database.Database,
  ranges: readonly RangeName[],
  runs: readonly Run[],
  { onRecords, signal }: RangeWriterOptions = {},
): Promise<RangesFacts> {
  const readers = runs
    .filter(({ facts }) => facts.sections.some(({ index }) => (ranges as readonly string[]).includes(index)))
    .map((run) => new RunReader(run));
  const facts: { [name in RangeName]?: RangeFacts } = {};
  try {
    for (const name of ranges) {
      database.exec(`CREATE TABLE ${name} (id INTEGER PRIMARY KEY, body BLOB NOT NULL)`);
      const insert = database.prepare(`INSERT INTO ${name} (id, body) VALUES (?, ?)`);
      const gatherer = new RangeGatherer(name, (range, body) => insert.run(range, body));
      for (const reader of readers) reader.beginSection(name);
      const merge = new RangeMerge(readers, HASH_BYTES[name]);
      for (let records = 1; merge.next(); records++) {
        gatherer.add(merge.record, merge.times);
        if (records % RECORDS_A_TURN !== 0) continue;
        onRecords?.(RECORDS_A_TURN);
        await new Promise(setImmediate);
        signal?.throwIfAborted();
      }
      facts[name] = gatherer.finish();
    }
    for (const reader of readers) reader.finish();
    return facts;
  } finally {
    for (const reader of readers) reader.close();
  }
}
