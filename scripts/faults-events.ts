// npm run faults:events [-- --kills N --seed S]: kills `match --notify` and `events send` at random
// moments. No event may be lost, and none sent under two ids.

import { parseArgs } from 'node:util';
import { killSenders } from '../test/support/notify/kills.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
console.log(`seed ${values.seed}`);
const { kills, rounds, events, repeats, faults } = await killSenders(Number(values.kills), Number(values.seed));
console.log(`${kills} kills in ${rounds} rounds: ${events} events, ${repeats} repeated under the same id`);
for (const fault of faults) console.log(`FAULT: ${fault}`);
process.exitCode = faults.length === 0 ? 0 : 1;
