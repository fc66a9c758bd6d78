// Writes the tables and the filter of a snapshot, in one pass over all records. PROTOCOL.md §12.

import fs from 'node:fs';
import Database from 'better-sqlite3';
import { encodeContent } from '../../protocol/bucket.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { filterRate, snapshotMode } from '../dataset.ts';
import type { Asides } from './asides.ts';
import { BucketEncoder } from './bucket-encoder.ts';
import { createBucketTable } from './bucket-table.ts';
import { chooseBlocks, FilterWriter } from './filter-writer.ts';
import { createNodePads } from './pads.ts';
import { assertPrefixBits, choosePrefixBits, countEntries, mergeRuns, type Publication } from './publication.ts';
import { countRangeRecords, writeRanges } from './range-writer.ts';
import type { IndexFacts, SnapshotFacts } from './snapshot-facts.ts';

/** Small pages waste the least space on overflow. */
const PAGE_SIZE = 'page_size = 1024';

export type Tables = Pick<SnapshotFacts, 'indexes' | 'ranges' | 'filter'>;

export async function writeTables(
  { sqlite, filter: filterAside }: Pick<Asides, 'sqlite' | 'filter'>,
  publication: Publication,
): Promise<Tables> {
  const { dataset, suite, authority, layer, numberOf, runs, groups, options } = publication;
  const { parameters } = dataset;
  const counts = await countEntries(publication);
  const { createPads = createNodePads } = options;
  // A merged record names its last source by its place among the runs; 0 is that of the canary.
  const numbers = [0, ...runs.map(numberOf)];
  const oneIn = filterRate(parameters);
  const blocks = chooseBlocks(counts.get('password')?.entries ?? 0, oneIn);
  const filter = oneIn > 0 ? new FilterWriter(filterAside, { dataset: dataset.id, layer, blocks }) : undefined;
  // SQLite would create it for every user.
  fs.closeSync(fs.openSync(sqlite, 'wx', snapshotMode(parameters)));
  const database = new Database(sqlite);
  try {
    // The file is invisible until complete, and a crash restarts it: no journal and no syncs.
    for (const pragma of [PAGE_SIZE, 'journal_mode = OFF', 'synchronous = OFF', 'locking_mode = EXCLUSIVE'])
      database.pragma(pragma);
    const indexes: { [name in IndexName]?: IndexFacts } = {};
    database.exec('BEGIN');
    await mergeRuns(publication, 'write', (index) => {
      const prefixBits = choosePrefixBits(index, counts.get(index)?.members ?? 0, parameters);
      const table = createBucketTable(database, { layer, index, prefixBits }, authority.bucketKey);
      const { metadataBytes, similar = false } = parameters;
      const encoder = new BucketEncoder(
        { prefixBits, metadataBytes, similar: similar && index === 'account', pads: createPads(layer), numbers },
        (id, content) => table.write(id, encodeContent(content)),
      );
      const ofFilter = index === 'password' ? filter : undefined;
      return {
        each: (merge) => {
          encoder.add(merge);
          ofFilter?.add(merge.head, merge.middle);
        },
        end: () => {
          const facts = encoder.finish();
          assertPrefixBits(index, facts, parameters);
          const root = table.finish();
          indexes[index] = { ...facts, ...(root !== undefined && { root }) };
        },
      };
    });
    const filterFacts = await filter?.finish(suite.sealKey);
    const written: Tables = { indexes, ...(filterFacts && { filter: filterFacts }) };
    const { ranges } = parameters;
    if (ranges === undefined) {
      database.exec('COMMIT');
      return written;
    }
    const totalRecords = countRangeRecords(ranges, runs);
    let records = 0;
    const rangesFacts = await writeRanges(database, ranges, runs, {
      ...groups,
      onRecords: (read) => {
        records += read;
        options.onProgress?.({ stage: 'write', records, totalRecords });
      },
    });
    database.exec('COMMIT');
    return { ...written, ranges: rangesFacts };
  } finally {
    filter?.close();
    database.close();
  }
}
