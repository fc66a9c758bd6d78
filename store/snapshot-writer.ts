// Publishing: all runs merged into one snapshot, then made current. PROTOCOL.md §12.
//
//   CREATE TABLE account  (id INTEGER PRIMARY KEY, body BLOB NOT NULL)   -- BucketId, BucketBody without padding
//   CREATE TABLE password (id INTEGER PRIMARY KEY, body BLOB NOT NULL)

import { createHash, createHmac } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import type { SnapshotId } from '../protocol/brands.ts';
import { encodeBucket } from '../protocol/bucket.ts';
import { type IndexName, MAX_PREFIX_BITS } from '../protocol/bucket-id.ts';
import type { HmacSha256 } from '../protocol/seal.ts';
import { knownAnswer } from '../protocol/service-config.ts';
import type { KeyedSuite } from '../protocol/suite.ts';
import { BucketEncoder } from './bucket-encoder.ts';
import { canaryStreams } from './canary.ts';
import { type CurrentSnapshot, factsPath, openCurrent, pruneSnapshots, snapshotPath, writeCurrent } from './current.ts';
import { type Dataset, type DatasetParameters, snapshotsFolder, workFolder } from './dataset.ts';
import { StoreError } from './errors.ts';
import { digestFile, publishFile, writeFileAtomically } from './files.ts';
import { Merge, type RecordStream } from './merge.ts';
import { countRangeRecords, writeRanges } from './range-writer.ts';
import { openRuns, type Run, RunReader } from './run.ts';
import { type IndexFacts, SNAPSHOT_FORMAT, type SnapshotFacts, type SourceFacts, sealFacts } from './snapshot-facts.ts';

/** The HMAC of protocol/seal.ts from the platform. */
export const nodeHmacSha256: HmacSha256 = (key, message) => createHmac('sha256', key).update(message).digest();

/** How far publishing has come, in records read of records to read. */
export interface PublishProgress {
  readonly stage: 'count' | 'write';
  readonly records: number;
  readonly totalRecords: number;
}

export interface PublishOptions {
  readonly onProgress?: (progress: PublishProgress) => void;
  /** Snapshots to keep, the new one among them. */
  readonly keep?: number;
  readonly signal?: AbortSignal;
}

export interface Published {
  readonly facts: SnapshotFacts;
  /** False where the current snapshot already was what the runs make. */
  readonly changed: boolean;
}

const MAX_RUNS = 0xffff;
const DEFAULT_KEEP = 2;
/** Records between two looks at progress and at the abort signal. */
const RECORDS_A_TURN = 1 << 18;

/**
 * The caller holds the dataset's lock.
 * @throws StoreError `RUN_CORRUPT`, `RUN_FOREIGN`, `SNAPSHOT_CORRUPT`, `TOO_MANY_SOURCES`; the current snapshot stays
 */
