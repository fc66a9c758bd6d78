// What became of the corpus that an ingest reads: of each segment, text and reject.

import { type Refused, refuseTexts } from '../choose-format.ts';
import type { ColumnUse } from '../formats/columns.ts';
import type { Recognised } from '../formats/format.ts';
import type { RangeReport } from '../input/range-report.ts';
import type { IngestOptions, ReadProgress } from '../options.ts';
import { RejectCounter } from '../rejects.ts';
import { ReportBuilder, type SegmentFindings } from '../report/report.ts';

/** The corpus differs from the one that the manifest's segments came from. */
export class CorpusChanged extends Error {
  override name = 'CorpusChanged';
}

/** Adds up the results of segments, which come in any order, and reports progress. */
export class CorpusTally {
  readonly report = new ReportBuilder();
  readonly rejects = new RejectCounter();
  /** Rejects that come into no segment. */
  readonly dropped = new RejectCounter();
  readonly #refused: Refused[] = [];
  /** The text of each segment. */
  readonly #texts: number[] = [];
  readonly #totalBytes: number | undefined;
  readonly #onProgress: IngestOptions['onProgress'];
  #text = -1;
  #bytes = 0;
  credentials = 0;

  /** @param totalBytes of the corpus, if they are known */
  constructor(totalBytes: number | undefined, onProgress: IngestOptions['onProgress']) {
    this.#totalBytes = totalBytes;
    this.#onProgress = onProgress;
  }

  get lines(): number {
    return this.credentials + this.rejects.total;
  }

  /** Read so far. */
  get bytes(): number {
    return this.#bytes;
  }

  set bytes(bytes: number) {
    this.#bytes = bytes;
    this.progress();
  }

  /** Begins the next text. */
  begin(name: string, recognised: Recognised): void {
    this.#text = this.report.open(name, recognised);
  }

  refuse(refused: Refused): void {
    this.#refused.push(refused);
  }

  get isRefused(): boolean {
    return this.#refused.length > 0;
  }

  /** @throws IngestError if a text was refused */
  assertAccepted(): void {
    if (this.isRefused) throw refuseTexts(this.#refused);
  }

  /** @returns the number of the next segment, which is one of the text that began last */
  addSegment(): number {
    return this.#texts.push(this.#text) - 1;
  }

  /** @throws CorpusChanged if an earlier ingest had segments that this corpus has not */
  assertHas(segments: Iterable<number>): void {
    for (const number of segments) if (number >= this.#texts.length) throw new CorpusChanged();
  }

  count(segment: number, findings: SegmentFindings): void {
    this.credentials += findings.credentials;
    this.rejects.addAll(findings.rejects, findings.examples);
    this.report.addSegment(this.#texts[segment] as number, findings);
    this.progress();
  }

  /** Takes the columns of the last text. */
  setColumns(columns: ColumnUse): void {
    if (this.#text >= 0) this.report.setColumns(this.#text, columns);
  }

  /** Counts credentials of the last text that were not read again. */
  addKept(credentials: number): void {
    this.credentials += credentials;
    if (this.#text >= 0) this.report.addKept(this.#text, credentials);
  }

  /** Counts rejects that come into no segment. @param ofText whether the last text has them */
  reject(add: (counter: RejectCounter) => void, ofText = true): void {
    add(this.rejects);
    add(this.dropped);
    if (ofText && this.#text >= 0) add(this.report.rejectsOf(this.#text));
  }

  /** Counts the rows of range files that gave none. */
  takeRangeRejects(ranges: RangeReport, isMirror: boolean): void {
    const { padding = 0, 'bad-hash': bad = 0 } = ranges.takeRejects();
    if (padding > 0) this.reject((counter) => counter.add('padding', padding));
    // Of a mirror, no sign of a misread text: the ranges of these rows are gaps.
    if (bad > 0) this.reject((counter) => counter.add('bad-hash', bad), !isMirror);
  }

  progress(): void {
    // A file that grows while it is read has more bytes than it had at the start.
    const totalBytes = this.#totalBytes === undefined ? undefined : Math.max(this.#totalBytes, this.#bytes);
    const { lines, rejects } = this;
    const progress: ReadProgress = { stage: 'read', bytes: this.#bytes, totalBytes, lines, rejects };
    this.#onProgress?.(progress);
  }
}
