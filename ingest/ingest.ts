// Ingests one corpus as one run: corpus → lines → credentials → records → sorted chunks → run.

import fs from 'node:fs';
import path from 'node:path';
import { CredveilError } from '../protocol/errors.ts';
import {
  archivePath,
  assertKeyBelongs,
  type Dataset,
  type DatasetParameters,
  mirrorPath,
  PRIVATE_FOLDER,
  workFolder,
} from '../store/dataset.ts';
import type { DatasetKey } from '../store/dataset-key.ts';
import { StoreError } from '../store/errors.ts';
import { openRun, openRuns, type Run, runPath } from '../store/run/run.ts';
import {
  assertSourceDate,
  assertSourceName,
  type InputFile,
  type RunFacts,
  type SectionName,
  sectionsFed,
} from '../store/run/run-facts.ts';
import { CorpusChanged, type ReadCorpus, readCorpus } from './derive/read-corpus.ts';
import { IngestError } from './errors.ts';
import { sameFiles, totalBytes } from './input/inputs.ts';
import type { RangeReport } from './input/range-report.ts';
import { digestInput, unpackingMemory } from './input/read-input.ts';
import { createManifest, type IngestJob, type Manifest, openManifest } from './manifest.ts';
import { ARCHIVE_BYTES, DEFAULT_MEMORY_BYTES, type MemoryPlan, planMemory } from './memory-plan.ts';
import { assertMirrorReadable, mirroredIndex } from './mirror.ts';
import type { IngestOptions } from './options.ts';
import { asReplacement, type MirrorBase, mirrorFolder, openBase, withUnchanged } from './replace.ts';
import { writeRun } from './sort/write-run.ts';

export interface Ingested {
  readonly facts: RunFacts;
  /** False if the source was already ingested from the same files. */
  readonly changed: boolean;
  /** Of a mirror that was replaced: the range files that were as before, and those that were read. */
  readonly refreshed?: { readonly unchanged: number; readonly read: number };
  /** What was seen of range files; undefined if the corpus was not read. */
  readonly ranges?: RangeReport;
}

/**
 * The caller holds the dataset's lock. An error leaves runs and snapshots unchanged. Finished
 * segments of files stay in the work folder; the same call resumes from them and writes the same
 * run.
 * @throws StoreError `SOURCE_NAME`, `SOURCE_DATE`, `SOURCE_EXISTS`, `SOURCE_DUPLICATE`,
 * `KEY_MISMATCH`
 * @throws IngestError `INPUT_UNREADABLE`, `FORMAT_USELESS`, `COLUMN_MISSING`, `NOTHING_FOUND`,
 * `ARCHIVE_CORRUPT`
 */
export async function ingest(dataset: Dataset, key: DatasetKey, stated: IngestOptions): Promise<Ingested> {
  const { source, date, format } = stated;
  assertSourceName(source);
  if (date !== undefined) assertSourceDate(date);
  assertKeyBelongs(dataset, key);
  const feeds = sectionsFed(dataset.parameters, format.feeds);
  if (feeds.length === 0)
    throw new IngestError(
      'FORMAT_USELESS',
      `format ${format.name} feeds none of the dataset's indexes`,
      'Create a dataset whose --index fits this corpus: credveil init --index …',
    );
  const runs = openRuns(dataset);
  const options = asReplacement(dataset, runs, stated);
  if (options.mirror) mirroredIndex(options);
  const base = openBase(dataset, runs, options);
  const earlier = await findEarlier(runs, options, base);
  if (earlier) {
    if (options.recipient && !fs.existsSync(archivePath(dataset, source))) throw archiveMissing(source);
    fs.rmSync(path.join(workFolder(dataset), 'ingest'), { recursive: true, force: true });
    mirrorFolder(options)?.table.write(mirrorPath(dataset, source), earlier.sha256);
    return { facts: earlier.facts, changed: false };
  }

  const plan = planMemory(
    key.suite,
    (options.memoryBytes ?? DEFAULT_MEMORY_BYTES) - besideMemory(options),
    options.threads,
    options.archive ? undefined : totalBytes(options.inputs),
  );
  const job = describeJob(dataset.parameters, feeds, plan, options, base);
  clearParts(dataset);
  let manifest = openManifest(path.join(workFolder(dataset), 'ingest'), job);
  try {
    let corpus: ReadCorpus;
    try {
      corpus = await readCorpus(dataset, key, manifest, plan, options, base?.table);
    } catch (error) {
      if (!(error instanceof CorpusChanged)) throw error;
      manifest.discard();
      manifest = createManifest(manifest.folder, job);
      corpus = await readCorpus(dataset, key, manifest, plan, options, base?.table);
    }
    return await writeSource(dataset, corpus, runs, manifest, plan, options, base);
  } catch (error) {
    // A corpus or dataset that was refused will be refused again; other errors may be temporary.
    const refused = error instanceof CredveilError && error.code !== 'INPUT_UNREADABLE';
    if (refused || isStream(options) || manifest.segments.size === 0) manifest.discard();
    else manifest.leave();
    throw error;
  }
}

