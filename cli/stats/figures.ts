// The statistics of a snapshot, which `credveil stats` prints as text, JSON or a page.

import { type IndexName, RANGES, type RangeName } from '../../protocol/bucket-id.ts';
import { falsePositiveRate } from '../../protocol/split-block.ts';
import type { SuiteName } from '../../protocol/suite.ts';
import { HASH_BYTES } from '../../store/run/range-record.ts';
import {
  contentFileBytes,
  type FilterFacts,
  type IndexFacts,
  type LayerFacts,
  type LayoutName,
  layersOf,
  layoutOf,
  type RangeFacts,
  type SourceFacts,
} from '../../store/snapshot/layout/snapshot-facts.ts';
import { histogramOf } from '../../store/snapshot/parts/histogram.ts';
import type { Snapshot } from '../../store/snapshot/snapshot.ts';

function describeIndex(snapshot: Snapshot, index: IndexName, facts: IndexFacts, users: number | undefined) {
  const { entries, prefixBits, minEntries, maxEntries, contentBytes, metadataTotalBytes, leastBits } = facts;
  const buckets = 2 ** prefixBits;
  const bits = (contentBytes - metadataTotalBytes) * 8;
  const all = entries + (facts.forms ?? 0);
  return {
    entries,
    /** Short tags of similarity forms. Null if the index has none. */
    forms: facts.forms ?? null,
    usernames: facts.usernames ?? null,
    buckets,
    prefixBits,
    /** Of the operator's own users, one of whom a query is about. */
    usersPerPrefix: users === undefined ? null : users / buckets,
    /** Entries on a prefix: they do not hide who asks. */
    anonymitySet: { min: minEntries, mean: entries / buckets, max: maxEntries },
    /** Of an entry or a form. Includes seal and header, excludes metadata and padding. */
    bitsPerEntry: all === 0 ? null : bits / all,
    minBitsPerEntry: all === 0 ? null : leastBits / all,
    metadataBitsPerEntry: all === 0 ? 0 : (metadataTotalBytes * 8) / all,
    ofInformationTheoreticLimit: leastBits === 0 ? null : bits / leastBits,
    falsePositivesPerQuery: entries / buckets / 2 ** 48,
    bodyBytes: facts.bodyBytes,
    bitsGivenAwayBySizes: facts.sizeBits,
    histogram: facts.histogram ?? histogramOf(snapshot.bucketCounts(index)),
  };
}

/** Counts nonempty ranges only: with few hashes, most ranges are empty. */
function describeRange(snapshot: Snapshot, name: RangeName, facts: RangeFacts) {
  const { entries, ranges, minEntries, maxEntries, contentBytes } = facts;
  return {
    entries,
    ranges,
    /** Ranges that a mirror lacks. */
    gaps: facts.gaps ?? 0,
    anonymitySet: { min: minEntries, mean: ranges === 0 ? 0 : entries / ranges, max: maxEntries },
    bitsPerEntry: entries === 0 ? null : (8 * contentBytes) / entries,
    /** Bits of a hash after the prefix. */
    hashBits: 8 * HASH_BYTES[name] - Math.log2(RANGES),
    histogram: facts.histogram ?? histogramOf(snapshot.rangeCounts(name)),
  };
}

/** A client looks into the filter of each layer: each errs on its own. */
function describeFilter({ entries, bytes }: FilterFacts, layers: readonly LayerFacts[]) {
  const rates = layers.flatMap(({ filter }) => (filter ? [falsePositiveRate(filter.entries, filter.blocks)] : []));
  return {
    entries,
    bytes,
    bitsPerEntry: entries === 0 ? null : (8 * bytes) / entries,
    falsePositiveRate: rates.reduce((share, rate) => share + rate * (1 - share), 0),
  };
}

/** What a layer has, in the files that it was written in. */
function describeLayer(layer: LayerFacts): LayerStats {
  const counts = Object.entries({ ...layer.indexes, ...layer.ranges }).map(([name, { entries }]) => [name, entries]);
  return {
    entries: Object.fromEntries(counts),
    sources: layer.numbers.length,
    bytes: contentFileBytes(layer),
    layout: layoutOf(layer),
  };
}

export interface LayerStats {
  /** Of each index. */
  readonly entries: { readonly [index: string]: number };
  readonly sources: number;
  readonly bytes: number;
  readonly layout: LayoutName;
}

export type FilterStats = ReturnType<typeof describeFilter>;
export type IndexStats = ReturnType<typeof describeIndex>;
export type RangeStats = ReturnType<typeof describeRange>;

export interface SnapshotStats {
  readonly snapshot: string;
  /** ISO 8601. */
  readonly published: string;
  readonly dataset: string;
  readonly keyId: string;
  readonly suite: SuiteName;
  /** Number of the operator's own users. Null if not known. */
  readonly users: number | null;
  readonly sources: readonly SourceFacts[];
  readonly bytes: number;
  /** The base first. */
  readonly layers: readonly LayerStats[];
  readonly indexes: { readonly [index: string]: IndexStats };
  /** Range indexes. */
  readonly ranges: { readonly [index: string]: RangeStats };
  /** Null if the snapshot has none. */
  readonly filter: FilterStats | null;
}

/** @param users number of the operator's own users */
export function describeSnapshot(snapshot: Snapshot, users?: number): SnapshotStats {
  const { facts } = snapshot;
  const indexes: { [index: string]: IndexStats } = {};
  for (const [index, indexFacts] of Object.entries(facts.indexes) as [IndexName, IndexFacts][])
    indexes[index] = describeIndex(snapshot, index, indexFacts, users);
  const ranges: { [index: string]: RangeStats } = {};
  for (const [name, rangeFacts] of Object.entries(facts.ranges ?? {}) as [RangeName, RangeFacts][])
    ranges[name] = describeRange(snapshot, name, rangeFacts);
  return {
    snapshot: facts.snapshot,
    published: snapshot.publishedAt.toISOString(),
    dataset: facts.dataset,
    keyId: facts.keyId,
    suite: facts.suite,
    users: users ?? null,
    sources: facts.sources,
    bytes: contentFileBytes(facts),
    layers: layersOf(facts).map(describeLayer),
    indexes,
    ranges,
    filter: facts.filter ? describeFilter(facts.filter, layersOf(facts)) : null,
  };
}
