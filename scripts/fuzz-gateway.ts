// npm run fuzz:gateway [-- --inputs N --seed S]: generated and mutated inputs through what the
// gateway reads of clients, operators and feeds, and raw bytes through a gateway to an application.

import { formatTable } from '../cli/output.ts';
import { fuzzGateway } from '../test/support/gateway/fuzz/campaign.ts';
import { fuzzConnections } from '../test/support/gateway/fuzz/connections.ts';
import { startRun } from './fuzz-run.ts';

/** A connection costs as much as some hundred inputs. */
const INPUTS_PER_CONNECTION = 500;

const { count, seed, onProgress, end } = startRun('inputs', 10_000_000);
const { tallies, findings } = fuzzGateway(count, seed, onProgress);
const connections = await fuzzConnections(Math.ceil(count / INPUTS_PER_CONNECTION), seed);
const rows = [...tallies, ['connection', connections.tally] as const].map(([name, tally]) => [
  name,
  tally.inputs,
  tally.taken,
  tally.slowestMs.toFixed(1),
]);
console.log(formatTable(['target', 'inputs', 'taken', 'slowest ms'], rows));
end([...findings, ...connections.findings]);