/** Names and tables of a range file, in memory. */
const RANGE_FILE_BYTES = 256;

/** What is taken beside the plan: archives, decoders, and the files of a mirror. */
function besideMemory({ recipient, archive, inputs }: IngestOptions): number {
  const archives = ARCHIVE_BYTES * ((recipient ? 1 : 0) + (archive ? 1 : 0));
  const ranges = inputs.reduce((files, input) => files + (input.ranges?.files ?? 0), 0);
  return archives + (archive ? 0 : unpackingMemory(inputs)) + ranges * RANGE_FILE_BYTES;
}

/** Writes the run of a corpus that was read, after its archive. */
async function writeSource(
  dataset: Dataset,
  corpus: ReadCorpus,
  runs: readonly Run[],
  manifest: Manifest,
  plan: MemoryPlan,
  options: IngestOptions,
  base: MirrorBase | undefined,
): Promise<Ingested> {
  const { source, date, format } = options;
  try {
    // The digest of a stream is only known now.
    const same = findSame(runs, corpus.files, options);
    if (same) {
      const { facts } = refuseOrAccept(same, options);
      corpus.archive?.discard();
      manifest.discard();
      return { facts, changed: false };
    }
    if (corpus.credentials === 0) throw nothingFound(options, corpus);
    if (options.mirror && !options.archive) assertMirrorReadable(corpus);
    // Before the run: a source that is there has its archive.
    corpus.archive?.commit();
  } catch (error) {
    corpus.archive?.discard();
    throw error;
  }
  const { suite, keyId, normalization } = dataset.parameters;
  const described = {
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
  };
  const { ranges } = corpus;
  const folder = mirrorFolder(options);
  const facts = await writeRun(
    dataset,
    manifest,
    plan,
    options,
    described,
    options.mirror
      ? {
          index: mirroredIndex(options),
          isList: ranges.named.size === 0,
          complete: (fresh) => (base && folder ? withUnchanged(fresh, base, folder.unchanged) : fresh),
        }
      : undefined,
  );
  manifest.discard();
  if (!folder) return { facts, changed: true, ranges };
  // After the run: a table of another run is not used.
  folder.table.write(mirrorPath(dataset, source), openRun(runPath(dataset, source)).sha256);
  const unchanged = folder.unchanged.size;
  return { facts, changed: true, ranges, ...(base && { refreshed: { unchanged, read: folder.files - unchanged } }) };
}

function describeJob(
  { keyId, similar }: DatasetParameters,
  indexes: readonly SectionName[],
  { segmentBytes }: MemoryPlan,
  { source, date, format, mirror = false, inputs }: IngestOptions,
  base: MirrorBase | undefined,
): IngestJob {
  return {
    version: 2,
    source,
    date: date ?? null,
    format: format.name,
    mirror,
    base: base?.run.sha256 ?? null,
    keyId,
    indexes,
    similar: similar === true,
    segmentBytes,
    inputs: inputs.map(({ name, bytes }) => ({ name, bytes: bytes ?? null })),
  };
}

/** A stream cannot resume: only reading it shows whether its bytes are the same. */
const isStream = ({ inputs }: Pick<IngestOptions, 'inputs'>): boolean => totalBytes(inputs) === undefined;

