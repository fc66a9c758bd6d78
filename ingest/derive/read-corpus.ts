// The first stage of an ingest: cuts the texts of the corpus into segments, which worker threads
// turn into sorted chunks.

import type { Dataset } from '../../store/dataset.ts';
import type { DatasetKey } from '../../store/dataset-key.ts';
import type { InputFile } from '../../store/run/run-facts.ts';
import type { ArchiveWriter, FinishedArchive } from '../archive/archive-writer.ts';
import { type Choice, chooseUseful, formatChooser } from '../choose-format.ts';
import type { IngestError } from '../errors.ts';
import type { Recognised } from '../formats/format.ts';
import { totalBytes } from '../input/inputs.ts';
import type { RangeReport } from '../input/range-report.ts';
import type { RangeTable } from '../input/range-table.ts';
import { createReading, type Reading, readInput } from '../input/read-input.ts';
import type { FinishedSegment, Manifest } from '../manifest.ts';
import type { MemoryPlan } from '../memory-plan.ts';
import type { IngestOptions } from '../options.ts';
import type { RejectCounter } from '../rejects.ts';
import type { ReportBuilder } from '../report/report.ts';
import { statedOptions } from '../source-identity.ts';
import { CorpusChanged, CorpusTally } from './corpus-tally.ts';
import { fingerprint } from './fingerprint.ts';
import { createPlantedSearch, type PlantedSearch } from './planted-search.ts';
import { IngestPool } from './pool.ts';
import { type TaskFormat, taskFormat } from './segment.ts';
import { TextCutter } from './text-cutter.ts';
import { TextReader, type TextSink, withRefusals } from './text-reader.ts';
import type { WorkerSettings } from './worker.ts';

export interface ReadCorpus {
  readonly files: readonly InputFile[];
  readonly lines: number;
  readonly credentials: number;
  readonly rejects: RejectCounter;
  readonly report: ReportBuilder;
  /** What was seen of range files. */
  readonly ranges: RangeReport;
  /** If there is a recipient. */
  readonly archive: FinishedArchive | undefined;
}

/**
 * Adds all records of the corpus to the manifest as chunks. Segments that the manifest already has
 * are read but not derived.
 * @throws CorpusChanged
 * @throws IngestError `FORMAT_UNRECOGNISED`, `FORMAT_USELESS` and others, for texts by name
 */
export async function readCorpus(
  dataset: Dataset,
  key: DatasetKey,
  manifest: Manifest,
  plan: MemoryPlan,
  options: IngestOptions,
  base?: RangeTable,
): Promise<ReadCorpus> {
  const archive = await openArchiveWriter(dataset, options);
  const reading = new CorpusReading(dataset, key, manifest, plan, options, archive, base);
  try {
    return await reading.read();
  } catch (error) {
    await archive?.abort();
    throw error;
  } finally {
    await reading.close();
  }
}

async function openArchiveWriter(dataset: Dataset, options: IngestOptions): Promise<ArchiveWriter | undefined> {
  const { recipient, source, date, mirror } = options;
  if (!recipient) return undefined;
  // Loaded on demand, with the encryption of archives.
  const { ArchiveWriter } = await import('../archive/archive-writer.ts');
  const header = {
    source,
    ...(date !== undefined && { date }),
    ...(mirror && { mirror: true as const }),
    options: statedOptions(options),
  };
  return ArchiveWriter.open(dataset, recipient, header);
}

/** The texts, one after another, and what came of them. */
class CorpusReading {
  readonly #dataset: Dataset;
  readonly #keyText: string;
  readonly #options: IngestOptions;
  readonly #archive: ArchiveWriter | undefined;
  readonly #pool: IngestPool;
  readonly #cutter: TextCutter;
  readonly #tally: CorpusTally;
  readonly #reading: Reading;
  /** For texts that are not read. */
  readonly #search: PlantedSearch | undefined;
  /** Segments that an earlier ingest finished. */
  readonly #earlier: ReadonlyMap<number, FinishedSegment>;
  #format: TaskFormat | undefined;

