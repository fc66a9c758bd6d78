// The fuzz of the gateway: no crash, nothing but the errors that each parser names, bounded time.

import type { Random } from '../../random.ts';
import { createRandom } from '../../random.ts';
import { inputFor } from './inputs.ts';
import { FUZZ_TARGETS } from './targets.ts';

/**
 * Processor time: a busy machine takes none of it. A usual input takes a thousandth. Measured again
 * where it takes more, for what is compiled or collected meanwhile.
 */
const MAX_MS = 50;
const MEASURED_AGAIN = 3;

export interface FuzzFinding {
  readonly number: number;
  readonly target: string;
  readonly what: string;
  readonly input: string;
}

export interface FuzzTally {
  inputs: number;
  /** Those that were no error. */
  taken: number;
  slowestMs: number;
}

export interface FuzzResult {
  readonly tallies: ReadonlyMap<string, FuzzTally>;
  readonly findings: readonly FuzzFinding[];
}

const TURNS = FUZZ_TARGETS.flatMap((target) => Array.from({ length: target.share }, () => target));

/** @param onProgress is called now and then with the number of inputs so far */
export function fuzzGateway(inputs: number, seed: number, onProgress: (done: number) => void = () => {}): FuzzResult {
  const random = createRandom(seed);
  const tallies = new Map<string, FuzzTally>(
    FUZZ_TARGETS.map(({ name }) => [name, { inputs: 0, taken: 0, slowestMs: 0 }]),
  );
  const findings: FuzzFinding[] = [];
  for (let number = 0; number < inputs; number++) {
    const { name, run } = random.pick(TURNS);
    const input = inputFor(name, random);
    const tally = tallies.get(name) as FuzzTally;
    tally.inputs++;
    const find = (what: string): void => {
      findings.push({ number, target: name, what, input: JSON.stringify(input.slice(0, 300)) });
    };
    try {
      let ms = msOf(() => {
        if (run(input, random)) tally.taken++;
      });
      for (let again = 0; again < MEASURED_AGAIN && ms > MAX_MS; again++)
        ms = Math.min(
          ms,
          msOf(() => run(input, repeatable)),
        );
      tally.slowestMs = Math.max(tally.slowestMs, ms);
      if (ms > MAX_MS) find(`${ms.toFixed(0)} ms`);
    } catch (error) {
      find((error as Error).stack ?? String(error));
    }
    if (number % 50_000 === 0) onProgress(number);
  }
  return { tallies, findings };
}

/** Measuring again must not change the inputs after it. */
const repeatable: Random = createRandom(1);

function msOf(action: () => void): number {
  const before = process.threadCpuUsage();
  action();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
