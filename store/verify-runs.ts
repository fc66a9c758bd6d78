// Verifies the runs of a dataset: each by itself, and all of them merged, as publishing merges
// them.

import fs from 'node:fs';
import path from 'node:path';
import { decodeBody, encodeContent } from '../protocol/bucket.ts';
import { INDEX_NAMES, type IndexName, RANGE_NAMES, type RangeName } from '../protocol/bucket-id.ts';
import type { KeyedSuite } from '../protocol/suite.ts';
import { type Dataset, sourceNumbers, workFolder } from './dataset.ts';
import { yieldToEventLoop } from './event-loop.ts';
import type { Suppression } from './retention/retention.ts';
import { Merge, type RecordStream } from './run/merge.ts';
import { formatRangeSet } from './run/range-set.ts';
import type { RunRemoval } from './run/removal.ts';
import type { Run } from './run/run.ts';
import { prepareRunStreams, runNames } from './run/run-streams.ts';
import { SECTION_LAYOUTS, SECTION_NAMES, type SectionName } from './run/sections.ts';
import { ADDED_FORM_BITS, layerId, prefixesOf } from './snapshot/layer.ts';
import type { LayerReader } from './snapshot/layer-reader.ts';
import { corruptSnapshot } from './snapshot/layout/snapshot-files.ts';
import { BucketEncoder } from './snapshot/parts/bucket-encoder.ts';
import { createNodePads } from './snapshot/parts/pads.ts';
import { RangeGatherer } from './snapshot/parts/range-gatherer.ts';
import { canaryStreams } from './snapshot/publication.ts';
import { gapsOf } from './snapshot/ranges/range-gaps.ts';
import type { Snapshot } from './snapshot/snapshot.ts';
import { filterComparer } from './verify-filter.ts';

/** Records between two turns of the event loop. */
const RECORDS_PER_TURN = 1 << 18;

/** Runs, and what suppressed names take out of them. */
export interface PublishedRuns {
  readonly runs: readonly Run[];
  /** Runs of expired sources, which are verified without the snapshot. */
  readonly leftOut?: readonly Run[];
  readonly suppression?: Suppression | undefined;
}

export interface VerifiedRuns {
  readonly records: number;
  /** Whether the snapshot holds what these runs make, nothing else; null if it was not compared. */
  readonly matched: boolean | null;
}

/**
 * Reads every record of every run. With a key, the records of the test credentials take part, and
 * every bucket, range and block of the filter of a snapshot that was made from these runs is
 * compared with them.
 * @throws StoreError `RUN_CORRUPT`, `SNAPSHOT_CORRUPT`
 */
export async function verifyRuns(
  dataset: Dataset,
  published: PublishedRuns,
  suite: KeyedSuite | undefined,
  snapshot: Snapshot | undefined,
): Promise<VerifiedRuns> {
  const { runs, leftOut = [], suppression } = published;
  const folder = path.join(workFolder(dataset), 'verify');
  const clear = (): void => fs.rmSync(folder, { recursive: true, force: true });
  const layers = suite && snapshot ? layersMadeOf(dataset, published, snapshot) : undefined;
  const merged = {
    suppression,
    folder,
    canariesOf: (index: IndexName) => (suite ? canariesOf(dataset, index, suite) : []),
  };
  clear();
  try {
    // Against each other, and with one layer against it.
    const [only] = layers ?? [];
    await mergeRuns(runs, { ...merged, ...(layers?.length === 1 && only && { layer: only }) });
    for (const [place, layer] of (layers && layers.length > 1 ? layers : []).entries())
      await mergeRuns(layer.runs, { ...merged, layer, ...(place > 0 && { canariesOf: () => [] }) });
  } finally {
    clear();
  }
  const records = runs.flatMap(({ facts }) => facts.sections).reduce((sum, section) => sum + section.records, 0);
  const others =
    leftOut.length > 0 ? await verifyRuns(dataset, { runs: leftOut }, undefined, undefined) : { records: 0 };
  return { records: records + others.records, matched: suite && snapshot ? layers !== undefined : null };
}

/** A layer, and the runs that it was made of. */
interface MadeLayer {
  readonly reader: LayerReader;
  readonly runs: readonly Run[];
  /** Of the runs' sources by their places. */
  readonly numbers: readonly number[];
  readonly isFirst: boolean;
}

interface MergeOptions {
  readonly folder: string;
  readonly suppression: Suppression | undefined;
  readonly canariesOf: (index: IndexName) => RecordStream[];
  /** Compared with what is merged. */
  readonly layer?: MadeLayer;
}

