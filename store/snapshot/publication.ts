// What is published, and passes over all of its records. PROTOCOL.md §12.

import type { SnapshotId } from '../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName, MAX_PREFIX_BITS } from '../../protocol/bucket-id.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { type Dataset, filterRate } from '../dataset.ts';
import { yieldToEventLoop } from '../event-loop.ts';
import { credentialRecords } from '../run/credential-records.ts';
import { Merge, type RecordStream } from '../run/merge.ts';
import { RECORD_BYTES, RECORD_LAYOUT } from '../run/record.ts';
import type { Run } from '../run/run.ts';
import type { GroupOptions, RunStreams } from '../run/run-streams.ts';

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

/** What is published, for all steps of it. */
export interface Publication {
  readonly dataset: Dataset;
  readonly suite: KeyedSuite;
  readonly snapshot: SnapshotId;
  readonly runs: readonly Run[];
  readonly openStreams: () => RunStreams;
  /** Where there are more runs than can be open. */
  readonly groups: Omit<GroupOptions, 'sections'>;
  readonly options: PublishOptions;
}

/** Records between two looks at progress and at the abort signal. */
const RECORDS_A_TURN = 1 << 18;
/** How much larger than needed a filter may be, so that counting is spared where sources hardly overlap. */
const FILTER_SLACK = 1.05;

/** Runs `each` over the merged records of every index, and checks the checksums of all runs at the end. */
export async function mergeRuns(
  { dataset, suite, runs, openStreams, options }: Publication,
  stage: PublishProgress['stage'],
  begin: (index: IndexName) => { each(merge: Merge): void; end(): void },
): Promise<void> {
  const totalRecords = sumOf(dataset.parameters.indexes.map((index) => sumOf(recordCounts(runs, index))));
  const streams = openStreams();
  let records = 0;
  try {
    for (const index of dataset.parameters.indexes) {
      const merge = new Merge(
        [...streams.begin(index), ...canaryStreams(suite, index, dataset.parameters.similar)],
        RECORD_LAYOUT,
      );
      const consumer = begin(index);
      while (merge.next()) {
        consumer.each(merge);
        if (++records % RECORDS_A_TURN === 0) {
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

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Records of each run for an index. */
function recordCounts(runs: readonly Run[], index: IndexName): number[] {
  return runs.map(({ facts }) =>
    sumOf(facts.sections.filter((at) => at.index === index).map(({ records }) => records)),
  );
}

/** Entries of each index after merging, or as many as there can be. They are counted only where it matters how many. */
export async function countEntries(publication: Publication): Promise<ReadonlyMap<IndexName, number>> {
  const { dataset, suite, runs } = publication;
  const { indexes, bucketFloor, similar } = dataset.parameters;
  const counts = new Map<IndexName, number>();
  for (const index of indexes) {
    // The records of one run have no doubles.
    const ofRuns = recordCounts(runs, index);
    const least = ofRuns.reduce((most, count) => Math.max(most, count), 0);
    const most = sumOf(ofRuns) + canaryStreams(suite, index, similar).length;
    const sameBits = choosePrefixBits(least, bucketFloor) === choosePrefixBits(most, bucketFloor);
    const sameFilter = index !== 'password' || filterRate(dataset.parameters) === 0 || most <= least * FILTER_SLACK;
    if (sameBits && sameFilter) counts.set(index, most);
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

/** The most bits that leave at least `floor` entries in a mean bucket. */
export function choosePrefixBits(entries: number, floor: number): number {
  return Math.min(MAX_PREFIX_BITS, Math.max(0, Math.floor(Math.log2(Math.max(1, entries) / floor))));
}

/** One stream a record: the merge brings them in order. */
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
