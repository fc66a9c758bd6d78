// Writes the indexes, the filter and the ranges of a snapshot. PROTOCOL.md §12.

import fs from 'node:fs';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { snapshotMode } from '../dataset.ts';
import { yieldToEventLoop } from '../event-loop.ts';
import type { Asides } from './asides.ts';
import { type EncodedIndex, encodeIndexes } from './encode-indexes.ts';
import { FileSink } from './layout/file-sink.ts';
import type { IndexFacts, LayoutFacts, RangesFacts, SnapshotFacts } from './layout/snapshot-facts.ts';
import type { SnapshotSink } from './layout/snapshot-sink.ts';
import { SqliteSink } from './layout/sqlite-sink.ts';
import { writeFilter } from './parts/filter-writer.ts';
import { Leftovers } from './parts/leftovers.ts';
import { createNodePads } from './parts/pads.ts';
import { createRunner, type PartRunner } from './parts/part-runner.ts';
import type { WorkSettings } from './parts/part-work.ts';
import { Progress } from './progress.ts';
import { canaryRecords, type Publication } from './publication.ts';
import { countRangeRecords, writeRanges } from './range-writer.ts';

export type Tables = Pick<SnapshotFacts, 'indexes' | 'ranges' | 'filter'> & LayoutFacts;

export async function writeTables(asides: Asides, publication: Publication): Promise<Tables> {
  const { suite, threads, options } = publication;
  const { createPads = createNodePads, signal } = options;
  const turn = (): Promise<void> => yieldToEventLoop(signal);
  const progress = new Progress(options.onProgress);
  const runner = createRunner(workSettings(publication), {
    ...{ threads, createPads, signal, module: options.threads?.module },
    onRecords: (records) => progress.add(records),
  });
  const sink = createSink(publication, asides, runner, turn);
  try {
    const leftovers = new Leftovers(asides.leftovers, suite.sealKey);
    const encoded = await encodeIndexes(publication, runner, leftovers, progress);
    const indexes: { [name in IndexName]?: IndexFacts } = {};
    for (const { index, facts, bodies, roots } of encoded) {
      await sink.writeIndex(index, { facts, bodies, roots });
      // They took half of the room, which the next index needs.
      for (const { file } of bodies) fs.rmSync(file);
      indexes[index] = facts;
    }
    const filter = encoded.find((index) => index.filter)?.filter;
    const written = filter && (await joinFilter(asides, publication, filter, turn));
    const ranges = await writeAllRanges(publication, sink, progress);
    const laidOut = await sink.finish(written && { bytes: written.facts.bytes, digests: written.digests });
    return { indexes, ...(written && { filter: written.facts }), ...(ranges && { ranges }), ...laidOut };
  } finally {
    await runner.close();
    sink.close();
  }
}

/** What threads are told: no key that evaluates. */
function workSettings({ dataset, suite, authority, layer, numberOf, runs, sources }: Publication): WorkSettings {
  const { indexes, metadataBytes, similar = false } = dataset.parameters;
  const canaries = Object.fromEntries(indexes.map((index) => [index, canaryRecords(suite, index, similar)]));
  // A merged record names its last source by its place among the runs; 0 is that of the canary.
  const numbers = [0, ...runs.map(numberOf)];
  return { layer, metadataBytes, similar, numbers, bucketKey: authority.bucketKey, sources, canaries };
}

function createSink(
  { dataset, layout }: Publication,
  asides: Asides,
  runner: PartRunner,
  turn: () => Promise<void>,
): SnapshotSink {
  const mode = snapshotMode(dataset.parameters);
  if (layout === 'sqlite') return new SqliteSink(asides.sqlite, mode, turn);
  return new FileSink(asides.fileOf, mode, (tasks) =>
    runner.run(tasks.map((task) => ({ ...task, kind: 'slots' as const }))),
  );
}

function joinFilter(
  asides: Asides,
  { dataset, suite, layer }: Publication,
  { blocks, parts }: NonNullable<EncodedIndex['filter']>,
  turn: () => Promise<void>,
): ReturnType<typeof writeFilter> {
  return writeFilter(asides.filter, { dataset: dataset.id, layer, blocks }, parts, suite.sealKey, turn);
}

async function writeAllRanges(
  { dataset, runs, groups }: Publication,
  sink: SnapshotSink,
  progress: Progress,
): Promise<RangesFacts | undefined> {
  const { ranges } = dataset.parameters;
  if (!ranges) return undefined;
  progress.begin('write', countRangeRecords(ranges, runs));
  return writeRanges(sink, ranges, runs, { ...groups, onRecords: (read) => progress.add(read) });
}
