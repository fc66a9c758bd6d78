// npm run fuzz:ingest [-- --inputs N --seed S]: generated and mutated texts through recognition and
// each parser. None may crash, take a second of processor time per MiB, or fill the heap, which
// package.json limits for this program.

import { formatTable } from '../cli/output.ts';
import { formatBytes } from '../cli/units.ts';
import { fuzzIngest } from '../test/support/ingest-fuzz/campaign.ts';
import { startRun } from './fuzz-run.ts';

/** Resident memory: the smallest limit that ingest accepts is 192 MiB, beside Node itself. */
const MAX_RESIDENT_BYTES = 448 * 2 ** 20;

const { count, seed, onProgress, end } = startRun('inputs', 10_000_000);
const { tallies, findings } = fuzzIngest(count, seed, onProgress);
const rows = [...tallies.values()].map((tally) => [
  tally.target,
  tally.inputs,
  Math.round(tally.bytes / 2 ** 20),
  tally.found,
  tally.slowest.toFixed(3),
]);
console.log(formatTable(['target', 'inputs', 'MiB', 'found', 'slowest s per MiB'], rows));
const peakBytes = process.resourceUsage().maxRSS * 1024;
end(findings, `; peak memory ${formatBytes(peakBytes)}`);
if (peakBytes > MAX_RESIDENT_BYTES) process.exitCode = 1;
