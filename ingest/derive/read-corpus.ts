// The first stage of an ingest: cuts the corpus into segments, which worker threads turn into
// sorted chunks.

import { RANGE_NAMES } from '../../protocol/bucket-id.ts';
import type { Dataset } from '../../store/dataset.ts';
import type { DatasetKey } from '../../store/dataset-key.ts';
import type { InputFile } from '../../store/run/run-facts.ts';
import type { ArchiveHeader } from '../archive/archive-format.ts';
import type { ArchiveWriter, FinishedArchive } from '../archive/archive-writer.ts';
import type { CorpusFormat, CredentialSink } from '../formats/format.ts';
import { totalBytes } from '../input/inputs.ts';
import type { RangeReport } from '../input/range-report.ts';
import type { RangeTable } from '../input/range-table.ts';
import { createReading, type Reading, readInput } from '../input/read-input.ts';
import { Segmenter, type SegmentSink } from '../input/segmenter.ts';
import { type FinishedSegment, fingerprint, type Manifest } from '../manifest.ts';
import type { MemoryPlan } from '../memory-plan.ts';
import type { IngestOptions, ReadProgress } from '../options.ts';
import { RejectCounter } from '../rejects.ts';
import { CredentialPacker } from './credential-batch.ts';
import { IngestPool } from './pool.ts';
import type { WorkerSettings } from './worker.ts';

export interface ReadCorpus {
  readonly files: readonly InputFile[];
  readonly lines: number;
  readonly credentials: number;
  readonly rejects: RejectCounter;
  /** What was seen of range files. */
  readonly ranges: RangeReport;
  /** If there is a recipient. */
  readonly archive: FinishedArchive | undefined;
}

/** The corpus differs from the one that the manifest's segments came from. */
export class CorpusChanged extends Error {
  override name = 'CorpusChanged';
}

/** Turns the blocks of one input after another into segments, which do not depend on the blocks. */
interface Cutter {
  push(block: Buffer): void | Promise<void>;
  end(): void | Promise<void>;
}

/** Cuts segments of lines for line formats, and of packed credentials for others. */
function createCutter(
  format: CorpusFormat,
  rejects: Pick<RejectCounter, 'add'>,
  out: Omit<SegmentSink, 'tooLong'>,
): Cutter {
  if (format.lines) return new Segmenter({ ...out, tooLong: () => rejects.add('too-long') });
  const packer = new CredentialPacker(out.buffer);
  const sink: CredentialSink = {
    credential: (credential) => packer.add(credential),
    reject: (reason) => rejects.add(reason),
  };
  let parser = format.createParser(sink);
  return {
    async push(block) {
      parser.push(block);
      for (const batch of packer.takeFull()) await out.segment(batch);
    },
    async end() {
      parser.end();
      parser = format.createParser(sink);
      for (const batch of packer.takeAll()) await out.segment(batch);
    },
  };
}

/**
 * Adds all records of the corpus to the manifest as chunks. Segments that the manifest already has
 * are read but not derived.
 * @throws CorpusChanged
 */
export async function readCorpus(
  dataset: Dataset,
  key: DatasetKey,
  manifest: Manifest,
  plan: MemoryPlan,
  options: IngestOptions,
  base?: RangeTable,
): Promise<ReadCorpus> {
  const { recipient } = options;
  const archive = recipient && (await openArchiveWriter(dataset, recipient, options));
  try {
    return await readSegments(key, manifest, plan, options, archive, base);
  } catch (error) {
    await archive?.abort();
    throw error;
  }
}

async function openArchiveWriter(
  dataset: Dataset,
  recipient: NonNullable<IngestOptions['recipient']>,
  options: IngestOptions,
): Promise<ArchiveWriter> {
  // Loaded on demand, with the encryption of archives.
  const { ArchiveWriter } = await import('../archive/archive-writer.ts');
  return ArchiveWriter.open(dataset, recipient, describeSource(options));
}

function describeSource({ source, date, mirror, format }: IngestOptions): ArchiveHeader {
  const { name, lines, feeds } = format;
  const content = lines ? 'lines' : 'packed';
  const stated = { ...(date !== undefined && { date }), ...(mirror && { mirror: true as const }) };
  return { source, ...stated, format: name, content, feeds: [...feeds] };
}

