// Parses a sample of a corpus, writes nothing, and reports rejects and the estimated cost of an
// ingest.

import os from 'node:os';
import { createSodiumOprf } from '../accel/oprf-sodium.ts';
import { parseHmacKeyText } from '../protocol/keys.ts';
import { MAX_FIELD_BYTES } from '../protocol/private-input.ts';
import type { DatasetKey } from '../store/dataset-key.ts';
import type { DatasetParameters } from '../store/dataset-parameters.ts';
import { RECORD_BYTES } from '../store/run/record.ts';
import type { PlantedFound, ReportedText } from '../store/run/run-report.ts';
import { chooseFormat, type Reading } from './choose-format.ts';
import { CorpusTally } from './derive/corpus-tally.ts';
import type { Deriver } from './derive/deriver.ts';
import { signSeedOf } from './derive/fingerprint.ts';
import { createHmacDeriver } from './derive/hmac-deriver.ts';
import { NameGuard, withNameGuard } from './derive/name-guard.ts';
import { createOprfDeriver } from './derive/oprf-deriver.ts';
import { createPlantedSearch, type PlantedSearch } from './derive/planted-search.ts';
import { deriveSegment, type SegmentFormat, segmentFormat } from './derive/segment.ts';
import { TextCutter } from './derive/text-cutter.ts';
import { TextReader, withRefusals } from './derive/text-reader.ts';
import { withUsernameRules } from './derive/username-rules.ts';
import type { IngestError } from './errors.ts';
import type { CorpusFormat } from './formats/format.ts';
import { totalBytes } from './input/inputs.ts';
import { createReading, type Reading as InputReading, type SampledText, sampleInput } from './input/read-input.ts';
import type { IngestOptions } from './options.ts';
import type { RejectCounter } from './rejects.ts';
import type { FoundAlarm } from './report/report.ts';
import { Sorters } from './sort/sorters.ts';
import { labelOf } from './source-identity.ts';

/** Sampled text per input, and in total. */
const SAMPLE_BYTES = 4 << 20;
const MAX_SAMPLE_BYTES = 64 << 20;
/** More than a sample: each text is one segment. */
const SEGMENT_BYTES = 8 << 20;

/** Records per second when merging and publishing, as `npm run bench:ingest` on 2 cores. */
const MERGED_PER_SECOND = 10_000_000;
const PUBLISHED_PER_SECOND = 5_000_000;
/** With metadata, measured on 100 million pairs. */
const SNAPSHOT_BYTES_PER_ENTRY = 6;
/** Average number of similarity forms of a password, and the bytes of one in a snapshot. */
const SIMILAR_FORMS = 4.6;
const SNAPSHOT_BYTES_PER_FORM = 1.7;
/** Number of credentials derived to measure the speed. */
const TIMED = { hmac: 50_000, oprf: 300 } as const;

export interface RejectSample {
  readonly reason: string;
  readonly count: number;
  /** Letters as x, digits as 9; the first and the last character remain. */
  readonly examples: readonly string[];
}

export interface Prediction {
  readonly credentials: number;
  readonly seconds: number;
  readonly workBytes: number;
  readonly runBytes: number;
  /** Upper bound: credentials that other sources already contain take no space. */
  readonly snapshotBytes: number;
}

export interface DryRun {
  readonly format: string;
  readonly inputs: number;
  readonly sampledInputs: number;
  /** Size of the files as stored; undefined for a stream. */
  readonly totalBytes: number | undefined;
  readonly sampledBytes: number;
  readonly lines: number;
  readonly credentials: number;
  readonly rejects: readonly RejectSample[];
  /** Accounts that were planted in one's own user table, and stand in the sample. */
  readonly canaries: readonly PlantedFound[];
  readonly texts: readonly ReportedText[];
  /** An ingest is refused unless the operator accepts them. */
  readonly alarms: readonly FoundAlarm[];
  /** Undefined for a stream, whose length is unknown. */
  readonly prediction: Prediction | undefined;
}

/**
 * Reads the start of each input as an ingest reads it, and writes nothing.
 * @throws IngestError, ContainerError, as an ingest does
 */