/** Reads every record of these runs, and makes the buckets of a layer again. */
async function mergeRuns(runs: readonly Run[], { folder, suppression, canariesOf: canaries, layer }: MergeOptions) {
  const turn = (): Promise<void> => yieldToEventLoop(undefined);
  const removed = (run: Run): RunRemoval | undefined => suppression?.of(run);
  const options = { folder, sections: SECTION_NAMES, turn, checksParts: true, removed };
  let read = 0;
  if (layer) compareGaps(runs, layer.reader);
  const streams = (await prepareRunStreams(runs, options))();
  try {
    for (const section of SECTION_NAMES) {
      const index = INDEX_NAMES.find((name) => name === section);
      const all = [...streams.begin(section), ...(index ? canaries(index) : [])];
      const merge = new Merge(all, SECTION_LAYOUTS[section], runNames(runs));
      const compared = layer ? comparers(layer, section) : [];
      try {
        while (merge.next()) {
          for (const comparer of compared) comparer.add(merge);
          if (++read % RECORDS_PER_TURN === 0) await turn();
        }
        for (const comparer of compared) comparer.finish();
      } finally {
        for (const comparer of compared) comparer.close?.();
      }
    }
    streams.finish();
  } finally {
    streams.close();
  }
}

/** A gap that is lost answers as if nothing had leaked. */
function compareGaps(runs: readonly Run[], layer: LayerReader): void {
  for (const name of RANGE_NAMES) {
    const made = formatRangeSet(gapsOf(runs, name));
    const gaps = layer.gaps(name);
    if (layer.facts.ranges?.[name] && made !== (gaps ? formatRangeSet(gaps) : ''))
      throw corruptSnapshot(`${layer.facts.name}: the gaps of ${name} are not those of its runs`);
  }
}

/** The layers with their runs, if the snapshot was made from exactly these runs. */
function layersMadeOf(
  dataset: Dataset,
  { runs, suppression }: PublishedRuns,
  { layers }: Snapshot,
): readonly MadeLayer[] | undefined {
  const known = sourceNumbers(dataset);
  if (runs.some((run) => !known.has(run.facts.source))) return undefined;
  const numberOf = (run: Run): number => known.get(run.facts.source) as number;
  const made = layers.map((reader, place): MadeLayer => {
    const numbers = new Set(reader.facts.numbers);
    const own = layers.length === 1 ? runs : runs.filter((run) => numbers.has(numberOf(run)));
    return { reader, runs: own, numbers: [0, ...own.map(numberOf)], isFirst: place === 0 };
  });
  const prefixes = prefixesOf(layers[0].facts);
  const isMade = made.every(
    ({ reader, runs: own, isFirst }) =>
      layerId(dataset, own, numberOf, { suppressed: suppression?.digest, prefixes: isFirst ? undefined : prefixes }) ===
      reader.facts.layer,
  );
  return isMade && made.reduce((sum, layer) => sum + layer.runs.length, 0) === runs.length ? made : undefined;
}

/** Makes a part of a layer again from merged records, and compares it with what is stored. */
interface Comparer {
  add(merge: Merge): void;
  /** @throws StoreError `SNAPSHOT_CORRUPT`, as `add` */
  finish(): void;
  /** Ends what it reads, also after a failure. */
  close?(): void;
}

function comparers(layer: MadeLayer, section: SectionName): readonly Comparer[] {
  if (section === 'sha1' || section === 'ntlm') return rangeComparer(layer.reader, section);
  const filter = section === 'password' ? filterComparer(layer.reader) : undefined;
  return [
    ...bucketComparer(layer, section),
    ...(filter ? [{ add: ({ head, middle }: Merge) => filter.add(head, middle), finish: () => filter.finish() }] : []),
  ];
}

function bucketComparer({ reader, numbers, isFirst }: MadeLayer, index: IndexName): readonly Comparer[] {
  const { layer, name, indexes } = reader.facts;
  const facts = indexes[index];
  if (!facts) return [];
  const { prefixBits, metadataBytes } = facts;
  const encoder = new BucketEncoder(
    {
      ...{ prefixBits, metadataBytes, numbers },
      similar: facts.forms !== undefined,
      spareFormBits: isFirst ? 0 : ADDED_FORM_BITS,
      pads: createNodePads(layer),
    },
    (bucket, made) => {
      const body = reader.body(index, bucket) as Buffer;
      const { contentBytes } = decodeBody(body, reader.layout(index).tailBytes);
      if (Buffer.compare(body.subarray(0, contentBytes), encodeContent(made)) !== 0)
        throw corruptSnapshot(`${name}: a bucket of index ${index} is not what its runs make`);
      return body.length;
    },
  );
  return [encoder];
}

/** No seal and no statement covers ranges: a hash that is lost answers as if it had not leaked. */
function rangeComparer(reader: LayerReader, name: RangeName): readonly Comparer[] {
  if (!reader.facts.ranges?.[name]) return [];
  const isOther = (): never => {
    throw corruptSnapshot(`${reader.facts.name}: a range of ${name} is not what its runs make`);
  };
  const stored = reader.rangeBodies(name);
  const gatherer = new RangeGatherer(name, (range, made) => {
    const { value, done } = stored.next();
    if (done || value.range !== range || !value.body.equals(made)) isOther();
  });
  return [
    {
      add: ({ bytes, at, times }) => gatherer.add(bytes, at, times),
      finish: () => {
        gatherer.finish();
        if (!stored.next().done) isOther();
      },
      close: () => stored.return(undefined),
    },
  ];
}

function canariesOf({ parameters }: Dataset, index: IndexName, suite: KeyedSuite): RecordStream[] {
  return parameters.indexes.includes(index) ? canaryStreams(suite, index, parameters.similar) : [];
}
