// Parses a sample of a corpus, writes nothing, and reports rejects and the estimated cost of an
// ingest.

import os from 'node:os';
import { createSodiumOprf } from '../accel/oprf-sodium.ts';
import { parseHmacKeyText } from '../protocol/keys.ts';
import { normalizePassword, normalizeUsername } from '../protocol/normalize.ts';
import type { DatasetParameters } from '../store/dataset.ts';
import type { DatasetKey } from '../store/dataset-key.ts';
import type { Credential } from '../store/run/credential-records.ts';
import { RECORD_BYTES } from '../store/run/record.ts';
import type { Deriver } from './derive/deriver.ts';
import { createHmacDeriver } from './derive/hmac-deriver.ts';
import { deriveLines } from './derive/line-batch.ts';
import { createOprfDeriver } from './derive/oprf-deriver.ts';
import type { CorpusFormat } from './formats/format.ts';
import { type CorpusInput, totalBytes } from './input/inputs.ts';
import { sampleInput } from './input/read-input.ts';
import { decodeText } from './input/text.ts';
import { RejectCounter, type RejectReason } from './rejects.ts';
import { Sorters } from './sort/sorters.ts';

/** Sampled text per input, and in total. */
const SAMPLE_BYTES = 4 << 20;
const MAX_SAMPLE_BYTES = 64 << 20;
const EXAMPLES = 3;
const EXAMPLE_LENGTH = 60;

/**
 * Records per second when merging and publishing; `npm run bench:ingest` measured them on 2 cores.
 */
const MERGED_PER_SECOND = 10_000_000;
const PUBLISHED_PER_SECOND = 5_000_000;
/** With metadata, measured on 100 million pairs. */
const SNAPSHOT_BYTES_PER_ENTRY = 6;
/** Average number of symmetric-deletion forms of a password. */
const SIMILAR_FORMS = 3.5;
/** Number of credentials derived to measure the speed. */
const TIMED = { hmac: 50_000, oprf: 300 } as const;

export interface RejectSample {
  readonly reason: RejectReason;
  readonly count: number;
  /** Letters as x, digits as 9. */
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
  /** Undefined for a stream, whose length is unknown. */
  readonly prediction: Prediction | undefined;
}

/** Reads the start of each input and writes nothing. @throws IngestError, ContainerError */
export async function dryRun(
  parameters: DatasetParameters,
  key: DatasetKey,
  format: CorpusFormat,
  inputs: readonly CorpusInput[],
  signal?: AbortSignal,
): Promise<DryRun> {
  const rejects = new Map<RejectReason, { count: number; examples: string[] }>();
  const timed: Credential[] = [];
  let credentials = 0;
  let rejected = 0;
  let sampledBytes = 0;
  let sampledText = 0;
  let sampledInputs = 0;
  let parseSeconds = 0;
  let whole = true;
  for (const input of inputs) {
    signal?.throwIfAborted();
    if (sampledText >= MAX_SAMPLE_BYTES) {
      whole = false;
      break;
    }
    const sample = await sampleInput(input, SAMPLE_BYTES, signal);
    const text = sample.whole ? sample.text : sample.text.subarray(0, sample.text.lastIndexOf(0x0a) + 1);
    sampledInputs++;
    sampledBytes += sample.whole ? (input.bytes ?? sample.bytesRead) : sample.bytesRead;
    sampledText += text.length;
    whole &&= sample.whole;
    parseSeconds += timeParser(format, text);
    eachLine(format, text, {
      credential(credential) {
        credentials++;
        if (timed.length < TIMED[key.suite]) timed.push(credential);
      },
      reject(reason, line) {
        rejected++;
        const found = rejects.get(reason) ?? { count: 0, examples: [] };
        rejects.set(reason, found);
        found.count++;
        if (found.examples.length < EXAMPLES && line.length > 0) found.examples.push(maskLine(line));
      },
    });
  }
  const total = totalBytes(inputs);
  const factor = whole ? 1 : total === undefined || sampledBytes === 0 ? undefined : total / sampledBytes;
  return {
    format: format.name,
    inputs: inputs.length,
    sampledInputs,
    totalBytes: total,
    sampledBytes,
    lines: credentials + rejected,
    credentials,
    rejects: [...rejects].map(([reason, found]) => ({ reason, ...found })).sort((a, b) => b.count - a.count),
    prediction:
      factor === undefined
        ? undefined
        : predict(parameters, format, {
            credentials: Math.round(credentials * factor),
            parseSeconds: parseSeconds * factor,
            secondsPerCredential: await timeDeriver(key, parameters, timed),
          }),
  };
}

