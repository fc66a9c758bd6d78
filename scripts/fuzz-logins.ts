// npm run fuzz:logins [-- --requests N --seed S]: generated logins, to applications that read them
// in the ways of PHP, Express, servlets, ASP.NET and Go.

import { parseArgs } from 'node:util';
import { formatTable } from '../cli/output.ts';
import { fuzzLogins } from '../test/support/gateway/login/fuzz/campaign.ts';

const SHOWN = 20;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const requests = Number(values.requests);
const seed = Number(values.seed);

console.log(`${requests.toLocaleString('en-US')} logins: --seed ${seed}`);
const startedAt = performance.now();
const before = process.cpuUsage();
const { tally, findings } = fuzzLogins(requests, seed, (done) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${done.toLocaleString('en-US')}`);
});
const { attempts, others, refused, leaked } = tally;
console.log(
  formatTable(
    ['refused', 'read as logins', 'without a password', 'leaked pairs that were read'],
    [[refused, attempts, others, leaked]],
  ),
);
for (const { number, origin, login, type, body } of findings.slice(0, SHOWN))
  console.log(`request ${number}, ${origin}, ${login}, ${type}: a leaked pair passes unread\n  ${body}`);
const { user, system } = process.cpuUsage(before);
console.log(
  `${findings.length} findings; ${((performance.now() - startedAt) / 1000).toFixed(0)} s, ` +
    `${((user + system) / 1e6).toFixed(0)} s of processor time`,
);
if (findings.length > 0) process.exitCode = 1;
