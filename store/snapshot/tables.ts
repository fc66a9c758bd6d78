// Writes the indexes, the filter and the ranges of a snapshot. PROTOCOL.md §12.

import fs from 'node:fs';
import type { IndexName, RangeName } from '../../protocol/bucket-id.ts';
import { snapshotMode } from '../dataset.ts';
import { yieldToEventLoop } from '../event-loop.ts';
import type { Asides } from './asides.ts';
import { type EncodedIndex, encodeParts } from './encode-parts.ts';
import { ADDED_FORM_BITS } from './layer.ts';
import type { PartBodies } from './layout/bodies-file.ts';
import { FileSink } from './layout/file-sink.ts';
import type { IndexFacts, LayoutFacts, RangeFacts, SnapshotFacts } from './layout/snapshot-facts.ts';
import type { SnapshotSink } from './layout/snapshot-sink.ts';
import { SqliteSink } from './layout/sqlite-sink.ts';
import { writeFilter } from './parts/filter-writer.ts';
import { Leftovers } from './parts/leftovers.ts';
import { createNodePads } from './parts/pads.ts';
import { createRunner, type PartRunner } from './parts/part-runner.ts';
import type { WorkSettings } from './parts/part-work.ts';
import { Progress } from './progress.ts';
import { canaryRecords, type Publication } from './publication.ts';

export type Tables = Pick<SnapshotFacts, 'indexes' | 'ranges' | 'filter'> & LayoutFacts;

export async function writeTables(asides: Asides, publication: Publication): Promise<Tables> {
  const { authority, threads, options } = publication;
  const { createPads = createNodePads, signal } = options;
  const turn = (): Promise<void> => yieldToEventLoop(signal);
  const progress = new Progress(options.onProgress);
  const runner = createRunner(workSettings(publication), {
    ...{ threads, createPads, signal, module: options.threads?.module },
    onRecords: (records) => progress.add(records),
  });
  const sink = createSink(publication, asides, runner, turn);
  try {
    const leftovers = new Leftovers(asides.leftovers, authority.signer);
    const encoded = await encodeParts(publication, runner, leftovers, progress);
    publication.assertWorth?.(Object.fromEntries(encoded.indexes.map(({ index, facts }) => [index, facts])));
    const indexes: { [name in IndexName]?: IndexFacts } = {};
    for (const { index, facts, bodies, roots } of encoded.indexes) {
      await sink.writeIndex(index, { facts, bodies, roots });
      removeBodies(bodies);
      indexes[index] = facts;
    }
    const filter = encoded.indexes.find((index) => index.filter)?.filter;
    const written = filter && (await joinFilter(asides, publication, filter, turn));
    const ranges: { [name in RangeName]?: RangeFacts } = {};
    for (const { name, facts, bodies, gaps } of encoded.ranges) {
      await sink.writeRanges(name, { bodies, gaps });
      removeBodies(bodies);
      ranges[name] = facts;
    }
    const laidOut = await sink.finish(written && { bytes: written.facts.bytes, digests: written.digests });
    return {
      indexes,
      ...(written && { filter: written.facts }),
      ...(publication.dataset.parameters.ranges && { ranges }),
      ...laidOut,
    };
  } finally {
    await runner.close();
    sink.close();
  }
}

/** They take as much room as what is written from them, which the next ones need. */
function removeBodies(bodies: readonly PartBodies[]): void {
  for (const { file } of bodies) fs.rmSync(file);
}

/** What threads are told: no key that evaluates. */
function workSettings(publication: Publication): WorkSettings {
  const { dataset, suite, authority, layer, prefixes, numberOf, runs, sources } = publication;
  const { indexes, metadataBytes, similar = false } = dataset.parameters;
  const spareFormBits = prefixes ? ADDED_FORM_BITS : 0;
  // The first layer alone has the test credentials, or they would be seen several times.
  const canaries = prefixes
    ? {}
    : Object.fromEntries(indexes.map((index) => [index, canaryRecords(suite, index, similar)]));
  // A merged record names its last source by its place among the runs; 0 is that of the canary.
  const numbers = [0, ...runs.map(numberOf)];
  return { layer, metadataBytes, similar, spareFormBits, numbers, bucketKey: authority.bucketKey, sources, canaries };
}

function createSink(
  { dataset, layout }: Publication,
  asides: Asides,
  runner: PartRunner,
  turn: () => Promise<void>,
): SnapshotSink {
  const mode = snapshotMode(dataset.parameters);
  if (layout === 'sqlite') return new SqliteSink(asides.sqlite, mode, turn);
  return new FileSink(
    asides.fileOf,
    mode,
    (tasks) => runner.run(tasks.map((task) => ({ ...task, kind: 'slots' as const }))),
    turn,
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
