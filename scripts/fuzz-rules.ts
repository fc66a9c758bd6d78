// npm run fuzz:rules [-- --pairs N --seed S]: random rules and requests. Each rule must be the same
// once printed and parsed, and have the outcome that a naive interpreter finds.

import { runRandomRules } from '../test/support/gateway/rules/random-cases.ts';
import { startRun } from './fuzz-run.ts';

/** Progress and memory are those of one batch. */
const BATCH = 20_000;

const { count, seed, onProgress, end } = startRun('pairs', 1_000_000);
const totals: { [outcome: string]: number } = {};
for (let done = 0; done < count; done += BATCH) {
  // It throws at the first finding.
  const counts = runRandomRules(Math.min(BATCH, count - done), seed + done);
  for (const [outcome, times] of Object.entries(counts)) totals[outcome] = (totals[outcome] ?? 0) + times;
  onProgress(done + BATCH);
}
const { true: held, false: failed, undefined: unknown } = totals;
end([], `; ${held} held, ${failed} did not, ${unknown} unknown`);
