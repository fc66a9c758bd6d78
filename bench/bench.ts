// npm run bench: the cost of each step, in one run. `--json FILE` also writes the figures as JSON.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeDataset } from '../test/support/dataset.ts';
import { createRandom } from '../test/support/random.ts';
import { measureChecks } from './client/checks.ts';
import { measureReplica } from './client/replica.ts';
import { measureSteps } from './client/steps.ts';
import { type Figure, formatFigures } from './harness/figure.ts';
import { describeMachine } from './harness/machine.ts';
import { measureClients } from './http/clients.ts';
import { measureBucketGets } from './http/http.ts';
import { measureLinearCheck } from './oprf/linear-check.ts';
import { measureEngines, measureOprfIngest } from './oprf/oprf.ts';
import { measureLookups } from './oprf/oprf-server.ts';

const SEED = 1;
const PAIRS = 100_000;

const { values } = parseArgs({ options: { json: { type: 'string' } } });
const machine = describeMachine();
const { cpu, cores, memoryGiB, platform, node, packages } = machine;
console.log(`${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}`);
console.log(
  Object.entries(packages)
    .map((entry) => entry.join(' '))
    .join(', '),
);
console.log('repeat with: npm run bench\n');

const random = createRandom(SEED);
const pairs = Array.from({ length: PAIRS }, () => ({
  username: `user${random.below(1_000_000)}@example.com`,
  password: `${random.next().toString(36)}${random.below(100)}`,
}));
const dataset = await makeDataset({ pairs, bucketFloor: 512 });
try {
  const figures: Figure[] = [
    ...(await measureSteps(dataset)),
    ...(await measureBucketGets(dataset)),
    ...(await measureClients(dataset)),
    ...(await measureChecks(dataset, pairs)),
    ...(await measureReplica(dataset, pairs)),
    ...(await measureEngines()),
    ...(await measureLinearCheck()),
    ...(await measureLookups()),
    ...(await measureOprfIngest()),
  ];
  console.log(formatFigures(figures));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
} finally {
  dataset.dispose();
}
