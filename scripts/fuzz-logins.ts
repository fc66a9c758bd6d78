// npm run fuzz:logins [-- --requests N --seed S]: generated logins, to applications that read them
// in the ways of PHP, Express, servlets, ASP.NET and Go.

import { formatTable } from '../cli/output.ts';
import { fuzzLogins } from '../test/support/gateway/login/fuzz/campaign.ts';
import { startRun } from './fuzz-run.ts';

const { count, seed, onProgress, end } = startRun('requests', 1_000_000, 'logins');
const { tally, findings } = await fuzzLogins(count, seed, onProgress);
const { attempts, others, refused, leaked } = tally;
console.log(
  formatTable(
    ['refused', 'read as logins', 'without a password', 'leaked pairs that were read'],
    [[refused, attempts, others, leaked]],
  ),
);
end(
  findings.map(({ number, origin, login, type, body }) => ({
    number,
    target: `${origin}, ${login}, ${type}`,
    what: 'a leaked pair passes unread',
    input: body,
  })),
);
