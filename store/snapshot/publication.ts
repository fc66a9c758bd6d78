// The parameters of a publication, and what follows from the counts of its runs. PROTOCOL.md §12.

import type { HeadKey, LayerId } from '../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName, maxPrefixBits } from '../../protocol/bucket-id.ts';
import type { CreatePadBatch } from '../../protocol/metadata.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import { CANARY } from '../../protocol/test-credentials.ts';
import type { Dataset } from '../dataset.ts';
import { filterRate } from '../dataset-parameters.ts';
import { StoreError } from '../errors.ts';
import { type PrefixParameters, userPrefixBits } from '../prefix-parameters.ts';
import type { NameList } from '../retention/name-list.ts';
import { credentialRecords } from '../run/credential-records.ts';
import type { RecordStream } from '../run/merge.ts';
import type { PartSources } from '../run/part-streams.ts';
import { RECORD_BYTES } from '../run/record.ts';
import type { RunRemoval } from '../run/removal.ts';
import type { Run } from '../run/run.ts';
import type { SectionName } from '../run/sections.ts';
import type { SigningKey } from '../signing-key.ts';
import type { Authority } from './authority.ts';
import type { Prefixes } from './layer.ts';
import type { IndexFacts, LayerFacts, LayoutName } from './layout/snapshot-facts.ts';
import type { PublishThreads } from './parts/part-runner.ts';
import { type PartCount, streamOf } from './parts/part-work.ts';

/** Progress of publishing in records. */
export interface PublishProgress {
  readonly stage: 'count' | 'write';
  readonly records: number;
  readonly totalRecords: number;
  /** What was finished by an earlier attempt, and how many parts there are. */
  readonly resumed: { readonly parts: number; readonly of: number; readonly records: number };
}

export interface PublishOptions {
  readonly onProgress?: (progress: PublishProgress) => void;
  /** Number of snapshots to keep, including the new one. */
  readonly keep?: number;
  /** Computes the pads of metadata. Default: the platform's SHA-256. */
  readonly createPads?: CreatePadBatch;
  /**
   * Memory of the whole process. Default 1 GiB. Runs that do not fit are merged in groups first,
   * threads that do not fit are not started.
   */
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
  /** Default: that of the current snapshot, `slots` for the first. */
  readonly layout?: LayoutName;
  /** Write what was added alone, as a further layer, if that is worth it. */
  readonly delta?: boolean;
  /** Threads to work on. Default: this one. */
  readonly threads?: PublishThreads;
  /** Parts of each index, a power of two up to 256. Default: as many as its records are worth. */
  readonly parts?: number;
  /** The version of the program, which takes up only what its own left. Default: none. */
  readonly program?: string;
}

/** The parameters of one publication, shared by all of its steps. */
export interface Publication {
  readonly dataset: Dataset;
  readonly suite: KeyedSuite;
  readonly layer: LayerId;
  /** Of a layer after the first: those of the first. */
  readonly prefixes?: Prefixes | undefined;
  readonly authority: Authority;
  readonly layout: LayoutName;
  /** In order: the last of several runs with an entry gives it its source. */
  readonly runs: readonly Run[];
  /** The number of a run's source. */
  readonly numberOf: (run: Run) => number;
  /** What parts of all indexes are merged from. */
  readonly sources: PartSources;
  readonly threads: number;
  readonly options: PublishOptions;
  /** Called before anything is laid out. It may throw. */
  readonly assertWorth?: (indexes: LayerFacts['indexes']) => void;
  /** What suppressed names take out of a run. */
  readonly removed: (run: Run) => RunRemoval | undefined;
}

/** A filter may be this much larger than needed, which saves counting if sources hardly overlap. */
const FILTER_SLACK = 1.05;

const sum = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Records of all runs for an index. */
export const countRecords = (publication: Publication, index: SectionName): number =>
  sum(recordCounts(publication, index));

/** Records of each run for an index. */
function recordCounts({ runs, removed }: Publication, index: SectionName): number[] {
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

/**
 * What an index contains after merging, as far as the counts of its runs tell: upper bounds that
 * lead to the same choices. Undefined if they leave one open.
 */
export function boundCount(publication: Publication, index: IndexName): PartCount | undefined {
  const { dataset, suite } = publication;
  const { parameters } = dataset;
  // The keys of one run are distinct.
  const perRun = recordCounts(publication, index);
  const low = perRun.reduce((max, count) => Math.max(max, count), 0);
  const high = sum(perRun) + canaryRecords(suite, index, parameters.similar).length;
  const members = memberCounts(publication, index);
  const fewest = members.reduce((max, count) => Math.max(max, count), 0);
  const most = sum(members) + 1;
  const sameBits =
    publication.prefixes !== undefined ||
    choosePrefixBits(index, fewest, parameters) === choosePrefixBits(index, most, parameters);
  const sameFilter = index !== 'password' || filterRate(parameters) === 0 || high <= low * FILTER_SLACK;
  return sameBits && sameFilter ? { entries: high, members: most } : undefined;
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

/** The canary's records in an index. */
export function canaryRecords(suite: KeyedSuite, index: IndexName, similar = false): Uint8Array[] {
  const records: Uint8Array[] = [];
  credentialRecords(suite, INDEX_NAMES, similar).derive({ ...CANARY, times: 1 }, (recordIndex, record) => {
    if (recordIndex === index) records.push(record.slice(0, RECORD_BYTES));
  });
  return records;
}

/** The same, one stream each: the merge orders them. */
export const canaryStreams = (suite: KeyedSuite, index: IndexName, similar = false): RecordStream[] =>
  canaryRecords(suite, index, similar).map(streamOf);
