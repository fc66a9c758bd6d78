// Reads all sources once, as an ingest reads corpora, and collects the candidates in them.

import { type Choice, chooseFormat, type Reading, type Refused, refuseTexts } from '../../ingest/choose-format.ts';
import { deriveSegment, type SegmentFormat, segmentFormat } from '../../ingest/derive/segment.ts';
import { TextCutter } from '../../ingest/derive/text-cutter.ts';
import { TextReader, type TextSink } from '../../ingest/derive/text-reader.ts';
import type { Recognised } from '../../ingest/formats/format.ts';
import type { TextSample } from '../../ingest/formats/sample.ts';
import { totalBytes } from '../../ingest/input/inputs.ts';
import type { LeftOut } from '../../ingest/input/left-out.ts';
import { createReading, readInput } from '../../ingest/input/read-input.ts';
import { RejectCounter } from '../../ingest/rejects.ts';
import type { AlarmName } from '../../ingest/report/alarms.ts';
import { assertAlarmsAccepted, unacceptedAlarms } from '../../ingest/report/assert-alarms.ts';
import { type FoundAlarm, ReportBuilder } from '../../ingest/report/report.ts';
import type { RunReport } from '../../store/run/run-report.ts';
import type { UserTable } from '../users/user-table.ts';
import { CandidateFinder } from './candidate-finder.ts';
import type { CandidateCollector } from './collector.ts';
import type { MatchSource } from './sources.ts';

export interface ScanOptions extends Reading {
  readonly leftOut: LeftOut;
  /** Alarms that the operator has looked at. */
  readonly accept?: readonly AlarmName[];
  /** Takes the other alarms. Without it they refuse the sources. */
  readonly onAlarms?: (alarms: readonly FoundAlarm[]) => void;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ScanProgress) => void;
}

export interface ScanProgress {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly pairs: number;
}

export interface Scanned {
  readonly pairs: number;
  readonly rejects: { readonly [reason: string]: number };
  readonly report: Omit<RunReport, 'leftOut'>;
}

const SEGMENT_BYTES = 1 << 20;
/** Every index: whether a text is of use is decided by its usernames. */
const FED = { indexes: ['account', 'password'], ranges: ['sha1', 'ntlm'] } as const;

/**
 * @throws IngestError `FORMAT_UNRECOGNISED`, `CORPUS_SUSPECT` and others, for texts by name
 * @throws ContainerError
 */
export async function scanSources(
  sources: readonly MatchSource[],
  users: UserTable,
  collector: CandidateCollector,
  options: ScanOptions,
): Promise<Scanned> {
  const scan = new Scan(users, collector, options);
  let before = 0;
  const all = sources.reduce((sum, { inputs }) => sum + (totalBytes(inputs) ?? 0), 0);
  for (const { name, inputs } of sources) {
    collector.beginSource();
    const reading = createReading(inputs[0], { leftOut: options.leftOut });
    for (const input of inputs) {
      const members = {
        begin: (text: string) => scan.reader.begin(text === name ? name : `${name}: ${text}`),
        end: () => scan.reader.end(),
      };
      const each = async (block: Buffer, bytes: number): Promise<void> => {
        await scan.reader.push(block);
        options.onProgress?.({ bytes: before + bytes, totalBytes: all, pairs: scan.pairs });
      };
      const file = await readInput(input, each, options.signal, members, reading);
      before += file.bytes;
    }
  }
  return scan.finish();
}

/** The texts of all sources, one after another. */
class Scan {
  readonly reader: TextReader;
  readonly #options: ScanOptions;
  readonly #finder: CandidateFinder;
  readonly #cutter: TextCutter;
  readonly #report = new ReportBuilder();
  readonly #rejects = new RejectCounter();
  readonly #refused: Refused[] = [];
  readonly #buffers: Uint8Array<ArrayBuffer>[] = [];
  #text = -1;
  #format: SegmentFormat | undefined;

  constructor(users: UserTable, collector: CandidateCollector, options: ScanOptions) {
    this.#options = options;
    this.#finder = new CandidateFinder(users, (account, password) => collector.add(account, password));
    this.reader = new TextReader((name, sample) => this.#open(name, sample));
    this.#cutter = new TextCutter(
      {
        buffer: () => this.#buffers.pop() ?? new Uint8Array(SEGMENT_BYTES),
        segment: (content) => this.#segment(content),
        reject: (reason, line) => {
          this.#rejects.add(reason);
          this.#report.rejectsOf(this.#text).addLine(reason, line);
        },
      },
      SEGMENT_BYTES,
    );
  }

  get pairs(): number {
    return this.#finder.pairs;
  }

  async #open(name: string, sample: TextSample): Promise<TextSink | undefined> {
    const choice = withUsernames(await chooseFormat(name, sample, this.#options, FED));
    if ('recognised' in choice) return this.#begin(name, choice.recognised);
    if ('refusal' in choice) this.#refused.push({ name, refusal: choice.refusal });
    else this.#options.leftOut.add(name, choice.leftOut);
    return undefined;
  }

  /** Once a text is refused, the others are only recognised. */
  #begin(name: string, recognised: Recognised): TextSink | undefined {
    if (this.#refused.length > 0) return undefined;
    this.#text = this.#report.open(name, recognised);
    this.#format = segmentFormat(recognised.format);
    return this.#cutter.open(recognised.format);
  }

  #segment(content: Uint8Array<ArrayBuffer>): void {
    // Any seed: what the signs sample decides no more than an alarm.
    const findings = deriveSegment(content, this.#format as SegmentFormat, this.#finder, 1);
    this.#rejects.addAll(findings.rejects);
    this.#report.addSegment(this.#text, findings);
    const { buffer } = content;
    if (buffer.byteLength === SEGMENT_BYTES) this.#buffers.push(new Uint8Array(buffer));
  }

  finish(): Scanned {
    if (this.#refused.length > 0) throw refuseTexts(this.#refused);
    const { accept = [], onAlarms } = this.#options;
    if (onAlarms) onAlarms(unacceptedAlarms(this.#report, accept));
    else assertAlarmsAccepted(this.#report, accept);
    return { pairs: this.pairs, rejects: this.#rejects.byReason(), report: this.#report.finish() };
  }
}

/** Lists of passwords and hashes name nobody. */
function withUsernames(choice: Choice): Choice {
  if (!('recognised' in choice)) return choice;
  const { feeds } = choice.recognised.format;
  return feeds.includes('account') ? choice : { leftOut: 'no usernames with passwords' };
}