/** Deletes the partial files of a killed process. */
function clearParts(dataset: Dataset): void {
  const folder = workFolder(dataset);
  fs.mkdirSync(folder, PRIVATE_FOLDER);
  for (const name of fs.readdirSync(folder))
    if (name.endsWith('.part')) fs.rmSync(path.join(folder, name), { recursive: true, force: true });
}

/**
 * Finds the run of the same bytes under the same name. Refuses the same bytes under another name,
 * and other bytes under this name.
 */
async function findEarlier(
  runs: readonly Run[],
  options: IngestOptions,
  base: MirrorBase | undefined,
): Promise<Run | undefined> {
  const { source, inputs, archive, signal, mirror: isMirror = false } = options;
  // An archive has another length than its corpus.
  const bytes = archive ? undefined : totalBytes(inputs);
  const named = runs.find((run) => run.facts.source === source);
  const total = (run: Run): number => run.facts.files.reduce((sum, file) => sum + file.bytes, 0);
  if (!named && (bytes === undefined || !runs.some((run) => total(run) === bytes))) return undefined;
  const files: InputFile[] = [];
  if (archive) files.push(...(await archive.read(() => undefined, signal)).files);
  else for (const input of inputs) files.push(await digestInput(input, signal, { isMirror, base: base?.table }));
  const same = findSame(runs, files, options);
  if (same) return refuseOrAccept(same, options);
  if (!named || options.replace) return undefined;
  throw new StoreError(
    'SOURCE_EXISTS',
    `source ${source} was ingested from another file`,
    'Choose another --source, or swap that source for it with --replace instead of --source.',
  );
}

/** A run of the same bytes. One that is replaced only counts if it was read the same way. */
function findSame(runs: readonly Run[], files: readonly InputFile[], options: IngestOptions): Run | undefined {
  const replaced = ({ facts }: Run): boolean => options.replace === true && facts.source === options.source;
  return runs.find((run) => sameFiles(run.facts.files, files) && (!replaced(run) || isReadAs(run.facts, options)));
}

const isReadAs = (facts: RunFacts, { format, date, mirror = false }: IngestOptions): boolean =>
  facts.format === format.name && facts.date === date && (facts.mirror !== undefined) === mirror;

/** Equal bytes are the same source only if they were read the same way. */
function refuseOrAccept(earlier: Run, options: IngestOptions): Run {
  const { source } = options;
  const { facts } = earlier;
  if (facts.source === source && isReadAs(facts, options)) return earlier;
  if (facts.source === source)
    throw new StoreError(
      'SOURCE_EXISTS',
      `source ${source} was ingested from this file as format ${facts.format}${facts.date ? `, date ${facts.date}` : ''}${facts.mirror ? ', a mirror' : ''}`,
      'To ingest it with other options, swap it: --replace instead of --source.',
    );
  throw new StoreError(
    'SOURCE_DUPLICATE',
    `the same file was already ingested as source ${earlier.facts.source}`,
    `A second copy would count every credential twice. To change its name or format, remove ${earlier.facts.source} and ingest again.`,
  );
}

function archiveMissing(source: string): StoreError {
  return new StoreError(
    'SOURCE_EXISTS',
    `source ${source} was ingested from this file without an archive`,
    'An archive is made while a corpus is read: remove the source and ingest it again with --archive.',
  );
}

const EMPTY_HINT = 'Check the path, and that the program that wrote the corpus finished.';

function nothingFound({ format, inputs }: IngestOptions, { files, rejects }: ReadCorpus): IngestError {
  if (files.every(({ bytes }) => bytes === 0)) {
    const empty = inputs.length > 1 ? 'all files are empty' : 'the file is empty';
    return new IngestError('NOTHING_FOUND', isStream({ inputs }) ? 'standard input is empty' : empty, EMPTY_HINT);
  }
  const reasons = Object.entries(rejects.byReason()).map(([reason, count]) => `${count} ${reason}`);
  return new IngestError(
    'NOTHING_FOUND',
    `no credential found in format ${format.name} (${reasons.join(', ') || 'it has no entries'})`,
    'Inspect the first lines of the file and pass its format with --format.',
  );
}