async function readSegments(
  key: DatasetKey,
  manifest: Manifest,
  plan: MemoryPlan,
  options: IngestOptions,
  archive: ArchiveWriter | undefined,
  base: RangeTable | undefined,
): Promise<ReadCorpus> {
  const { format, inputs, onProgress, signal, mirror = false, leftOut } = options;
  const keyText = key.revealText();
  const total = totalBytes(inputs);
  const rejects = new RejectCounter();
  /** Of lines that come into no segment. */
  const dropped = new RejectCounter();
  const drop = (reasons: { readonly [reason: string]: number }): void => {
    rejects.addAll(reasons);
    dropped.addAll(reasons);
  };
  let credentials = 0;
  let bytes = 0;
  const report = (): void => onProgress?.(readProgress(bytes, total, credentials, rejects));
  const count = (finished: FinishedSegment): void => {
    credentials += finished.credentials;
    rejects.addAll(finished.rejects);
    report();
  };

  const settings = workerSettings(key, manifest, plan, format);
  const pool = new IngestPool(plan.threads, plan.segmentBytes, settings, ({ finished }) => {
    manifest.append(finished);
    count(finished);
  });
  let segments = 0;
  const earlier = new Map(manifest.segments);
  const segment = async (content: Uint8Array<ArrayBuffer>): Promise<void> => {
    await archive?.write(content);
    const number = segments++;
    const finished = earlier.get(number);
    if (!finished) return pool.submit(number, content);
    if (finished.fingerprint !== fingerprint(keyText, content)) throw new CorpusChanged();
    count(finished);
    pool.recycle(content);
  };
  // Before the first byte, so that a slow pipe shows progress.
  report();
  try {
    const cutter = createCutter(
      format,
      { add: (reason) => drop({ [reason]: 1 }) },
      { buffer: () => pool.buffer(), segment },
    );
    const reading = createReading(inputs[0], { isMirror: mirror, ...(leftOut && { leftOut }), base });
    const files = await readContent(options, reading, cutter, drop, (read) => {
      bytes = read;
      report();
    });
    await pool.drain();
    credentials += reading.ranges.keptRows;
    signal?.throwIfAborted();
    for (const number of earlier.keys()) if (number >= segments) throw new CorpusChanged();
    report();
    const finished = await archive?.finish({ files: [...files], rejects: dropped.byReason() });
    const { ranges } = reading;
    return { files, lines: credentials + rejects.total, credentials, rejects, ranges, archive: finished };
  } finally {
    await pool.close();
  }
}

function workerSettings(
  key: DatasetKey,
  { job, folder }: Manifest,
  { sorterBytes }: MemoryPlan,
  format: CorpusFormat,
): WorkerSettings {
  return {
    suite: key.suite,
    keyText: key.revealText(),
    indexes: job.indexes,
    similar: job.similar,
    folder,
    sorterBytes,
    lineFormat: format.lines ? format.name : undefined,
    hashes: RANGE_NAMES.find((range) => format.feeds.length === 1 && format.feeds[0] === range),
  };
}

/**
 * Reads the archive, or all inputs.
 * @param onBytes takes the number of bytes read so far
 */
async function readContent(
  { archive, inputs, signal }: IngestOptions,
  reading: Reading,
  cutter: Cutter,
  drop: (reasons: { readonly [reason: string]: number }) => void,
  onBytes: (bytes: number) => void,
): Promise<readonly InputFile[]> {
  const take =
    (before: number) =>
    async (block: Buffer, bytesRead: number): Promise<void> => {
      await cutter.push(block);
      onBytes(before + bytesRead);
    };
  if (archive) {
    const footer = await archive.read(take(0), signal);
    await cutter.end();
    drop(footer.rejects);
    return footer.files;
  }
  const files: InputFile[] = [];
  let before = 0;
  for (const input of inputs) {
    const file = await readInput(input, take(before), signal, () => cutter.end(), reading);
    drop(reading.ranges.takeRejects());
    await cutter.end();
    before += file.bytes;
    files.push(file);
  }
  return files;
}

function readProgress(
  bytes: number,
  total: number | undefined,
  credentials: number,
  rejects: RejectCounter,
): ReadProgress {
  // A file that grows while it is read has more bytes than it had at the start.
  const totalBytes = total === undefined ? undefined : Math.max(total, bytes);
  return { stage: 'read', bytes, totalBytes, lines: credentials + rejects.total, rejects };
}
