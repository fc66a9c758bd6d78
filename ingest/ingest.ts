// Ingest: one corpus becomes one run. Corpus → lines → credentials → records → sorted chunks → run.

import fs from 'node:fs';
import path from 'node:path';
import { assertKeyBelongs, type Dataset, workFolder } from '../store/dataset.ts';
import { StoreError } from '../store/errors.ts';
import type { DatasetKey } from '../store/key-file.ts';
import { openRuns, type Run } from '../store/run.ts';
import { assertSourceDate, assertSourceName, type InputFile, type RunFacts } from '../store/run-facts.ts';
import { IngestError } from './errors.ts';
import type { CorpusFormat } from './formats/format.ts';
import { readInput, sameFiles, totalBytes } from './inputs.ts';
import type { IngestOptions } from './options.ts';
import { readCorpus } from './read-corpus.ts';
import type { RejectCounter } from './rejects.ts';
import { writeRun } from './write-run.ts';

export interface Ingested {
  readonly facts: RunFacts;
  /** False where the source had been ingested from the same files before. */
  readonly changed: boolean;
}

const DEFAULT_SORT_MEMORY_BYTES = 256 * 2 ** 20;

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
    const memoryBytes = options.sortMemoryBytes ?? DEFAULT_SORT_MEMORY_BYTES;
    const corpus = await readCorpus(key, feeds, folder, memoryBytes, options);
    // A stream's bytes are known only now.
    const same = runs.find((run) => sameFiles(run.facts.files, corpus.files));
    if (same) return { facts: refuseOrAccept(same, source).facts, changed: false };
    if (corpus.credentials === 0) throw nothingFound(format, corpus.rejects);
    const { suite, keyId, normalization } = dataset.parameters;
    const facts = await writeRun(dataset, corpus.chunks, memoryBytes, options.signal, {
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
  const bytes = totalBytes(inputs);
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
