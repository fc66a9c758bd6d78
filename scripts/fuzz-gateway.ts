// npm run fuzz:gateway [-- --inputs N --seed S]: generated and mutated inputs through what the
// gateway reads of clients, operators and feeds, and raw bytes through a gateway to an application.

import { parseArgs } from 'node:util';
import { formatTable } from '../cli/output.ts';
import { fuzzGateway } from '../test/support/gateway/fuzz/campaign.ts';
import { fuzzConnections } from '../test/support/gateway/fuzz/connections.ts';

const SHOWN = 20;
/** A connection costs as much as some hundred inputs. */
const INPUTS_PER_CONNECTION = 500;

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
const { tallies, findings } = fuzzGateway(inputs, seed, (done) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done.toLocaleString('en-US')}`);
});
const connections = await fuzzConnections(Math.ceil(inputs / INPUTS_PER_CONNECTION), seed);
const rows = [...tallies, ['connection', connections.tally] as const].map(([name, tally]) => [
  name,
  tally.inputs,
  tally.taken,
  tally.slowestMs.toFixed(1),
]);
const { user, system } = process.cpuUsage(before);
console.log(formatTable(['target', 'inputs', 'taken', 'slowest ms'], rows));
const all = [...findings, ...connections.findings];
for (const { number, target, what, input } of all.slice(0, SHOWN))
  console.log(`input ${number}, ${target}: ${what}\n  ${input}`);
console.log(
  `${all.length} findings; ${((performance.now() - startedAt) / 1000).toFixed(0)} s, ` +
    `${((user + system) / 1e6).toFixed(0)} s of processor time`,
);
if (all.length > 0) process.exitCode = 1;
