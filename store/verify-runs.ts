// Verifies the runs of a dataset: each by itself, and all of them merged, as publishing merges
// them.

import fs from 'node:fs';
import path from 'node:path';
import { decodeBody, encodeContent } from '../protocol/bucket.ts';
import { INDEX_NAMES, type IndexName, RANGE_NAMES } from '../protocol/bucket-id.ts';
import type { KeyedSuite } from '../protocol/suite.ts';
import { type Dataset, sourceNumbers, workFolder } from './dataset.ts';
import { yieldToEventLoop } from './event-loop.ts';
import type { Suppression } from './retention/retention.ts';
import { Merge, type RecordStream } from './run/merge.ts';
import { formatRangeSet } from './run/range-set.ts';
import type { RunRemoval } from './run/removal.ts';
import type { Run } from './run/run.ts';
import { prepareRunStreams, runNames } from './run/run-streams.ts';
import { SECTION_LAYOUTS, SECTION_NAMES } from './run/sections.ts';
import { layerId } from './snapshot/layer.ts';
import { corruptSnapshot } from './snapshot/layout/snapshot-files.ts';
import { BucketEncoder } from './snapshot/parts/bucket-encoder.ts';
import { createNodePads } from './snapshot/parts/pads.ts';
import { canaryStreams } from './snapshot/publication.ts';
import { gapsOf } from './snapshot/ranges/range-gaps.ts';
import type { Snapshot } from './snapshot/snapshot.ts';

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
 * every bucket of a snapshot that was made from these runs is compared with them.
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
  const turn = (): Promise<void> => yieldToEventLoop(undefined);
  const numbers = suite && snapshot ? numbersOf(dataset, published, snapshot) : undefined;
  if (numbers && snapshot) compareGaps(runs, snapshot);
  let read = 0;
  clear();
  try {
    const removed = (run: Run): RunRemoval | undefined => suppression?.of(run);
    const options = { folder, sections: SECTION_NAMES, turn, checksParts: true, removed };
    const streams = (await prepareRunStreams(runs, options))();
    try {
      for (const section of SECTION_NAMES) {
        const index = INDEX_NAMES.find((name) => name === section);
        const canaries = suite && index ? canariesOf(dataset, index, suite) : [];
        const merge = new Merge([...streams.begin(section), ...canaries], SECTION_LAYOUTS[section], runNames(runs));
        const compared = index && numbers && snapshot && comparer(snapshot, index, numbers);
        while (merge.next()) {
          compared?.add(merge);
          if (++read % RECORDS_PER_TURN === 0) await turn();
        }
        compared?.finish();
      }
      streams.finish();
    } finally {
      streams.close();
    }
  } finally {
    clear();
  }
  const records = runs.flatMap(({ facts }) => facts.sections).reduce((sum, section) => sum + section.records, 0);
  const others =
    leftOut.length > 0 ? await verifyRuns(dataset, { runs: leftOut }, undefined, undefined) : { records: 0 };
  return { records: records + others.records, matched: suite && snapshot ? numbers !== undefined : null };
}

/** A gap that is lost answers as if nothing had leaked. */
function compareGaps(runs: readonly Run[], snapshot: Snapshot): void {
  for (const name of RANGE_NAMES) {
    const made = formatRangeSet(gapsOf(runs, name));
    const gaps = snapshot.gaps(name);
    if (snapshot.facts.ranges?.[name] && made !== (gaps ? formatRangeSet(gaps) : ''))
      throw corruptSnapshot(`${snapshot.facts.snapshot}: the gaps of ${name} are not those of its runs`);
  }
}

/** The numbers of the runs' sources by place, if the snapshot was made from exactly these runs. */
function numbersOf(
  dataset: Dataset,
  { runs, suppression }: PublishedRuns,
  { facts }: Snapshot,
): readonly number[] | undefined {
  const numbers = sourceNumbers(dataset);
  if (runs.some((run) => !numbers.has(run.facts.source))) return undefined;
  const numberOf = (run: Run): number => numbers.get(run.facts.source) as number;
  return layerId(dataset, runs, numberOf, suppression?.digest) === facts.layer ? [0, ...runs.map(numberOf)] : undefined;
}

/** Makes each bucket again and compares it with that of the snapshot. */
function comparer(snapshot: Snapshot, index: IndexName, numbers: readonly number[]): BucketEncoder | undefined {
  const { layer, snapshot: id, indexes, similar = false } = snapshot.facts;
  const facts = indexes[index];
  if (!facts) return undefined;
  const { prefixBits, metadataBytes } = facts;
  return new BucketEncoder(
    {
      ...{ prefixBits, metadataBytes, numbers },
      similar: similar && index === 'account',
      pads: createNodePads(layer),
    },
    (bucket, made) => {
      const body = snapshot.body(index, bucket) as Buffer;
      const { contentBytes } = decodeBody(body, snapshot.layout(index).tailBytes);
      if (Buffer.compare(body.subarray(0, contentBytes), encodeContent(made)) !== 0)
        throw corruptSnapshot(`${id}: a bucket of index ${index} is not what its runs make`);
      return body.length;
    },
  );
}

function canariesOf({ parameters }: Dataset, index: IndexName, suite: KeyedSuite): RecordStream[] {
  return parameters.indexes.includes(index) ? canaryStreams(suite, index, parameters.similar) : [];
}