export async function dryRun(
  parameters: DatasetParameters,
  key: DatasetKey,
  options: Pick<IngestOptions, 'inputs' | 'signal' | 'leftOut' | 'mirror' | 'names' | 'onPlanted' | keyof Reading>,
): Promise<DryRun> {
  const { inputs, signal, leftOut, mirror = false } = options;
  const sampled = new SampledCorpus(parameters, key, options);
  let sampledBytes = 0;
  let sampledText = 0;
  let sampledInputs = 0;
  let whole = true;
  const reading = createReading(inputs[0], { isMirror: mirror, ...(leftOut && { leftOut }) });
  try {
    for (const input of inputs) {
      signal?.throwIfAborted();
      if (sampledText >= MAX_SAMPLE_BYTES) {
        whole = false;
        break;
      }
      const sample = await sampleInput(input, SAMPLE_BYTES, signal, reading);
      sampledInputs++;
      sampledBytes += sample.whole ? (input.bytes ?? sample.bytesRead) : sample.bytesRead;
      whole &&= sample.whole;
      for (const text of sample.texts) {
        sampledText += text.text.length;
        await sampled.read(text);
      }
      sampled.takeRangeRejects(reading, mirror);
    }
  } finally {
    // Whatever refuses the sample, as an ingest does.
    if (sampled.planted.length > 0) options.onPlanted?.(sampled.planted);
  }
  const { credentials, rejects, report, timed, parseSeconds, feeds } = sampled.finish();
  const total = totalBytes(inputs);
  const factor = whole ? 1 : total === undefined || sampledBytes === 0 ? undefined : total / sampledBytes;
  return {
    format: labelOf(report.formats),
    inputs: inputs.length,
    sampledInputs,
    totalBytes: total,
    sampledBytes,
    lines: credentials + rejects.total,
    credentials,
    rejects: describeRejects(rejects),
    canaries: report.planted,
    texts: report.finish().texts,
    alarms: report.alarms(),
    prediction:
      factor === undefined
        ? undefined
        : predict(parameters, feeds, {
            credentials: Math.round(credentials * factor),
            parseSeconds: parseSeconds * factor,
            secondsPerCredential: await timeDeriver(key, parameters, timed),
          }),
  };
}

function describeRejects(rejects: RejectCounter): RejectSample[] {
  const examples = rejects.examples();
  return Object.entries(rejects.byReason())
    .map(([reason, count]) => ({ reason, count, examples: examples[reason] ?? [] }))
    .sort((a, b) => b.count - a.count);
}

interface TimedCredential {
  readonly username: Uint8Array | undefined;
  readonly password: Uint8Array;
  readonly times: number;
}

/** Texts read as an ingest reads them, except that nothing is derived. */
class SampledCorpus {
  readonly #reader: TextReader;
  readonly #tally: CorpusTally;
  readonly #timed: TimedCredential[] = [];
  readonly #search: PlantedSearch | undefined;
  #parseSeconds = 0;
  #format: SegmentFormat | undefined;

  constructor(
    parameters: DatasetParameters,
    key: DatasetKey,
    options: Reading & Pick<IngestOptions, 'leftOut' | 'names'>,
  ) {
    const timed = TIMED[key.suite];
    const signSeed = signSeedOf(key.revealText());
    const marks = options.names?.marks;
    const guard = marks && new NameGuard(marks);
    const search = createPlantedSearch(marks);
    const tally = new CorpusTally(undefined, undefined);
    this.#tally = tally;
    this.#search = search;
    const keep = (credential: () => TimedCredential): void => {
      if (this.#timed.length < timed) this.#timed.push(credential());
    };
    const counter: Deriver = {
      addBytes: (bytes, usernameFrom, usernameTo, passwordFrom, passwordTo, times) =>
        keep(() => ({
          username: usernameFrom < 0 ? undefined : bytes.slice(usernameFrom, usernameTo),
          password: bytes.slice(passwordFrom, passwordTo),
          times,
        })),
      add(username, password, times) {
        keep(() => ({ username, password, times }));
        return (username?.length ?? 0) <= MAX_FIELD_BYTES && password.length <= MAX_FIELD_BYTES;
      },
      flush: () => {},
    };
    const deriver = withUsernameRules(withNameGuard(counter, guard), parameters.usernameRules ?? []);
    const cutter = new TextCutter(
      {
        buffer: () => new Uint8Array(SEGMENT_BYTES),
        segment: (content) =>
          tally.count(
            tally.addSegment(),
            deriveSegment(content, this.#format as SegmentFormat, deriver, signSeed, guard),
          ),
        reject: (reason, line) => {
          if (line) search?.searchLine(line);
          tally.reject((counter) => counter.addLine(reason, line));
        },
        columns: (columns) => tally.setColumns(columns),
      },
      SEGMENT_BYTES,
    );
    this.#reader = new TextReader(async (name, sample) => {
      const choice = await chooseFormat(name, sample, options, parameters);
      if ('leftOut' in choice) options.leftOut?.add(name, choice.leftOut);
      if ('refusal' in choice) tally.refuse({ name, refusal: choice.refusal });
      if (!('recognised' in choice) || tally.isRefused) return search;
      tally.begin(name, choice.recognised);
      this.#format = segmentFormat(choice.recognised.format);
      const refuse = (refusal: IngestError): void => tally.refuse({ name, refusal });
      return withRefusals(cutter.open(choice.recognised.format), refuse, search);
    });
  }

