// Publishing: merges all runs into one snapshot and makes it current. PROTOCOL.md §12.
//
//   -- id is a BucketId, body a BucketBody without padding
//   CREATE TABLE account  (id INTEGER PRIMARY KEY, body BLOB NOT NULL)
//   CREATE TABLE password (id INTEGER PRIMARY KEY, body BLOB NOT NULL)

import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import type { SnapshotId } from '../../protocol/brands.ts';
import { encodeBucket } from '../../protocol/bucket.ts';
import type { IndexName } from '../../protocol/bucket-id.ts';
import { SNAPSHOT_SEQUENCE } from '../../protocol/ids.ts';
import type { HmacSha256 } from '../../protocol/seal.ts';
import { knownAnswer } from '../../protocol/service-config.ts';
import type { KeyedSuite } from '../../protocol/suite.ts';
import {
  type Dataset,
  filterRate,
  numberSources,
  PRIVATE_FOLDER,
  snapshotMode,
  snapshotsFolder,
  workFolder,
} from '../dataset.ts';
import { yieldToEventLoop } from '../event-loop.ts';
import { digestFile, publishFile, writeFileAtomically } from '../files.ts';
import { openRuns, type Run } from '../run/run.ts';
import { openRunsWithin, prepareRunStreams } from '../run/run-streams.ts';
import { BucketEncoder } from './bucket-encoder.ts';
import {
  type CurrentSnapshot,
  corruptSnapshot,
  factsPath,
  filterPath,
  openCurrent,
  pruneSnapshots,
  readFacts,
  snapshotPath,
  writeCurrent,
} from './current.ts';
import { chooseBlocks, FilterWriter } from './filter-writer.ts';
import { layerId } from './layer.ts';
import { createNodePads } from './pads.ts';
import {
  assertPrefixBits,
  choosePrefixBits,
  countEntries,
  mergeRuns,
  type Publication,
  type PublishOptions,
} from './publication.ts';
import { countRangeRecords, writeRanges } from './range-writer.ts';
import { type IndexFacts, SNAPSHOT_FORMAT, type SnapshotFacts, type SourceFacts, sealFacts } from './snapshot-facts.ts';

/** The platform's HMAC for protocol/seal.ts. */
export const nodeHmacSha256: HmacSha256 = (key, message) => createHmac('sha256', key).update(message).digest();

export interface Published {
  readonly facts: SnapshotFacts;
  /** False if the current snapshot already has this content. */
  readonly changed: boolean;
}

/** Small pages waste the least space on overflow. */
const PAGE_SIZE = 'page_size = 1024';
const DEFAULT_KEEP = 2;

/**
 * Publishes all runs of a dataset. The caller holds its lock.
 * @throws StoreError `RUN_CORRUPT`, `RUN_FOREIGN`, `SNAPSHOT_CORRUPT`, `TOO_MANY_SOURCES`; the
 * current snapshot remains
 */
export async function publish(dataset: Dataset, suite: KeyedSuite, options: PublishOptions = {}): Promise<Published> {
  const runs = openRuns(dataset);
  const numbers = numberSources(
    dataset,
    runs.map(({ facts }) => facts.source),
  );
  const numberOf = ({ facts }: Run): number => numbers.get(facts.source) as number;
  const layer = layerId(dataset, runs, numberOf);
  const digest = layer.slice(0, 16);
  const current = openCurrent(dataset);
  const keep = options.keep ?? DEFAULT_KEEP;
  const aside = path.join(workFolder(dataset), 'snapshot.sqlite.part');
  const filterAside = path.join(workFolder(dataset), 'snapshot.filter.part');
  const folder = path.join(workFolder(dataset), 'publish');
  const clear = (): void => {
    for (const file of [aside, filterAside, folder]) fs.rmSync(file, { recursive: true, force: true });
  };
  clear();
  if (current?.facts.snapshot.endsWith(`-${digest}`)) {
    // The process that made it current may have been killed before pruning.
    pruneSnapshots(dataset, current.name, keep);
    return { facts: current.facts, changed: false };
  }

  const name = String(nextSequence(dataset, current, digest)).padStart(6, '0');
  const snapshot = `${name}-${digest}` as SnapshotId;
  fs.mkdirSync(workFolder(dataset), PRIVATE_FOLDER);
  try {
    const { indexes } = dataset.parameters;
    const turn = (): Promise<void> => yieldToEventLoop(options.signal);
    const groups = {
      ...{ folder, turn },
      ...(options.memoryBytes === undefined ? {} : { maxOpen: openRunsWithin(options.memoryBytes) }),
    };
    const openStreams = await prepareRunStreams(runs, { ...groups, sections: indexes });
    const publication = { dataset, suite, snapshot, layer, numberOf, runs, openStreams, groups, options };
    const tables = await writeTables({ aside, filterAside }, publication);
    const sqlite = { bytes: fs.statSync(aside).size, sha256: await digestFile(aside, corruptSnapshot) };
    const { suite: suiteName, normalization, keyId, similar } = dataset.parameters;
    const unsealed = {
      format: SNAPSHOT_FORMAT,
      snapshot,
      layer,
      dataset: dataset.id,
      suite: suiteName,
      keyId,
      normalization,
      ...tables,
      ...(similar && { similar }),
      sources: runs.map((run) => sourceFacts(run, numberOf(run))).sort((a, b) => a.number - b.number),
      ...(suite.publicKey ? { publicKey: Buffer.from(suite.publicKey).toString('hex') } : {}),
      canary: knownAnswer(suite),
      sqlite,
    } as const;
    const facts = sealFacts(unsealed, suite);
    publishFile(aside, snapshotPath(dataset, name));
    if (facts.filter) publishFile(filterAside, filterPath(dataset, name));
    else fs.rmSync(filterPath(dataset, name), { force: true });
    writeFileAtomically(factsPath(dataset, name), `${JSON.stringify(facts, null, 2)}\n`);
    writeCurrent(dataset, name);
    pruneSnapshots(dataset, name, keep);
    return { facts, changed: true };
  } finally {
    clear();
  }
}