export async function publish(dataset: Dataset, suite: KeyedSuite, options: PublishOptions = {}): Promise<Published> {
  const runs = openRuns(dataset);
  if (runs.length > MAX_RUNS)
    throw new StoreError(
      'TOO_MANY_SOURCES',
      `more than ${MAX_RUNS} sources`,
      'Ingest small corpora together as one source.',
    );
  const current = openCurrent(dataset);
  const digest = contentDigest(dataset.parameters, runs);
  if (current?.facts.snapshot.endsWith(`-${digest}`)) return { facts: current.facts, changed: false };

  const sequence = 1 + lastSequence(dataset, current);
  const name = String(sequence).padStart(6, '0');
  const snapshot = `${name}-${digest}` as SnapshotId;
  fs.mkdirSync(workFolder(dataset), { recursive: true });
  const aside = path.join(workFolder(dataset), 'snapshot.sqlite.part');
  fs.rmSync(aside, { force: true });
  try {
    const tables = await writeTables(aside, dataset, suite, snapshot, runs, options);
    const sqlite = { bytes: fs.statSync(aside).size, sha256: await digestFile(aside) };
    const { dataset: id, suite: suiteName, normalization, keyId } = dataset.parameters;
    const unsealed = {
      format: SNAPSHOT_FORMAT,
      snapshot,
      dataset: id,
      suite: suiteName,
      keyId,
      normalization,
      ...tables,
      sources: runs.map(sourceFacts),
      ...(suite.publicKey ? { publicKey: Buffer.from(suite.publicKey).toString('hex') } : {}),
      canary: knownAnswer(suite),
      sqlite,
    } as const;
    const facts = sealFacts(unsealed, suite);
    publishFile(aside, snapshotPath(dataset, name));
    writeFileAtomically(factsPath(dataset, name), `${JSON.stringify(facts, null, 2)}\n`);
    writeCurrent(dataset, name);
    pruneSnapshots(dataset, name, options.keep ?? DEFAULT_KEEP);
    return { facts, changed: true };
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

/** 16 hex digits that name what a snapshot is made from: the same runs and parameters give the same. */
function contentDigest(parameters: DatasetParameters, runs: readonly Run[]): string {
  const made = JSON.stringify([
    SNAPSHOT_FORMAT,
    parameters,
    runs.map((run) => [run.facts.source, run.facts.date, run.sha256]),
  ]);
  return createHash('sha256').update(made).digest('hex').slice(0, 16);
}

function lastSequence(dataset: Dataset, current: CurrentSnapshot | undefined): number {
  const names = fs.readdirSync(snapshotsFolder(dataset)).map((name) => Number.parseInt(name, 10) || 0);
  return Math.max(0, current?.sequence ?? 0, ...names);
}

function sourceFacts(run: Run, place: number): SourceFacts {
  const { source: name, date, credentials, sections } = run.facts;
  const records = sections.reduce((sum, section) => sum + section.records, 0);
  return { number: place + 1, name, ...(date === undefined ? {} : { date }), credentials, records };
}

class RunStream implements RecordStream {
  readonly reader: RunReader;
  readonly number: number;

  constructor(run: Run, number: number) {
    this.reader = new RunReader(run);
    this.number = number;
  }

  readBlock(): Uint8Array {
    return this.reader.readBlock();
  }
}

/** Runs `each` over the merged records of every index, and checks the checksums of all runs at the end. */
async function mergeRuns(
  dataset: Dataset,
  suite: KeyedSuite,
  runs: readonly Run[],
  options: PublishOptions,
  stage: PublishProgress['stage'],
  begin: (index: IndexName) => { each(merge: Merge): void; end(): void },
): Promise<void> {
  const totalRecords = runs.reduce(
    (sum, run) => sum + run.facts.sections.reduce((s, { records }) => s + records, 0),
    0,
  );
  const streams = runs.map((run, place) => new RunStream(run, place + 1));
  let records = 0;
  try {
    for (const index of dataset.parameters.indexes) {
      for (const { reader } of streams) reader.beginSection(index);
      const merge = new Merge([...streams, ...canaryStreams(suite, index)]);
      const consumer = begin(index);
      while (merge.next()) {
        consumer.each(merge);
        if (++records % RECORDS_A_TURN === 0) {
          options.onProgress?.({ stage, records, totalRecords });
          await new Promise(setImmediate);
          options.signal?.throwIfAborted();
        }
      }
      consumer.end();
    }
    for (const { reader } of streams) reader.finish();
    options.onProgress?.({ stage, records: totalRecords, totalRecords });
  } finally {
    for (const { reader } of streams) reader.close();
  }
}

/** Entries of each index after merging. The runs of one source have no doubles; more must be counted. */
async function countEntries(
  dataset: Dataset,
  suite: KeyedSuite,
  runs: readonly Run[],
  options: PublishOptions,
): Promise<Map<IndexName, number>> {
  const counts = new Map<IndexName, number>();
  await mergeRuns(dataset, suite, runs, options, 'count', (index) => {
    let entries = 0;
    return {
      each: () => {
        entries++;
      },
      end: () => {
        counts.set(index, entries);
      },
    };
  });
  return counts;
}

/** The most bits that leave at least `floor` entries in a mean bucket. */
export function choosePrefixBits(entries: number, floor: number): number {
  return Math.min(MAX_PREFIX_BITS, Math.max(0, Math.floor(Math.log2(Math.max(1, entries) / floor))));
}

async function writeTables(
  file: string,
  dataset: Dataset,
  suite: KeyedSuite,
  snapshot: SnapshotId,
  runs: readonly Run[],
  options: PublishOptions,
): Promise<Pick<SnapshotFacts, 'indexes' | 'ranges'>> {
  const counts = await countEntries(dataset, suite, runs, options);
  const database = new Database(file);
  try {
    // Nobody sees this file before it is whole, and whoever crashes starts it anew: no journal, no syncs on the way.
    for (const pragma of ['page_size = 4096', 'journal_mode = OFF', 'synchronous = OFF', 'locking_mode = EXCLUSIVE'])
      database.pragma(pragma);
    const indexes: { [name in IndexName]?: IndexFacts } = {};
    database.exec('BEGIN');
    await mergeRuns(dataset, suite, runs, options, 'write', (index) => {
      database.exec(`CREATE TABLE ${index} (id INTEGER PRIMARY KEY, body BLOB NOT NULL)`);
      const insert = database.prepare(`INSERT INTO ${index} (id, body) VALUES (?, ?)`);
      const prefixBits = choosePrefixBits(counts.get(index) ?? 0, dataset.parameters.bucketFloor);
      const place = { snapshot, index, prefixBits };
      const encoder = new BucketEncoder(
        prefixBits,
        dataset.parameters.metadataBytes,
        (id, tags, metadata, metadataBytes) => {
          const body = encodeBucket(tags, metadata, metadataBytes, { ...place, id }, suite.sealKey, nodeHmacSha256);
          insert.run(id, body);
          return body.length;
        },
      );
      return {
        each: (merge) => encoder.add(merge),
        end: () => {
          indexes[index] = encoder.finish();
        },
      };
    });
    const { ranges } = dataset.parameters;
    if (ranges === undefined) {
      database.exec('COMMIT');
      return { indexes };
    }
    const totalRecords = countRangeRecords(ranges, runs);
    let records = 0;
    const rangesFacts = await writeRanges(database, ranges, runs, {
      signal: options.signal,
      onRecords: (read) => {
        records += read;
        options.onProgress?.({ stage: 'write', records, totalRecords });
      },
    });
    database.exec('COMMIT');
    return { indexes, ranges: rangesFacts };
  } finally {
    database.close();
  }
}
