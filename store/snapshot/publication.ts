// The parameters of a publication, and its passes over all records. PROTOCOL.md §12.

import type { HeadKey, LayerId } from '../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName, maxPrefixBits } from '../../protocol/bucket-id.ts';
import type { CreatePadBatch } from '../../protocol/metadata.ts';
import { EntryKind } from '../../protocol/private-input.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import { type Dataset, filterRate } from '../dataset.ts';
import { StoreError } from '../errors.ts';
import { yieldToEventLoop } from '../event-loop.ts';
import { type PrefixParameters, userPrefixBits } from '../prefix-parameters.ts';
import type { NameList } from '../retention/name-list.ts';
import { credentialRecords } from '../run/credential-records.ts';
import { Merge, type RecordStream } from '../run/merge.ts';
import { KIND_AT, RECORD_BYTES, RECORD_LAYOUT } from '../run/record.ts';
import type { RunRemoval } from '../run/removal.ts';
import type { Run } from '../run/run.ts';
import { type GroupOptions, type RunStreams, runNames } from '../run/run-streams.ts';
import type { SigningKey } from '../signing-key.ts';
import type { Authority } from './authority.ts';
import type { IndexFacts, LayoutName } from './layout/snapshot-facts.ts';

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
  /** The key of the publisher; required by datasets with signatures. */
  readonly publisher?: SigningKey;
  /** How long the new head is valid. Default 25 hours. */
  readonly headLifeMs?: number;
  /** Keys that may sign heads from now on. */
  readonly delegate?: readonly HeadKey[];
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: number;
  /** The names of a dataset that has some. */
  readonly names?: NameList;
  /** Withdraw all earlier snapshots, as if one of their sources had been removed. */
  readonly withdraw?: boolean;
  /** Default `slots`. */
  readonly layout?: LayoutName;
}

/** The parameters of one publication, shared by all of its steps. */
export interface Publication {
  readonly dataset: Dataset;
  readonly suite: KeyedSuite;
  readonly layer: LayerId;
  readonly authority: Authority;
  readonly layout: LayoutName;
  /** In order: the last of several runs with an entry gives it its source. */
  readonly runs: readonly Run[];
  /** The number of a run's source. */
  readonly numberOf: (run: Run) => number;
  readonly openStreams: () => RunStreams;
  /** For more runs than may be open. */
  readonly groups: Omit<GroupOptions, 'sections'>;
  readonly options: PublishOptions;
  /** What suppressed names take out of a run. */
  readonly removed: (run: Run) => RunRemoval | undefined;
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
  publication: Publication,
  stage: PublishProgress['stage'],
  begin: (index: IndexName) => { each(merge: Merge): void; end(): void },
): Promise<void> {
  const { dataset, suite, runs, openStreams, options } = publication;
  const totalRecords = sum(dataset.parameters.indexes.map((index) => sum(recordCounts(publication, index))));
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
function recordCounts({ runs, removed }: Publication, index: IndexName): number[] {
  return runs.map((run) => {
    const records = sum(run.facts.sections.filter((at) => at.index === index).map((section) => section.records));
    return index === 'account' ? records - (removed(run)?.records ?? 0) : records;
  });
}

/** Distinct usernames, or passwords, of each run. */
function memberCounts(publication: Publication, index: IndexName): number[] {
  if (index === 'password') return recordCounts(publication, index);
  const { runs, removed } = publication;
  return runs.map(
    (run) => sum(run.facts.sections.map(({ usernames = 0 }) => usernames)) - (removed(run)?.usernames ?? 0),
  );
}

/** What an index contains after merging, or upper bounds that lead to the same choices. */
export interface IndexCount {
  readonly entries: number;
  /** What shares a bucket in the eyes of the bucket floor: usernames, or passwords. */
  readonly members: number;
}

/** Counts each index. Reads the records only if the runs' counts leave a choice open. */
export async function countEntries(publication: Publication): Promise<ReadonlyMap<IndexName, IndexCount>> {
  const { dataset, suite } = publication;
  const { parameters } = dataset;
  const { indexes, similar } = parameters;
  const counts = new Map<IndexName, IndexCount>();
  for (const index of indexes) {
    // The keys of one run are distinct.
    const perRun = recordCounts(publication, index);
    const low = perRun.reduce((max, count) => Math.max(max, count), 0);
    const high = sum(perRun) + canaryStreams(suite, index, similar).length;
    const members = memberCounts(publication, index);
    const fewest = members.reduce((max, count) => Math.max(max, count), 0);
    const most = sum(members) + 1;
    const sameBits = choosePrefixBits(index, fewest, parameters) === choosePrefixBits(index, most, parameters);
    const sameFilter = index !== 'password' || filterRate(parameters) === 0 || high <= low * FILTER_SLACK;
    if (sameBits && sameFilter) counts.set(index, { entries: high, members: most });
  }
  if (counts.size === indexes.length) return counts;
  await mergeRuns(publication, 'count', (index) => {
    let entries = 0;
    let members = 0;
    return {
      each: ({ bytes, at }) => {
        entries++;
        if (index === 'password' || bytes[at + KIND_AT] === EntryKind.username) members++;
      },
      end: () => {
        counts.set(index, { entries, members });
      },
    };
  });
  return counts;
}

/**
 * The maximum number of bits with at least `bucketFloor` members in an average bucket, and enough
 * of the operator's own users on each prefix.
 * @param members usernames of the account index, entries of the password index
 */
export function choosePrefixBits(index: IndexName, members: number, parameters: PrefixParameters): number {
  const { suite, bucketFloor, splitRoles = false } = parameters;
  return Math.min(
    maxPrefixBits(index, suite, splitRoles),
    userPrefixBits(parameters),
    Math.max(0, Math.floor(Math.log2(Math.max(1, members) / bucketFloor))),
  );
}

/**
 * Checks that the counts of the runs' facts led to the bits that the counted records lead to.
 * @throws StoreError `RUN_CORRUPT`
 */
export function assertPrefixBits(index: IndexName, facts: IndexFacts, parameters: PrefixParameters): void {
  const members = index === 'account' ? (facts.usernames ?? 0) : facts.entries;
  if (choosePrefixBits(index, members, parameters) === facts.prefixBits) return;
  throw new StoreError(
    'RUN_CORRUPT',
    `a run: its facts do not contain the number of its ${index === 'account' ? 'usernames' : 'passwords'}`,
    'Ingest the sources of runs that were copied from elsewhere again.',
  );
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
