// npm run fuzz:ingest [-- --inputs N --seed S]: generated and mutated texts through recognition and
// each parser. None may crash, take a second of processor time per MiB, or fill the heap, which
// package.json limits for this program.

import { parseArgs } from 'node:util';
import { formatTable } from '../cli/output.ts';
import { formatBytes } from '../cli/units.ts';
import { fuzzIngest } from '../test/support/ingest-fuzz/campaign.ts';

/** Resident memory: the smallest limit that ingest accepts is 192 MiB, beside Node itself. */
const MAX_RESIDENT_BYTES = 448 * 2 ** 20;
const SHOWN = 20;

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const inputs = Number(values.inputs);
const seed = Number(values.seed);

console.log(`${inputs.toLocaleString('en-US')} inputs: --seed ${seed}`);
const startedAt = performance.now();
const before = process.cpuUsage();
const { tallies, findings } = fuzzIngest(inputs, seed, (done) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done.toLocaleString('en-US')}`);
});
const { user, system } = process.cpuUsage(before);
const rows = [...tallies.values()].map((tally) => [
  tally.target,
  tally.inputs,
  Math.round(tally.bytes / 2 ** 20),
  tally.found,
  tally.slowest.toFixed(3),
]);
console.log(formatTable(['target', 'inputs', 'MiB', 'found', 'slowest s per MiB'], rows));
for (const { number, target, what, input } of findings.slice(0, SHOWN))
  console.log(`input ${number}, ${target}: ${what}\n  ${input}`);
const peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(
  `${findings.length} findings; ${((performance.now() - startedAt) / 1000).toFixed(0)} s, ` +
    `${((user + system) / 1e6).toFixed(0)} s of processor time; peak memory ${formatBytes(peakBytes)}`,
);
if (findings.length > 0 || peakBytes > MAX_RESIDENT_BYTES) process.exitCode = 1;
