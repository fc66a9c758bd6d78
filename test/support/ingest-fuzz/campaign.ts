// The fuzz of recognition and parsers: no crash, bounded time and output for every input.

import { IngestError } from '../../../ingest/errors.ts';
import { FORMAT_NAMES } from '../../../ingest/format-loader.ts';
import { createFormat, detectFormat } from '../../../ingest/format-registry.ts';
import { createSample, SAMPLE_BYTES } from '../../../ingest/formats/sample.ts';
import { createRandom } from '../random.ts';
import { largeInput, seedInputs, smallInput } from './inputs.ts';

const RECOGNITION = 'recognition';
/** What an input is given to, in turns. */
export const TARGETS: readonly string[] = [RECOGNITION, ...FORMAT_NAMES];
/** One input in this number is large. */
const LARGE = 1000;
/** A usual rate is 20 to 100 times better, so a busy machine does not decide. */
const MAX_SECONDS_PER_MIB = 1;
const MIB = 2 ** 20;
/** Times that a slow input is measured again. */
const MEASURED_AGAIN = 5;
/** Parsers read blocks of any size. */
const BLOCK_BYTES = 65_536;

export interface Finding {
  readonly number: number;
  readonly target: string;
  readonly what: string;
  /** The start of the input. */
  readonly input: string;
}

export interface Tally {
  readonly target: string;
  inputs: number;
  bytes: number;
  /** Texts that were recognised, or credentials that were parsed. */
  found: number;
  /** Seconds of processor time per MiB of the slowest large input. */
  slowest: number;
}

/** Looks at a text as `ingest` does. @returns 1 if its format is clear */
function recognise(input: Uint8Array): number {
  const bytes = Buffer.from(input.buffer, input.byteOffset, Math.min(input.length, SAMPLE_BYTES));
  try {
    const { format, score, reasons } = detectFormat(createSample(bytes, bytes.length === input.length));
    if (!(score >= 0 && score <= 1)) throw new Error(`a score of ${score} for ${format.name}`);
    for (const reason of reasons) if (reason.length > 500) throw new Error(`a reason of ${reason.length} characters`);
    return 1;
  } catch (error) {
    if (error instanceof IngestError && error.hint !== '') return 0;
    throw error;
  }
}

/** @returns the number of credentials */
function parse(name: string, input: Uint8Array, blockBytes: number): number {
  let credentials = 0;
  let rejects = 0;
  let characters = 0;
  const parser = createFormat(name).createParser({
    credential: ({ username = '', password, times }) => {
      if (!Number.isSafeInteger(times) || times < 1) throw new Error(`${times} times`);
      credentials++;
      characters += username.length + password.length;
    },
    reject: () => rejects++,
  });
  try {
    const bytes = Buffer.from(input.buffer, input.byteOffset, input.length);
    for (let at = 0; at < bytes.length; at += blockBytes) parser.push(bytes.subarray(at, at + blockBytes));
    parser.end();
  } catch (error) {
    if (!(error instanceof IngestError && error.hint !== '')) throw error;
  }
  if (credentials + rejects > input.length + 1) throw new Error(`${credentials + rejects} results`);
  if (characters > 8 * input.length + 100) throw new Error(`${characters} characters of credentials`);
  return credentials;
}

/** @returns the texts that were recognised, or the credentials that were parsed */
export const run = (target: string, input: Uint8Array, blockBytes: number): number =>
  target === RECOGNITION ? recognise(input) : parse(target, input, blockBytes);

function secondsOf(action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

export interface Campaign {
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly findings: readonly Finding[];
}

/** @param onProgress called now and then with the number of inputs so far */
export function fuzzIngest(inputs: number, seed: number, onProgress: (done: number) => void = () => {}): Campaign {
  const random = createRandom(seed);
  const seeds = seedInputs(random);
  const tallies = new Map(
    TARGETS.map((target): [string, Tally] => [target, { target, inputs: 0, bytes: 0, found: 0, slowest: 0 }]),
  );
  const findings: Finding[] = [];
  for (let number = 0; number < inputs; number++) {
    const target = TARGETS[number % TARGETS.length] as string;
    const tally = tallies.get(target) as Tally;
    const isLarge = random.below(LARGE) === 0;
    const input = isLarge ? largeInput(random, seeds) : smallInput(random, seeds);
    const blockBytes = isLarge ? BLOCK_BYTES : 1 + random.below(random.below(2) === 0 ? 40 : BLOCK_BYTES);
    tally.inputs++;
    tally.bytes += input.length;
    const find = (what: string): void => {
      const start = Buffer.from(input).subarray(0, 200).toString('latin1');
      findings.push({ number, target, what, input: JSON.stringify(start) });
    };
    try {
      if (isLarge) timeLarge(tally, input.length, () => run(target, input, blockBytes), find);
      else tally.found += run(target, input, blockBytes);
    } catch (error) {
      find((error as Error).stack ?? String(error));
    }
    if (number % 50_000 === 0) onProgress(number);
  }
  return { tallies, findings };
}

/** Measures again what seems slow: another process may have been in the way. */
function timeLarge(tally: Tally, bytes: number, action: () => void, find: (what: string) => void): void {
  const looked = tally.target === RECOGNITION ? Math.min(bytes, SAMPLE_BYTES) : bytes;
  const measure = (): number => (secondsOf(action) * MIB) / looked;
  let rate = measure();
  for (let again = 0; again < MEASURED_AGAIN && rate > MAX_SECONDS_PER_MIB; again++) rate = Math.min(rate, measure());
  tally.slowest = Math.max(tally.slowest, rate);
  if (rate > MAX_SECONDS_PER_MIB) find(`${rate.toFixed(2)} s of processor time per MiB`);
}
