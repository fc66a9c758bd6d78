// npm run fuzz:rules [-- --pairs N --seed S]: random rules and requests. Each rule must be the same
// once printed and parsed, and have the outcome that a naive interpreter finds.

import { parseArgs } from 'node:util';
import { runRandomRules } from '../test/support/gateway/rules/random-cases.ts';

/** Progress and memory are those of one batch. */
const BATCH = 20_000;

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const pairs = Number(values.pairs);
const seed = Number(values.seed);

console.log(`${pairs.toLocaleString('en-US')} pairs: --seed ${seed}`);
const before = process.cpuUsage();
const totals: { [outcome: string]: number } = {};
for (let done = 0; done < pairs; done += BATCH) {
  const counts = runRandomRules(Math.min(BATCH, pairs - done), seed + done);
  for (const [outcome, count] of Object.entries(counts)) totals[outcome] = (totals[outcome] ?? 0) + count;
  if (process.stderr.isTTY) process.stderr.write(`\r${(done + BATCH).toLocaleString('en-US')}`);
}
const { user, system } = process.cpuUsage(before);
const { true: held, false: failed, undefined: unknown } = totals;
console.log(
  `no finding: ${held} held, ${failed} did not, ${unknown} unknown; ` +
    `${((user + system) / 1e6).toFixed(0)} s of processor time`,
);
