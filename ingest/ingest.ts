// Ingests one corpus as one run: corpus → lines → credentials → records → sorted chunks → run.

import fs from 'node:fs';
import path from 'node:path';
import type { RangeName } from '../protocol/bucket-id.ts';
import { CredveilError } from '../protocol/errors.ts';
import {
  archivePath,
  assertKeyBelongs,
  type Dataset,
  mirrorPath,
  PRIVATE_FOLDER,
  workFolder,
} from '../store/dataset.ts';
import type { DatasetKey } from '../store/dataset-key.ts';
import type { DatasetParameters } from '../store/dataset-parameters.ts';
import { StoreError } from '../store/errors.ts';
import { setExpiry } from '../store/retention/expiry.ts';
import { readNameList } from '../store/retention/name-file.ts';
import { openRun, openRuns, type Run, runPath } from '../store/run/run.ts';
import {
  assertSourceDate,
  assertSourceName,
  type NewRunFacts,
  type RunFacts,
  sectionsFed,
} from '../store/run/run-facts.ts';
import { SECTION_NAMES, type SectionName } from '../store/run/sections.ts';
import { CorpusChanged } from './derive/corpus-tally.ts';
import { type ReadCorpus, readCorpus } from './derive/read-corpus.ts';
import { IngestError } from './errors.ts';
import { lookAtInputs } from './first-look.ts';
import type { CorpusFormat } from './formats/format.ts';
import { totalBytes } from './input/inputs.ts';
import type { RangeReport } from './input/range-report.ts';
import { unpackingMemory } from './input/read-input.ts';
import { createManifest, type IngestJob, type Manifest, openManifest } from './manifest.ts';
import { ARCHIVE_BYTES, DEFAULT_MEMORY_BYTES, type MemoryPlan, planMemory } from './memory-plan.ts';
import { assertMirrorReadable, mirroredIndex } from './mirror.ts';
import type { IngestOptions } from './options.ts';
import { asReplacement, type MirrorBase, mirrorFolder, openBase, withUnchanged } from './replace.ts';
import { assertAlarmsAccepted } from './report/assert-alarms.ts';
import { writeRun } from './sort/write-run.ts';
import { findEarlier, findSame, labelOf, leftOutNames, refuseOrAccept, statedOptions } from './source-identity.ts';

/** Errors after which the same ingest can go on. */
const RESUMED: ReadonlySet<string> = new Set(['INPUT_UNREADABLE', 'CORPUS_SUSPECT']);
const ALL_SECTIONS: readonly SectionName[] = SECTION_NAMES;

export interface Ingested {
  readonly facts: RunFacts;
  /** False if the source was already ingested from the same files. */
  readonly changed: boolean;
  /**
   * Of a mirror that was replaced: the range files that were as before, and those that were read.
   */
  readonly refreshed?: { readonly unchanged: number; readonly read: number };
  /** What was seen of range files; undefined if the corpus was not read. */
  readonly ranges?: RangeReport;
}

/**
 * The caller holds the dataset's lock. An error leaves runs and snapshots unchanged. Finished
 * segments of files stay in the work folder; the same call resumes from them and writes the same
 * run.
 * @throws StoreError `SOURCE_NAME`, `SOURCE_DATE`, `SOURCE_EXISTS`, `SOURCE_DUPLICATE`,
 * `KEY_MISMATCH`, `NAMES_CORRUPT`
 * @throws IngestError `INPUT_UNREADABLE`, `FORMAT_UNRECOGNISED`, `FORMAT_USELESS`,
 * `COLUMN_MISSING`, `CORPUS_SUSPECT`, `NOTHING_FOUND`, `ARCHIVE_CORRUPT`
 */
export async function ingest(dataset: Dataset, key: DatasetKey, stated: IngestOptions): Promise<Ingested> {
  const { source, date, format } = stated;
  assertSourceName(source);
  if (date !== undefined) assertSourceDate(date);
  assertKeyBelongs(dataset, key);
  const runs = openRuns(dataset);
  const names = readNameList(dataset, key);
  const options = { ...asReplacement(dataset, runs, stated), ...(names && { names }) };
  const label = await lookAtInputs(dataset.parameters, options).catch(async (error) => {
    if (error instanceof CredveilError) await (await import('./derive/search-corpus.ts')).searchCorpus(options);
    throw error;
  });
  const base = openBase(dataset, runs, options, label);
  const earlier = await findEarlier(runs, options, label, base?.table);
  if (earlier) {
    if (options.recipient && !fs.existsSync(archivePath(dataset, source))) throw archiveMissing(source);
    fs.rmSync(path.join(workFolder(dataset), 'ingest'), { recursive: true, force: true });
    mirrorFolder(options)?.table.write(mirrorPath(dataset, source), earlier.sha256);
    // Its run stays as it is.
    if (stated.expires !== undefined) setExpiry(dataset, source, stated.expires);
    return { facts: earlier.facts, changed: false };
  }

  const plan = planMemory(
    key.suite,
    (options.memoryBytes ?? DEFAULT_MEMORY_BYTES) - besideMemory(options),
    options.threads,
    options.archive ? undefined : totalBytes(options.inputs),
  );
  const job = describeJob(
    dataset.parameters,
    sectionsFed(dataset.parameters, format?.feeds ?? ALL_SECTIONS),
    plan,
    options,
    base,
  );
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
    // A corpus or dataset that was refused will be refused again; other errors may be temporary,
    // and alarms may be accepted.
    const refused = error instanceof CredveilError && !RESUMED.has(error.code);
    if (refused || isStream(options) || manifest.segments.size === 0) manifest.discard();
    else manifest.leave();
    throw error;
  }
}

