// The figures of a snapshot in several layers, from those of each: for people, and for memory that
// is bounded by them. Sums: an entry that is in two layers counts twice.

import { createHash } from 'node:crypto';
import type { LayerId } from '../../protocol/brands.ts';
import { INDEX_NAMES, type IndexName, RANGE_NAMES, RANGES, type RangeName } from '../../protocol/bucket-id.ts';
import type { FilterFacts, IndexFacts, LayerFacts, RangeFacts, SnapshotFacts } from './layout/snapshot-facts.ts';

const LABEL = 'credveil layers 2';

/** @param layers at least two, of the same indexes */
export function joinLayers<T extends object>(
  facts: T,
  layers: readonly LayerFacts[],
): T & Pick<SnapshotFacts, 'layer' | 'layers' | 'indexes' | 'ranges' | 'filter'> {
  const indexes: { [name in IndexName]?: IndexFacts } = {};
  for (const name of INDEX_NAMES) {
    const all = layers.flatMap((layer) => layer.indexes[name] ?? []);
    if (all.length > 0) indexes[name] = joinIndexes(all);
  }
  const ranges: { [name in RangeName]?: RangeFacts } = {};
  for (const name of RANGE_NAMES) {
    const all = layers.flatMap((layer) => layer.ranges?.[name] ?? []);
    if (all.length > 0) ranges[name] = joinRanges(all);
  }
  const filters = layers.flatMap(({ filter }) => filter ?? []);
  return {
    ...facts,
    layer: nameLayers(layers),
    layers,
    indexes,
    ...(layers[0]?.ranges && { ranges }),
    ...(filters[0] && { filter: joinFilters(filters[0], filters) }),
  };
}

/** What is stored: the figures of several layers follow from them. */
export function storedFacts(facts: SnapshotFacts): object {
  if (!facts.layers) return facts;
  const { layer: _, indexes: __, ranges: ___, filter: ____, ...stored } = facts;
  return stored;
}

/** No bucket is made for it: whoever takes it for the id of a layer opens nothing. */
function nameLayers(layers: readonly LayerFacts[]): LayerId {
  const ids = layers.map(({ layer }) => layer).join('');
  return createHash('sha256').update(LABEL).update(ids).digest('hex').slice(0, 32) as LayerId;
}

function sum<T>(all: readonly T[], of: (one: T) => number | undefined): number {
  return all.reduce((total, one) => total + (of(one) ?? 0), 0);
}

/** All but the first have one length, so that an answer has the lengths of the first and theirs. */
function joinIndexes(all: readonly IndexFacts[]): IndexFacts {
  const [first, ...added] = all as readonly [IndexFacts, ...IndexFacts[]];
  const { root: _, histogram: __, ...base } = first;
  const more = sum(added, ({ bodyBytes }) => bodyBytes.at(-1));
  return {
    ...base,
    bodyBytes: first.bodyBytes.map((bytes) => bytes + more),
    entries: sum(all, ({ entries }) => entries),
    ...(first.usernames !== undefined && { usernames: sum(all, ({ usernames }) => usernames) }),
    ...(first.forms !== undefined && {
      forms: sum(all, ({ forms }) => forms),
      maxForms: sum(all, ({ maxForms }) => maxForms),
    }),
    minEntries: sum(all, ({ minEntries }) => minEntries),
    maxEntries: sum(all, ({ maxEntries }) => maxEntries),
    contentBytes: sum(all, ({ contentBytes }) => contentBytes),
    metadataTotalBytes: sum(all, ({ metadataTotalBytes }) => metadataTotalBytes),
    leastBits: sum(all, ({ leastBits }) => leastBits),
  };
}

/** The line break between what two layers have of a range. */
const BREAK_BYTES = 2;

function joinRanges(all: readonly RangeFacts[]): RangeFacts {
  const gaps = sum(all, (range) => range.gaps);
  const isMeasured = all.every(({ maxTextBytes }) => maxTextBytes !== undefined);
  return {
    entries: sum(all, ({ entries }) => entries),
    ranges: Math.min(
      RANGES,
      sum(all, ({ ranges }) => ranges),
    ),
    minEntries: Math.min(...all.map(({ minEntries }) => minEntries)),
    maxEntries: sum(all, ({ maxEntries }) => maxEntries),
    contentBytes: sum(all, ({ contentBytes }) => contentBytes),
    ...(gaps > 0 && { gaps: Math.min(RANGES, gaps) }),
    ...(isMeasured && {
      maxTextBytes: sum(all, ({ maxTextBytes }) => maxTextBytes) + BREAK_BYTES * (all.length - 1),
    }),
  };
}

function joinFilters(first: FilterFacts, all: readonly FilterFacts[]): FilterFacts {
  const [entries, bytes, blocks] = [
    sum(all, (filter) => filter.entries),
    sum(all, (filter) => filter.bytes),
    sum(all, (filter) => filter.blocks),
  ];
  return { ...first, entries, bytes, blocks };
}