interface LineOutcome {
  credential(credential: Credential): void;
  reject(reason: RejectReason, line: string): void;
}

/** Parses one line at a time, so that each reject is reported with its line. */
function eachLine(format: CorpusFormat, text: Buffer, outcome: LineOutcome): void {
  let line: Buffer = text.subarray(0, 0);
  const parser = format.createParser({
    credential: outcome.credential,
    reject: (reason) => outcome.reject(reason, decodeText(line.subarray(0, EXAMPLE_LENGTH)).trimEnd()),
  });
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf(0x0a, from);
    const to = end === -1 ? text.length : end + 1;
    line = text.subarray(from, to);
    parser.push(line);
    from = to;
  }
  parser.end();
}

/** Masks letters as x, digits as 9 and other characters as *, but keeps separators. */
export function maskLine(line: string): string {
  return line
    .replace(/\p{L}/gu, 'x')
    .replace(/\p{N}/gu, '9')
    .replace(/[^x9:;,|\t "'@./{}[\]]/gu, '*');
}

const IDLE_DERIVER: Deriver = { addAscii: () => {}, add: () => true, flush: () => {} };

/** Parses line formats as a worker does. @returns seconds */
function timeParser(format: CorpusFormat, text: Buffer): number {
  const started = performance.now();
  if (format.lines) {
    deriveLines(text.subarray(0, text.lastIndexOf(0x0a) + 1), format.lines, IDLE_DERIVER, new RejectCounter());
    return (performance.now() - started) / 1000;
  }
  const parser = format.createParser({ credential: () => {}, reject: () => {} });
  parser.push(text);
  parser.end();
  return (performance.now() - started) / 1000;
}

async function timeDeriver(
  key: DatasetKey,
  { indexes, similar }: DatasetParameters,
  credentials: readonly Credential[],
): Promise<number> {
  if (credentials.length === 0 || indexes.length === 0) return 0;
  // Large enough never to write a chunk: there is no folder for it.
  const sorters = new Sorters(indexes, '', 64 << 20);
  const deriver: Deriver =
    key.suite === 'hmac'
      ? createHmacDeriver(parseHmacKeyText(key.revealText()), sorters, similar === true)
      : createOprfDeriver(key.createSuite(await createSodiumOprf()), sorters, similar === true);
  const started = performance.now();
  for (const { username, password, times } of credentials)
    deriver.add(username === undefined ? undefined : normalizeUsername(username), normalizePassword(password), times);
  deriver.flush();
  return (performance.now() - started) / 1000 / credentials.length;
}

interface Measured {
  readonly credentials: number;
  readonly parseSeconds: number;
  readonly secondsPerCredential: number;
}

function predict(parameters: DatasetParameters, format: CorpusFormat, measured: Measured): Prediction {
  const { indexes, similar } = parameters;
  const accountRecords = 2 + (similar ? SIMILAR_FORMS : 0);
  const feeds = (index: (typeof indexes)[number]): boolean => indexes.includes(index) && format.feeds.includes(index);
  const records = measured.credentials * ((feeds('account') ? accountRecords : 0) + (feeds('password') ? 1 : 0));
  const deriveSeconds = measured.credentials * measured.secondsPerCredential;
  const threads = os.availableParallelism();
  const runBytes = Math.round(records * RECORD_BYTES);
  return {
    credentials: measured.credentials,
    seconds:
      (measured.parseSeconds + deriveSeconds) / threads + records / MERGED_PER_SECOND + records / PUBLISHED_PER_SECOND,
    workBytes: runBytes,
    runBytes,
    snapshotBytes: Math.round(records * SNAPSHOT_BYTES_PER_ENTRY),
  };
}
