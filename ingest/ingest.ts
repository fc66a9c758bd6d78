// Ingest: one corpus becomes one run. Corpus → lines → credentials → records → sorted chunks → run.

import fs from 'node:fs';
import path from 'node:path';
import { INDEX_NAMES, type IndexName } from '../protocol/bucket-id.ts';
import { ProtocolError } from '../protocol/errors.ts';
import { credentialRecords } from '../store/credential-records.ts';
import { assertKeyBelongs, type Dataset, workFolder } from '../store/dataset.ts';
import { StoreError } from '../store/errors.ts';
import type { DatasetKey } from '../store/key-file.ts';
import { RECORD_BYTES } from '../store/record.ts';
import { openRuns, type Run, RunWriter } from '../store/run.ts';
import { assertSourceDate, assertSourceName, type InputFile, type RunFacts } from '../store/run-facts.ts';
import { IngestError } from './errors.ts';
import type { CorpusFormat, CredentialSink } from './formats/format.ts';
import { type CorpusInput, readInput, sameFiles } from './inputs.ts';
import { RecordSorter } from './record-sorter.ts';
import { RejectCounter } from './rejects.ts';

export interface IngestProgress {
  readonly stage: 'read' | 'merge';
  readonly bytes: number;
  /** Undefined for a stream. */
  readonly totalBytes: number | undefined;
  readonly lines: number;
  readonly rejects: number;
}

export interface IngestOptions {
  readonly source: string;
  readonly date?: string;
  readonly format: CorpusFormat;
  readonly inputs: readonly CorpusInput[];
  /** For sorting; records beyond it go to disk. */
  readonly sortMemoryBytes?: number;
  readonly onProgress?: (progress: IngestProgress) => void;
  readonly signal?: AbortSignal;
}

export interface Ingested {
  readonly facts: RunFacts;
  /** False where the source had been ingested from the same files before. */
  readonly changed: boolean;
}

const DEFAULT_SORT_MEMORY_BYTES = 256 * 2 ** 20;
/** Records between two looks at the abort signal while a run is written. */
const RECORDS_A_TURN = 1 << 18;

/**
 * The caller holds the dataset's lock. On any error the dataset is as it was.
 * @throws StoreError `SOURCE_NAME`, `SOURCE_DATE`, `SOURCE_EXISTS`, `SOURCE_DUPLICATE`, `KEY_MISMATCH`
 * @throws IngestError `INPUT_UNREADABLE`, `FORMAT_USELESS`, `COLUMN_MISSING`, `NOTHING_FOUND`
 */
