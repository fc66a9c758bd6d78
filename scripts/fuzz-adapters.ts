// npm run fuzz:adapters [-- --requests N --seed S --adapter NAME]: generated logins through each
// adapter. A handler that reads a leaked pair in its framework's way must never get `clean` or
// `allow`, and a login that fails must cost no check.

import { parseArgs } from 'node:util';
import { formatTable } from '../cli/output.ts';
import { createLoginWorld, LOGIN_APPS } from '../test/support/logins/fuzz.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    adapter: { type: 'string', multiple: true, default: Object.keys(LOGIN_APPS) },
  },
});
const requests = Number(values.requests);
const seed = Number(values.seed);

const world = await createLoginWorld();
const rows: (string | number)[][] = [];
let mistakes = 0;
console.log(`${requests} logins through each of ${values.adapter.join(', ')}: --seed ${seed}`);
for (const adapter of values.adapter) {
  const startedAt = performance.now();
  const tally = await world.fuzz(adapter, requests, seed);
  for (const mistake of tally.mistakes) console.log(mistake);
  mistakes += tally.mistakes.length;
  const seconds = (performance.now() - startedAt) / 1000;
  const verdicts = [...tally.verdicts].sort(([, a], [, b]) => b - a).map(([key, times]) => `${key} ${times}`);
  rows.push([adapter, tally.requests, tally.read, tally.leaked, tally.checks, seconds.toFixed(0)]);
  console.log(`${adapter}: ${verdicts.join(', ')}`);
}
await world.close();
console.log(formatTable(['adapter', 'logins', 'read', 'of leaked pairs', 'checks', 's'], rows));
if (mistakes > 0) {
  console.log(`${mistakes} logins with a leaked pair were let through, or cost a check too many.`);
  process.exitCode = 1;
}