  /** The last line of a text that was cut is left out. */
  async read({ name, text, whole, remarks }: SampledText): Promise<void> {
    const end = whole ? text.length : text.lastIndexOf(0x0a) + 1 || text.length;
    const started = performance.now();
    this.#reader.begin(name, remarks);
    await this.#reader.push(text.subarray(0, end));
    await this.#reader.end();
    this.#tally.report.addPlanted(this.#search?.take());
    this.#parseSeconds += (performance.now() - started) / 1000;
  }

  /** Of the range files that were read since. */
  takeRangeRejects({ ranges }: InputReading, isMirror: boolean): void {
    this.#tally.takeRangeRejects(ranges, isMirror);
  }

  get planted(): readonly PlantedFound[] {
    return this.#tally.report.planted;
  }

  /** @throws IngestError if a text was refused */
  finish() {
    this.#tally.assertAccepted();
    const { credentials, rejects, report } = this.#tally;
    const feeds = report.formats.flatMap((format) => format.feeds);
    return { credentials, rejects, report, timed: this.#timed, parseSeconds: this.#parseSeconds, feeds };
  }
}

async function timeDeriver(
  key: DatasetKey,
  { indexes, similar }: DatasetParameters,
  credentials: readonly TimedCredential[],
): Promise<number> {
  if (credentials.length === 0 || indexes.length === 0) return 0;
  // Large enough never to write a chunk: there is no folder for it.
  const sorters = new Sorters(indexes, '', 64 << 20);
  const deriver: Deriver =
    key.suite === 'hmac'
      ? createHmacDeriver(parseHmacKeyText(key.revealText()), sorters, similar === true)
      : createOprfDeriver(key.createSuite(await createSodiumOprf()), sorters, similar === true);
  const started = performance.now();
  for (const { username, password, times } of credentials) deriver.add(username, password, times);
  deriver.flush();
  return (performance.now() - started) / 1000 / credentials.length;
}

interface Measured {
  readonly credentials: number;
  readonly parseSeconds: number;
  readonly secondsPerCredential: number;
}

function predict(parameters: DatasetParameters, fed: CorpusFormat['feeds'], measured: Measured): Prediction {
  const { indexes, similar } = parameters;
  const feeds = (index: (typeof indexes)[number]): boolean => indexes.includes(index) && fed.includes(index);
  const entries = measured.credentials * ((feeds('account') ? 2 : 0) + (feeds('password') ? 1 : 0));
  const forms = measured.credentials * (similar && feeds('account') ? SIMILAR_FORMS : 0);
  const records = entries + forms;
  const deriveSeconds = measured.credentials * measured.secondsPerCredential;
  const threads = os.availableParallelism();
  const runBytes = Math.round(records * RECORD_BYTES);
  return {
    credentials: measured.credentials,
    seconds:
      (measured.parseSeconds + deriveSeconds) / threads + records / MERGED_PER_SECOND + records / PUBLISHED_PER_SECOND,
    workBytes: runBytes,
    runBytes,
    snapshotBytes: Math.round(entries * SNAPSHOT_BYTES_PER_ENTRY + forms * SNAPSHOT_BYTES_PER_FORM),
  };
}