  constructor(
    dataset: Dataset,
    key: DatasetKey,
    manifest: Manifest,
    plan: MemoryPlan,
    options: IngestOptions,
    archive: ArchiveWriter | undefined,
    base: RangeTable | undefined,
  ) {
    this.#dataset = dataset;
    this.#keyText = key.revealText();
    this.#options = options;
    this.#archive = archive;
    const { inputs, mirror = false, leftOut, onProgress, names } = options;
    this.#search = createPlantedSearch(names?.marks);
    this.#tally = new CorpusTally(totalBytes(inputs), onProgress);
    this.#reading = createReading(inputs[0], { isMirror: mirror, ...(leftOut && { leftOut }), base });
    this.#earlier = new Map(manifest.segments);
    this.#pool = new IngestPool(
      plan.threads,
      plan.segmentBytes,
      workerSettings(key, manifest, plan, options),
      ({ finished }) => {
        manifest.append(finished);
        this.#tally.count(finished.segment, finished);
      },
    );
    this.#cutter = new TextCutter(
      {
        buffer: () => this.#pool.buffer(),
        segment: (content) => this.#segment(content),
        reject: (reason, line) => {
          if (line) this.#search?.searchLine(line);
          this.#tally.reject((counter) => counter.addLine(reason, line));
        },
        columns: (columns) => this.#tally.setColumns(columns),
      },
      plan.segmentBytes,
    );
  }

  async read(): Promise<ReadCorpus> {
    const tally = this.#tally;
    // Before the first byte, so that a slow pipe shows progress.
    tally.progress();
    const { archive, signal } = this.#options;
    let files: readonly InputFile[];
    try {
      files = archive ? await this.#readArchive() : await this.#readInputs();
    } catch (error) {
      signal?.throwIfAborted();
      // Of an archive that cannot be unpacked to its end, what stands before the fault counts.
      await this.#pool.drain().then(
        () => this.#raisePlanted(),
        () => {},
      );
      throw error;
    }
    await this.#pool.drain();
    const { ranges } = this.#reading;
    tally.addKept(ranges.keptRows);
    signal?.throwIfAborted();
    this.#raisePlanted();
    tally.assertAccepted();
    tally.assertHas(this.#earlier.keys());
    tally.progress();
    const finished = await this.#archive?.finish({ files: [...files], rejects: tally.dropped.byReason() });
    const { lines, credentials, rejects, report } = tally;
    return { files, lines, credentials, rejects, report, ranges, archive: finished };
  }

  /** Before anything refuses the corpus. */
  #raisePlanted(): void {
    const { report } = this.#tally;
    report.addPlanted(this.#search?.take());
    if (report.planted.length > 0) this.#options.onPlanted?.(report.planted);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  async #readInputs(): Promise<readonly InputFile[]> {
    const { inputs, signal } = this.#options;
    const files: InputFile[] = [];
    const choose = formatChooser(this.#options, this.#dataset.parameters);
    const reader = new TextReader(async (name, sample) => this.#open(name, await choose(name, sample)));
    for (const input of inputs) {
      const before = this.#tally.bytes;
      const each = async (block: Buffer, bytesRead: number): Promise<void> => {
        await reader.push(block);
        this.#tally.bytes = before + bytesRead;
      };
      const members = {
        begin: (name: string, remarks?: readonly string[]) => reader.begin(name, remarks),
        end: () => reader.end(),
      };
      const file = await readInput(input, each, signal, members, this.#reading);
      this.#tally.takeRangeRejects(this.#reading.ranges, this.#options.mirror === true);
      this.#tally.bytes = before + file.bytes;
      files.push(file);
    }
    return files;
  }

  async #readArchive(): Promise<readonly InputFile[]> {
    const { archive, signal } = this.#options;
    const { formatOfText } = await import('../archive/archived-format.ts');
    let sink: TextSink | undefined;
    const footer = await archive?.read(
      {
        text: async (header) => {
          await sink?.end();
          const recognised = { format: formatOfText(header), score: 1, reasons: ['as in the archive'] };
          sink = this.#open(header.name, chooseUseful(recognised, this.#dataset.parameters));
        },
        content: async (block, bytesRead) => {
          await sink?.push(block);
          this.#tally.bytes = bytesRead;
        },
      },
      signal,
    );
    await sink?.end();
    if (!footer) return [];
    this.#tally.reject((counter) => counter.addAll(footer.rejects), false);
    return footer.files;
  }

  #open(name: string, choice: Choice): TextSink | undefined {
    if ('recognised' in choice) return this.#begin(name, choice.recognised);
    if ('refusal' in choice) this.#tally.refuse({ name, refusal: choice.refusal });
    else this.#options.leftOut?.add(name, choice.leftOut);
    return this.#search;
  }

  /** Once a text is refused, the others are only recognised. */
  #begin(name: string, recognised: Recognised): TextSink | undefined {
    if (this.#tally.isRefused) return this.#search;
    const { format } = recognised;
    this.#tally.begin(name, recognised);
    this.#format = taskFormat(format);
    const refuse = (refusal: IngestError): void => this.#tally.refuse({ name, refusal });
    const sink = withRefusals(this.#cutter.open(format), refuse, this.#search);
    const archive = this.#archive;
    if (!archive) return sink;
    const { options, feeds, lines } = format;
    const content = lines ? ('lines' as const) : ('packed' as const);
    const header = { name, format: format.name, options: { ...options }, content, feeds: [...feeds] };
    let begun = false;
    return {
      async push(block) {
        if (!begun) await archive.beginText(header);
        begun = true;
        await sink.push(block);
      },
      end: () => sink.end(),
    };
  }

  async #segment(content: Uint8Array<ArrayBuffer>): Promise<void> {
    const format = this.#format as TaskFormat;
    await this.#archive?.write(content);
    const number = this.#tally.addSegment();
    const finished = this.#earlier.get(number);
    if (!finished) return this.#pool.submit(number, format, content);
    if (finished.fingerprint !== fingerprint(this.#keyText, content, format)) throw new CorpusChanged();
    this.#tally.count(number, finished);
    this.#pool.recycle(content);
  }
}

function workerSettings(
  key: DatasetKey,
  { job, folder }: Manifest,
  { sorterBytes }: MemoryPlan,
  { names }: IngestOptions,
): WorkerSettings {
  const { indexes, similar, usernameRules, hashPlaintext } = job;
  const { suite } = key;
  return {
    ...{ suite, keyText: key.revealText(), indexes, similar, usernameRules, hashPlaintext, folder, sorterBytes },
    names: names?.marks,
  };
}