/** Names and tables of a range file, in memory. */
const RANGE_FILE_BYTES = 256;

/** What is taken beside the plan, in bytes: archives, decoders, and the files of a mirror. */
export function besideMemory({
  recipient,
  archive,
  inputs,
}: Pick<IngestOptions, 'recipient' | 'archive' | 'inputs'>): number {
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
  const { source } = options;
  const { formats } = corpus.report;
  // A mirror of which nothing changed has no text.
  const label = formats.length > 0 || !base ? labelOf(formats) : base.run.facts.format;
  try {
    // The digest of a stream is only known now.
    const same = findSame(runs, corpus.files, options, label);
    if (same) {
      const { facts } = refuseOrAccept(same, options, label);
      if (options.expires !== undefined) setExpiry(dataset, source, options.expires);
      corpus.archive?.discard();
      manifest.discard();
      return { facts, changed: false };
    }
    if (corpus.credentials === 0) throw nothingFound(options, label, corpus);
    if (options.mirror && !options.archive) assertMirrorReadable(corpus);
    // What is in an archive was accepted when the archive was made.
    if (!options.archive) assertAlarmsAccepted(corpus.report, options.accept ?? []);
    // Before the run: a source that is there has its archive.
    corpus.archive?.commit();
  } catch (error) {
    corpus.archive?.discard();
    throw error;
  }
  const feeds = sectionsFed(
    dataset.parameters,
    formats.flatMap((format) => format.feeds),
  );
  const described = describeRun(dataset, corpus, label, options);
  const { ranges } = corpus;
  const mirrored = options.mirror ? mirroredFrom(base, formats) : undefined;
  const folder = mirrorFolder(options);
  const facts = await writeRun(
    dataset,
    manifest,
    plan,
    options,
    mirrored === undefined ? feeds : [...feeds, mirrored],
    described,
    mirrored === undefined
      ? undefined
      : {
          index: mirrored,
          isList: ranges.named.size === 0,
          complete: (fresh) => (base && folder ? withUnchanged(fresh, base, folder.unchanged) : fresh),
        },
  );
  manifest.discard();
  // That of the run counts.
  if (options.expires !== undefined) setExpiry(dataset, source, undefined);
  if (!folder) return { facts, changed: true, ranges };
  // After the run: a table of another run is not used.
  folder.table.write(mirrorPath(dataset, source), openRun(runPath(dataset, source)).sha256);
  const unchanged = folder.unchanged.size;
  return { facts, changed: true, ranges, ...(base && { refreshed: { unchanged, read: folder.files - unchanged } }) };
}

function describeRun(dataset: Dataset, corpus: ReadCorpus, format: string, options: IngestOptions): NewRunFacts {
  const { source, date, expires } = options;
  const { suite, keyId, normalization } = dataset.parameters;
  return {
    suite,
    keyId,
    normalization,
    source,
    ...(date === undefined ? {} : { date }),
    ...(expires === undefined ? {} : { expires }),
    format,
    options: statedOptions(options),
    files: corpus.files,
    lines: corpus.lines,
    credentials: corpus.credentials,
    rejects: corpus.rejects.byReason(),
    ...(options.names && { names: leftOutNames(options.names) }),
    report: { ...corpus.report.finish(), leftOut: options.leftOut?.groups ?? [] },
  };
}

/** The index of a mirror: of what was read, or of the run before if nothing changed. */
const mirroredFrom = (base: MirrorBase | undefined, formats: readonly CorpusFormat[]): RangeName =>
  (formats.length === 0 && base?.run.facts.mirror?.index) || mirroredIndex(formats);

function describeJob(
  { keyId, similar, usernameRules = [], hashPlaintext }: DatasetParameters,
  indexes: readonly SectionName[],
  { segmentBytes }: MemoryPlan,
  options: IngestOptions,
  base: MirrorBase | undefined,
): IngestJob {
  const { source, date, format, mirror = false, inputs } = options;
  return {
    version: 5,
    source,
    date: date ?? null,
    format: format?.name ?? null,
    options: statedOptions(options),
    mirror,
    base: base?.run.sha256 ?? null,
    keyId,
    indexes,
    similar: similar === true,
    usernameRules,
    hashPlaintext: hashPlaintext === true,
    segmentBytes,
    names: options.names ? leftOutNames(options.names) : null,
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

function archiveMissing(source: string): StoreError {
  return new StoreError(
    'SOURCE_EXISTS',
    `source ${source} was ingested from this file without an archive`,
    'An archive is made while a corpus is read: remove the source and ingest it again with --archive.',
  );
}

const EMPTY_HINT = 'Check the path, and that the program that wrote the corpus finished.';

function nothingFound({ inputs }: IngestOptions, label: string, { files, rejects }: ReadCorpus): IngestError {
  if (files.every(({ bytes }) => bytes === 0)) {
    const empty = inputs.length > 1 ? 'all files are empty' : 'the file is empty';
    return new IngestError('NOTHING_FOUND', isStream({ inputs }) ? 'standard input is empty' : empty, EMPTY_HINT);
  }
  const reasons = Object.entries(rejects.byReason()).map(([reason, count]) => `${count} ${reason}`);
  return new IngestError(
    'NOTHING_FOUND',
    `no credential found in format ${label} (${reasons.join(', ') || 'it has no entries'})`,
    'Inspect the first lines of the file and pass its format with --format.',
  );
}