export async function ingest(dataset: Dataset, key: DatasetKey, options: IngestOptions): Promise<Ingested> {
  const { source, date, format } = options;
  assertSourceName(source);
  if (date !== undefined) assertSourceDate(date);
  assertKeyBelongs(dataset, key);
  const feeds = dataset.parameters.indexes.filter((index) => format.feeds.includes(index));
  if (feeds.length === 0)
    throw new IngestError(
      'FORMAT_USELESS',
      `format ${format.name} feeds none of this dataset's indexes`,
      'Give a corpus with usernames, or init a dataset with --index account,password.',
    );
  const runs = openRuns(dataset);
  const earlier = await findEarlier(runs, options);
  if (earlier) return { facts: earlier.facts, changed: false };

  const folder = path.join(workFolder(dataset), 'ingest');
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  try {
    const corpus = await readCorpus(folder, key, feeds, options);
    // A stream's bytes are known only now.
    const same = runs.find((run) => sameFiles(run.facts.files, corpus.files));
    if (same) return { facts: refuseOrAccept(same, source).facts, changed: false };
    if (corpus.credentials === 0) throw nothingFound(format, corpus.rejects);
    const { suite, keyId, normalization } = dataset.parameters;
    const facts = await writeRun(dataset, corpus.sorters, options.signal, {
      suite,
      keyId,
      normalization,
      source,
      ...(date === undefined ? {} : { date }),
      format: format.name,
      files: corpus.files,
      lines: corpus.lines,
      credentials: corpus.credentials,
      rejects: corpus.rejects.byReason(),
    });
    return { facts, changed: true };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** The same bytes under the same name are done already; under another name, or others under this name, are refused. */
async function findEarlier(runs: readonly Run[], options: IngestOptions): Promise<Run | undefined> {
  const { source, inputs, signal } = options;
  const bytes = inputs.reduce<number | undefined>((sum, input) => add(sum, input.bytes), 0);
  const named = runs.find((run) => run.facts.source === source);
  const total = (run: Run): number => run.facts.files.reduce((sum, file) => sum + file.bytes, 0);
  if (!named && (bytes === undefined || !runs.some((run) => total(run) === bytes))) return undefined;
  const files: InputFile[] = [];
  for (const input of inputs) files.push(await readInput(input, () => {}, signal));
  const same = runs.find((run) => sameFiles(run.facts.files, files));
  if (same) return refuseOrAccept(same, source);
  if (!named) return undefined;
  throw new StoreError(
    'SOURCE_EXISTS',
    `source ${source} was ingested from another file`,
    'Choose another --source, or remove the old one first: credveil remove DATASET SOURCE',
  );
}

const add = (sum: number | undefined, bytes: number | undefined): number | undefined =>
  sum === undefined || bytes === undefined ? undefined : sum + bytes;

function refuseOrAccept(earlier: Run, source: string): Run {
  if (earlier.facts.source === source) return earlier;
  throw new StoreError(
    'SOURCE_DUPLICATE',
    `the same file is already here as source ${earlier.facts.source}`,
    'Ingesting it twice would count every credential twice. Remove the other source first to rename it.',
  );
}

function nothingFound(format: CorpusFormat, rejects: RejectCounter): IngestError {
  const reasons = Object.entries(rejects.byReason()).map(([reason, count]) => `${count} ${reason}`);
  return new IngestError(
    'NOTHING_FOUND',
    `no credential found as format ${format.name} (${reasons.join(', ') || 'the file is empty'})`,
    'Look at the first lines of the file and name its format with --format.',
  );
}

interface ReadCorpus {
  readonly sorters: ReadonlyMap<IndexName, RecordSorter>;
  readonly files: readonly InputFile[];
  readonly lines: number;
  readonly credentials: number;
  readonly rejects: RejectCounter;
}

async function readCorpus(
  folder: string,
  key: DatasetKey,
  feeds: readonly IndexName[],
  options: IngestOptions,
): Promise<ReadCorpus> {
  const { format, inputs, onProgress, signal } = options;
  const memory = (options.sortMemoryBytes ?? DEFAULT_SORT_MEMORY_BYTES) / feeds.length;
  const sorters = new Map<IndexName, RecordSorter>();
  for (const index of feeds) {
    fs.mkdirSync(path.join(folder, index));
    sorters.set(index, new RecordSorter(path.join(folder, index), memory));
  }
  const records = credentialRecords(key.createSuite(), feeds);
  const emit = (index: IndexName, record: Uint8Array): void => sorters.get(index)?.add(record);
  const rejects = new RejectCounter();
  let credentials = 0;
  const sink: CredentialSink = {
    credential(credential) {
      try {
        records.derive(credential, emit);
        credentials++;
      } catch (error) {
        if (!(error instanceof ProtocolError) || error.code !== 'FIELD_TOO_LONG') throw error;
        rejects.add('too-long');
      }
    },
    reject: (reason) => rejects.add(reason),
  };

  const totalBytes = inputs.reduce<number | undefined>((sum, input) => add(sum, input.bytes), 0);
  let bytes = 0;
  const report = (stage: IngestProgress['stage']): void =>
    onProgress?.({ stage, bytes, totalBytes, lines: credentials + rejects.total, rejects: rejects.total });
  const files: InputFile[] = [];
  for (const input of inputs) {
    const parser = format.createParser(sink);
    const read = (block: Buffer): void => {
      parser.push(block);
      bytes += block.length;
      report('read');
    };
    files.push(await readInput(input, read, signal));
    parser.end();
  }
  report('merge');
  return { sorters, files, lines: credentials + rejects.total, credentials, rejects };
}

async function writeRun(
  dataset: Dataset,
  sorters: ReadonlyMap<IndexName, RecordSorter>,
  signal: AbortSignal | undefined,
  facts: Omit<RunFacts, 'sections'>,
): Promise<RunFacts> {
  const writer = new RunWriter(dataset, facts.source);
  try {
    const record = new Uint8Array(RECORD_BYTES);
    let records = 0;
    for (const index of INDEX_NAMES) {
      const sorter = sorters.get(index);
      if (!sorter) continue;
      writer.beginSection(index);
      const { merge, close } = sorter.merge();
      try {
        while (merge.next()) {
          merge.writeRecord(record);
          writer.append(record, 0);
          if (++records % RECORDS_A_TURN === 0) await letSignalsIn(signal);
        }
      } finally {
        close();
      }
    }
    await letSignalsIn(signal);
    return writer.commit(facts);
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** An interruption arrives as an event: a turn of the event loop, and then a look. */
async function letSignalsIn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise(setImmediate);
  signal?.throwIfAborted();
}
