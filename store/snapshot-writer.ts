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
import { Merge } from './merge.ts';
import { countRangeRecords, writeRanges } from './range-writer.ts';
import { openRuns, type Run } from './run.ts';
import { type GroupOptions, openRunsWithin, prepareRunStreams, type RunStreams } from './run-streams.ts';
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
  /** For the whole process; more runs than fit are merged in groups first. */
  readonly memoryBytes?: number;
  readonly signal?: AbortSignal;
}

export interface Published {
  readonly facts: SnapshotFacts;
  /** False where the current snapshot already was what the runs make. */
  readonly changed: boolean;
}

const MAX_RUNS = 0xffff;
/** Bodies fill the most of their last page so. */
const PAGE_SIZE = 'page_size = 1024';
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
  const keep = options.keep ?? DEFAULT_KEEP;
  const aside = path.join(workFolder(dataset), 'snapshot.sqlite.part');
  const folder = path.join(workFolder(dataset), 'publish');
  const clear = (): void => {
    for (const file of [aside, folder]) fs.rmSync(file, { recursive: true, force: true });
  };
  clear();
  if (current?.facts.snapshot.endsWith(`-${digest}`)) {
    // Whoever made it current may have been killed before this.
    pruneSnapshots(dataset, current.name, keep);
    return { facts: current.facts, changed: false };
  }

  const name = String(nextSequence(dataset, current, digest)).padStart(6, '0');
  const snapshot = `${name}-${digest}` as SnapshotId;
  fs.mkdirSync(workFolder(dataset), { recursive: true });
  try {
    const { indexes } = dataset.parameters;
    const turn = (): Promise<void> => giveWay(options.signal);
    const groups = {
      ...{ folder, turn },
      ...(options.memoryBytes === undefined ? {} : { maxOpen: openRunsWithin(options.memoryBytes) }),
    };
    const openStreams = await prepareRunStreams(runs, { ...groups, indexes });
    const tables = await writeTables(aside, { dataset, suite, snapshot, runs, openStreams, groups, options });
    const sqlite = { bytes: fs.statSync(aside).size, sha256: await digestFile(aside) };
    const { dataset: id, suite: suiteName, normalization, keyId, similar } = dataset.parameters;
    const unsealed = {
      format: SNAPSHOT_FORMAT,
      snapshot,
      dataset: id,
      suite: suiteName,
      keyId,
      normalization,
      ...tables,
      ...(similar && { similar }),
      sources: runs.map(sourceFacts),
      ...(suite.publicKey ? { publicKey: Buffer.from(suite.publicKey).toString('hex') } : {}),
      canary: knownAnswer(suite),
      sqlite,
    } as const;
    const facts = sealFacts(unsealed, suite);
    publishFile(aside, snapshotPath(dataset, name));
    writeFileAtomically(factsPath(dataset, name), `${JSON.stringify(facts, null, 2)}\n`);
    writeCurrent(dataset, name);
    pruneSnapshots(dataset, name, keep);
    return { facts, changed: true };
  } finally {
    clear();
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

/**
 * Sequences never go back, and a publication that was killed before it was current is made again under its number.
 * A file without facts never was current.
 */
function nextSequence(dataset: Dataset, current: CurrentSnapshot | undefined, digest: string): number {
  const names = fs.readdirSync(snapshotsFolder(dataset)).filter((name) => /^\d{6,12}\.json$/.test(name));
  const last = Math.max(0, current?.sequence ?? 0, ...names.map((name) => Number.parseInt(name, 10)));
  if (last === (current?.sequence ?? 0)) return last + 1;
  const facts = fs.readFileSync(factsPath(dataset, String(last).padStart(6, '0')), 'utf8');
  return facts.includes(`-${digest}"`) ? last : last + 1;
}

function sourceFacts(run: Run, place: number): SourceFacts {
  const { source: name, date, credentials, sections } = run.facts;
  const records = sections.reduce((sum, section) => sum + section.records, 0);
  return { number: place + 1, name, ...(date === undefined ? {} : { date }), credentials, records };
}

/** Runs `each` over the merged records of every index, and checks the checksums of all runs at the end. */
async function mergeRuns(
  { dataset, suite, runs, openStreams, options }: Publication,
  stage: PublishProgress['stage'],
  begin: (index: IndexName) => { each(merge: Merge): void; end(): void },
): Promise<void> {
  const totalRecords = sumOf(dataset.parameters.indexes.map((index) => sumOf(recordCounts(runs, index))));
  const streams = openStreams();
  let records = 0;
  try {
    for (const index of dataset.parameters.indexes) {
      const merge = new Merge([...streams.begin(index), ...canaryStreams(suite, index, dataset.parameters.similar)]);
      const consumer = begin(index);
      while (merge.next()) {
        consumer.each(merge);
        if (++records % RECORDS_A_TURN === 0) {
          options.onProgress?.({ stage, records, totalRecords });
          await giveWay(options.signal);
        }
      }
      consumer.end();
    }
    streams.finish();
    options.onProgress?.({ stage, records: totalRecords, totalRecords });
  } finally {
    streams.close();
  }
}

async function giveWay(signal: AbortSignal | undefined): Promise<void> {
  await new Promise(setImmediate);
  signal?.throwIfAborted();
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Records of each run for an index. */
function recordCounts(runs: readonly Run[], index: IndexName): number[] {
  return runs.map(({ facts }) =>
    sumOf(facts.sections.filter((at) => at.index === index).map(({ records }) => records)),
  );
}

/** Bits of each index for the entries that it has after merging. They are counted only where it matters how many. */
async function findPrefixBits(publication: Publication): Promise<Map<IndexName, number>> {
  const { dataset, suite, runs } = publication;
  const { indexes, bucketFloor } = dataset.parameters;
  const bits = new Map<IndexName, number>();
  for (const index of indexes) {
    // The records of one run have no doubles.
    const counts = recordCounts(runs, index);
    const least = choosePrefixBits(
      counts.reduce((most, count) => Math.max(most, count), 0),
      bucketFloor,
    );
    const most = choosePrefixBits(
      sumOf(counts) + canaryStreams(suite, index, dataset.parameters.similar).length,
      bucketFloor,
    );
    if (least === most) bits.set(index, most);
  }
  if (bits.size === indexes.length) return bits;
  await mergeRuns(publication, 'count', (index) => {
    let entries = 0;
    return {
      each: () => {
        entries++;
      },
      end: () => {
        bits.set(index, choosePrefixBits(entries, bucketFloor));
      },
    };
  });
  return bits;
}

/** The most bits that leave at least `floor` entries in a mean bucket. */
export function choosePrefixBits(entries: number, floor: number): number {
  return Math.min(MAX_PREFIX_BITS, Math.max(0, Math.floor(Math.log2(Math.max(1, entries) / floor))));
}

/** What is published, for all steps of it. */
interface Publication {
  readonly dataset: Dataset;
  readonly suite: KeyedSuite;
  readonly snapshot: SnapshotId;
  readonly runs: readonly Run[];
  readonly openStreams: () => RunStreams;
  /** Where there are more runs than can be open. */
  readonly groups: Omit<GroupOptions, 'indexes'>;
  readonly options: PublishOptions;
}

async function writeTables(file: string, publication: Publication): Promise<Pick<SnapshotFacts, 'indexes' | 'ranges'>> {
  const { dataset, suite, snapshot, runs, groups, options } = publication;
  const bits = await findPrefixBits(publication);
  const database = new Database(file);
  try {
    // Nobody sees this file before it is whole, and whoever crashes starts it anew: no journal, no syncs on the way.
    for (const pragma of [PAGE_SIZE, 'journal_mode = OFF', 'synchronous = OFF', 'locking_mode = EXCLUSIVE'])
      database.pragma(pragma);
    const indexes: { [name in IndexName]?: IndexFacts } = {};
    database.exec('BEGIN');
    await mergeRuns(publication, 'write', (index) => {
      database.exec(`CREATE TABLE ${index} (id INTEGER PRIMARY KEY, body BLOB NOT NULL)`);
      const insert = database.prepare(`INSERT INTO ${index} (id, body) VALUES (?, ?)`);
      const prefixBits = bits.get(index) ?? 0;
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
      ...groups,
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
