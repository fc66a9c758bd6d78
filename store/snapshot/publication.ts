// The parameters of a publication, and its passes over all records. PROTOCOL.md §12.

import type { LayerId, SnapshotId } from '../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName, MAX_PREFIX_BITS } from '../../protocol/bucket-id.ts';
import type { CreatePadBatch } from '../../protocol/metadata.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { type Dataset, filterRate } from '../dataset.ts';
import { yieldToEventLoop } from '../event-loop.ts';
import { credentialRecords } from '../run/credential-records.ts';
import { Merge, type RecordStream } from '../run/merge.ts';
import { RECORD_BYTES, RECORD_LAYOUT } from '../run/record.ts';
import type { Run } from '../run/run.ts';
import { type GroupOptions, type RunStreams, runNames } from '../run/run-streams.ts';

/** Progress of publishing in records. */
export interface PublishProgress {
  readonly stage: 'count' | 'write';
  readonly records: number;
  readonly totalRecords: number;
}

export interface PublishOptions {
  readonly onProgress?: (progress: PublishProgress) => void;
  /** Number of snapshots to keep, including the new one. */
  readonly keep?: number;
  /** Computes the pads of metadata. Default: the platform's SHA-256. */
  readonly createPads?: CreatePadBatch;
  /** Memory of the whole process. Runs that do not fit are merged in groups first. */
  readonly memoryBytes?: number;
  readonly signal?: AbortSignal;
}

/** The parameters of one publication, shared by all of its steps. */
export interface Publication {
  readonly dataset: Dataset;
  readonly suite: KeyedSuite;
  readonly snapshot: SnapshotId;
  readonly layer: LayerId;
  /** In order: the last of several runs with an entry gives it its source. */
  readonly runs: readonly Run[];
  /** The number of a run's source. */
  readonly numberOf: (run: Run) => number;
  readonly openStreams: () => RunStreams;
  /** For more runs than may be open. */
  readonly groups: Omit<GroupOptions, 'sections'>;
  readonly options: PublishOptions;
}

/** Records between two reports of progress and checks of the abort signal. */
const RECORDS_PER_TURN = 1 << 18;
/** A filter may be this much larger than needed, which saves counting if sources hardly overlap. */
const FILTER_SLACK = 1.05;

/**
 * Calls `each` for every merged record of every index, and checks the checksums of all runs at the
 * end.
 */
export async function mergeRuns(
  { dataset, suite, runs, openStreams, options }: Publication,
  stage: PublishProgress['stage'],
  begin: (index: IndexName) => { each(merge: Merge): void; end(): void },
): Promise<void> {
  const totalRecords = sum(dataset.parameters.indexes.map((index) => sum(recordCounts(runs, index))));
  const streams = openStreams();
  let records = 0;
  try {
    for (const index of dataset.parameters.indexes) {
      const merge = new Merge(
        [...streams.begin(index), ...canaryStreams(suite, index, dataset.parameters.similar)],
        RECORD_LAYOUT,
        runNames(runs),
      );
      const consumer = begin(index);
      while (merge.next()) {
        consumer.each(merge);
        if (++records % RECORDS_PER_TURN === 0) {
          options.onProgress?.({ stage, records, totalRecords });
          await yieldToEventLoop(options.signal);
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

const sum = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Records of each run for an index. */
function recordCounts(runs: readonly Run[], index: IndexName): number[] {
  return runs.map(({ facts }) => sum(facts.sections.filter((at) => at.index === index).map(({ records }) => records)));
}

/**
 * Entries of each index after merging, or an upper bound. Counts only if the difference matters.
 */
export async function countEntries(publication: Publication): Promise<ReadonlyMap<IndexName, number>> {
  const { dataset, suite, runs } = publication;
  const { indexes, bucketFloor, similar } = dataset.parameters;
  const counts = new Map<IndexName, number>();
  for (const index of indexes) {
    // The keys of one run are distinct.
    const perRun = recordCounts(runs, index);
    const low = perRun.reduce((max, count) => Math.max(max, count), 0);
    const high = sum(perRun) + canaryStreams(suite, index, similar).length;
    const sameBits = choosePrefixBits(low, bucketFloor) === choosePrefixBits(high, bucketFloor);
    const sameFilter = index !== 'password' || filterRate(dataset.parameters) === 0 || high <= low * FILTER_SLACK;
    if (sameBits && sameFilter) counts.set(index, high);
  }
  if (counts.size === indexes.length) return counts;
  await mergeRuns(publication, 'count', (index) => {
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

/** The maximum number of bits with at least `floor` entries in an average bucket. */
export function choosePrefixBits(entries: number, floor: number): number {
  return Math.min(MAX_PREFIX_BITS, Math.max(0, Math.floor(Math.log2(Math.max(1, entries) / floor))));
}

/** The canary's records, one stream each: the merge orders them. */
export function canaryStreams(suite: KeyedSuite, index: IndexName, similar = false): RecordStream[] {
  const streams: RecordStream[] = [];
  credentialRecords(suite, INDEX_NAMES, similar).derive({ ...CANARY, times: 1 }, (recordIndex, record) => {
    if (recordIndex !== index) return;
    let block = record.slice(0, RECORD_BYTES);
    streams.push({
      readBlock: () => {
        const next = block;
        block = new Uint8Array(0);
        return next;
      },
    });
  });
  return streams;
}
