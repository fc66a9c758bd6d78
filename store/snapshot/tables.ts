// Writes the indexes and the filter of a snapshot, in one pass over all records. PROTOCOL.md §12.

import { encodeContent } from '../../protocol/bucket.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { filterRate, snapshotMode } from '../dataset.ts';
import type { Merge } from '../run/merge.ts';
import type { Asides } from './asides.ts';
import { BucketEncoder } from './bucket-encoder.ts';
import { chooseBlocks, FilterWriter } from './filter-writer.ts';
import { createBucketTails } from './layout/bucket-tails.ts';
import { FileSink } from './layout/file-sink.ts';
import type { IndexFacts, LayoutFacts, LayoutName, SnapshotFacts } from './layout/snapshot-facts.ts';
import type { SnapshotSink } from './layout/snapshot-sink.ts';
import { SqliteSink } from './layout/sqlite-sink.ts';
import { createNodePads } from './pads.ts';
import { assertPrefixBits, choosePrefixBits, countEntries, mergeRuns, type Publication } from './publication.ts';
import { countRangeRecords, writeRanges } from './range-writer.ts';

export type Tables = Pick<SnapshotFacts, 'indexes' | 'ranges' | 'filter'> & LayoutFacts;

function createSink(layout: LayoutName, asides: Asides, mode: number): SnapshotSink {
  return layout === 'sqlite' ? new SqliteSink(asides.sqlite, mode) : new FileSink(asides.fileOf, mode);
}

export async function writeTables(asides: Asides, publication: Publication): Promise<Tables> {
  const { dataset, suite, layer, runs, groups, options } = publication;
  const { parameters } = dataset;
  const counts = await countEntries(publication);
  const oneIn = filterRate(parameters);
  const blocks = chooseBlocks(counts.get('password')?.entries ?? 0, oneIn);
  const filter = oneIn > 0 ? new FilterWriter(asides.filter, { dataset: dataset.id, layer, blocks }) : undefined;
  const sink = createSink(publication.layout, asides, snapshotMode(parameters));
  try {
    const indexes: { [name in IndexName]?: IndexFacts } = {};
    await mergeRuns(publication, 'write', (index) => {
      const { add, end } = beginIndex(publication, sink, index, counts.get(index)?.members ?? 0);
      const ofFilter = index === 'password' ? filter : undefined;
      return {
        each: (merge) => {
          add(merge);
          ofFilter?.add(merge.head, merge.middle);
        },
        end: () => {
          indexes[index] = end();
        },
      };
    });
    const written = await filter?.finish(suite.sealKey);
    const { ranges } = parameters;
    const totalRecords = countRangeRecords(ranges ?? [], runs);
    let records = 0;
    const rangesFacts =
      ranges &&
      (await writeRanges(sink, ranges, runs, {
        ...groups,
        onRecords: (read) => {
          records += read;
          options.onProgress?.({ stage: 'write', records, totalRecords });
        },
      }));
    const laidOut = await sink.finish(written && { bytes: written.facts.bytes, digests: written.digests });
    return {
      indexes,
      ...(written && { filter: written.facts }),
      ...(rangesFacts && { ranges: rangesFacts }),
      ...laidOut,
    };
  } finally {
    filter?.close();
    sink.close();
  }
}

interface IndexWriter {
  add(merge: Merge): void;
  end(): IndexFacts;
}

/** @param members usernames of the account index, entries of the password index */
function beginIndex(publication: Publication, sink: SnapshotSink, index: IndexName, members: number): IndexWriter {
  const { dataset, authority, layer, numberOf, runs, options } = publication;
  const { parameters } = dataset;
  const { createPads = createNodePads } = options;
  const { metadataBytes, similar = false } = parameters;
  const prefixBits = choosePrefixBits(index, members, parameters);
  const bodies = sink.beginIndex(index);
  const tails = createBucketTails({ layer, index, prefixBits }, authority.bucketKey, (id, body) =>
    bodies.add(id, body),
  );
  // A merged record names its last source by its place among the runs; 0 is that of the canary.
  const numbers = [0, ...runs.map(numberOf)];
  const encoder = new BucketEncoder(
    { prefixBits, metadataBytes, similar: similar && index === 'account', pads: createPads(layer), numbers },
    (id, content) => tails.add(id, encodeContent(content)),
  );
  return {
    add: (merge) => encoder.add(merge),
    end: () => {
      const counted = encoder.finish();
      assertPrefixBits(index, counted, parameters);
      const { root, roots } = tails.finish();
      const facts: IndexFacts = { ...counted, ...(root !== undefined && { root }) };
      bodies.finish(facts, roots);
      return facts;
    },
  };
}
