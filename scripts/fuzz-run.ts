// What the fuzz scripts have in common: their flags, progress, and what they found.

import { parseArgs } from 'node:util';

const SHOWN = 20;

interface Finding {
  readonly number: number;
  readonly target: string;
  readonly what: string;
  readonly input: string;
}

/**
 * Reads --seed and how many there are to be, and says what is run.
 * @param flag of how many, such as `inputs`
 */
export function startRun(flag: string, usual: number, what = flag) {
  const { values } = parseArgs({
    options: {
      [flag]: { type: 'string', default: String(usual) },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  });
  const count = Number(values[flag]);
  const seed = Number(values.seed);
  console.log(`${count.toLocaleString('en-US')} ${what}: --seed ${seed}`);
  const startedAt = performance.now();
  const before = process.cpuUsage();
  return {
    count,
    seed,
    onProgress: (done: number): void => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done.toLocaleString('en-US')}`);
    },
    /** Prints the findings and what they cost; any finding fails the run. */
    end: (findings: readonly Finding[], more = ''): void => {
      const { user, system } = process.cpuUsage(before);
      for (const { number, target, what, input } of findings.slice(0, SHOWN))
        console.log(`input ${number}, ${target}: ${what}\n  ${input}`);
      console.log(
        `${findings.length} findings; ${((performance.now() - startedAt) / 1000).toFixed(0)} s, ` +
          `${((user + system) / 1e6).toFixed(0)} s of processor time${more}`,
      );
      if (findings.length > 0) process.exitCode = 1;
    },
  };
}