/**
 * Sequence numbers never go back. A publication that was killed before it became current is
 * repeated under its number. A file without facts was never current.
 */
function nextSequence(dataset: Dataset, current: CurrentSnapshot | undefined, digest: string): number {
  const names = fs
    .readdirSync(snapshotsFolder(dataset))
    .filter((name) => path.extname(name) === '.json' && SNAPSHOT_SEQUENCE.test(path.parse(name).name));
  const last = Math.max(0, current?.sequence ?? 0, ...names.map((name) => Number.parseInt(name, 10)));
  if (last === (current?.sequence ?? 0)) return last + 1;
  const facts = readFacts(dataset, String(last).padStart(6, '0'));
  return facts.includes(`-${digest}"`) ? last : last + 1;
}

function sourceFacts(run: Run, number: number): SourceFacts {
  const { source: name, date, credentials, sections } = run.facts;
  const records = sections.reduce((sum, section) => sum + section.records, 0);
  return { number, name, ...(date === undefined ? {} : { date }), credentials, records };
}

/** Temporary files. */
interface Asides {
  readonly aside: string;
  readonly filterAside: string;
}

type Written = Pick<SnapshotFacts, 'indexes' | 'ranges' | 'filter'>;

async function writeTables({ aside, filterAside }: Asides, publication: Publication): Promise<Written> {
  const { dataset, suite, snapshot, layer, numberOf, runs, groups, options } = publication;
  const { parameters } = dataset;
  const counts = await countEntries(publication);
  const { createPads = createNodePads } = options;
  // A merged record names its last source by its place among the runs; 0 is that of the canary.
  const numbers = [0, ...runs.map(numberOf)];
  const oneIn = filterRate(parameters);
  const blocks = chooseBlocks(counts.get('password')?.entries ?? 0, oneIn);
  const filter = oneIn > 0 ? new FilterWriter(filterAside, { dataset: dataset.id, snapshot, blocks }) : undefined;
  // SQLite would create it for every user.
  fs.closeSync(fs.openSync(aside, 'wx', snapshotMode(parameters)));
  const database = new Database(aside);
  try {
    // The file is invisible until complete, and a crash restarts it: no journal and no syncs.
    for (const pragma of [PAGE_SIZE, 'journal_mode = OFF', 'synchronous = OFF', 'locking_mode = EXCLUSIVE'])
      database.pragma(pragma);
    const indexes: { [name in IndexName]?: IndexFacts } = {};
    database.exec('BEGIN');
    await mergeRuns(publication, 'write', (index) => {
      database.exec(`CREATE TABLE ${index} (id INTEGER PRIMARY KEY, body BLOB NOT NULL)`);
      const insert = database.prepare(`INSERT INTO ${index} (id, body) VALUES (?, ?)`);
      const prefixBits = choosePrefixBits(index, counts.get(index)?.members ?? 0, parameters);
      const place = { snapshot, index, prefixBits };
      const { metadataBytes } = parameters;
      const encoding = { prefixBits, metadataBytes, pads: createPads(layer), numbers };
      const encoder = new BucketEncoder(encoding, (id, tags, metadata) => {
        const body = encodeBucket(tags, metadata, metadataBytes, { ...place, id }, suite.sealKey, nodeHmacSha256);
        insert.run(id, body);
        return body.length;
      });
      const ofFilter = index === 'password' ? filter : undefined;
      return {
        each: (merge) => {
          encoder.add(merge);
          ofFilter?.add(merge.head, merge.middle);
        },
        end: () => {
          const facts = encoder.finish();
          assertPrefixBits(index, facts, parameters);
          indexes[index] = facts;
        },
      };
    });
    const filterFacts = await filter?.finish(suite.sealKey);
    const written: Written = { indexes, ...(filterFacts && { filter: filterFacts }) };
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
