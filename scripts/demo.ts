// npm run demo: a leak checked at login and matched against a user table, with the real commands
// and SDK, on a real password list.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dictionary } from '@zxcvbn-ts/language-common';
import { formatTable } from '../cli/output.ts';
import { formatBytes } from '../cli/units.ts';
import { createLeakChecker, type Verdict } from '../client-sdk/index.ts';
import { openDataset } from '../store/dataset.ts';
import { openKeyFile } from '../store/key-file.ts';
import { createRandom } from '../test/support/random.ts';
import { runCommand, type Service, startService } from './demo-commands.ts';
import { ACCOUNTS, BCRYPT_COST, createUserTable, LEAKED } from './demo-users.ts';

const PAIRS = 100_000;
const SEED = 2026;

interface Pair {
  readonly username: string;
  readonly password: string;
}

/** Pairs of a combo list: real passwords, common ones more often, and generated usernames. */
function generatePairs(): Pair[] {
  const random = createRandom(SEED);
  const passwords = dictionary['passwords-common'] as string[];
  const first = ['ana', 'ben', 'chloe', 'dmitri', 'eve', 'farah', 'goran', 'hana', 'ines', 'jonas', 'kira', 'liam'];
  const last = ['almeida', 'brandt', 'castro', 'dubois', 'eriksen', 'fischer', 'garcia', 'hoffmann', 'ito', 'jensen'];
  return Array.from({ length: PAIRS }, () => ({
    username: `${random.pick(first)}.${random.pick(last)}${random.below(1000)}@example.com`,
    password: passwords[Math.floor((random.below(1_000_000) / 1_000_000) ** 2 * passwords.length)] as string,
  }));
}

/** The platform's fetch, which records requests and responses. */
class WireTap {
  sent: string[] = [];
  receivedBytes = 0;

  readonly fetch: typeof fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const [, index, prefix] = /^\/v1\/(account|password)\/([0-9a-f]+)$/.exec(pathname) ?? [];
    if (index !== undefined) this.sent.push(`${index} ${prefix}`);
    const response = await fetch(input, init);
    if (index !== undefined) this.receivedBytes += Number(response.headers.get('content-length') ?? 0);
    return response;
  };

  reset(): void {
    this.sent = [];
    this.receivedBytes = 0;
  }
}

/** A count is exact up to 4 and a lower bound above. */
const describeTimes = (times: number): string =>
  (times < 4 ? `${times} times` : `at least ${times} times`).replace('1 times', 'once');

function row(asked: string, verdict: Verdict, tap: WireTap): (string | number)[] {
  const times = verdict.timesSeen === undefined ? '' : ` (seen ${describeTimes(verdict.timesSeen)})`;
  const reason = verdict.reason === undefined ? '' : ` (${verdict.reason})`;
  return [
    asked,
    `${verdict.status}${times}${reason}`,
    tap.sent.join(', ') || '-',
    tap.receivedBytes === 0 ? '-' : formatBytes(tap.receivedBytes),
    verdict.durationMs.toFixed(1),
  ];
}

/** Finds the users who leaked before they log in. */
async function matchUserTable(corpus: string, pairs: readonly Pair[]): Promise<void> {
  const users = path.join(work, 'users.csv');
  fs.writeFileSync(users, await createUserTable(pairs, createRandom(SEED + 1)));
  console.log(`
Your own user table finds who leaked before they log in. This one has ${ACCOUNTS.toLocaleString('en-US')} users, whose
names are all in the leak, and the passwords of ${LEAKED} are. The bcrypt hashes have cost ${BCRYPT_COST}, so
that all takes seconds; cost 10 takes 64 times as long.`);
  const columns = 'id=id,email=email,hash=password';
  const against = `2026-01:${corpus}`;
  const events = path.join(work, 'events.jsonl');
  const more = [
    '--state',
    path.join(work, 'state'),
    '--notify',
    `ecs:${events}`,
    '--outbox-file',
    path.join(work, 'outbox'),
  ];
  await runCommand('match', users, '--columns', columns, '--against', against, ...more);
  const [first = ''] = fs.readFileSync(events, 'utf8').split('\n');
  console.log(
    `\nThose accounts are to reset. A SIEM gets an event for each, here in the Elastic Common Schema:\n${first}`,
  );
}

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-demo-'));
let service: Service | undefined;
try {
  const folder = path.join(work, 'leaks');
  const corpus = path.join(work, 'combo.txt');
  const pairs = generatePairs();
  fs.writeFileSync(corpus, `${pairs.map(({ username, password }) => `${username}:${password}`).join('\n')}\n`);
  console.log(
    `${PAIRS.toLocaleString('en-US')} pairs: passwords from a real list, usernames generated with seed ${SEED}`,
  );

  await runCommand('init', folder, '--suite', 'hmac');
  await runCommand('ingest', folder, corpus, '--source', 'demo', '--date', '2026-01');
  service = await startService(['serve', folder, '--listen', '127.0.0.1:0', '--log-level', 'warn']);

  const tap = new WireTap();
  const checker = createLeakChecker({
    url: service.started.url as string,
    key: openKeyFile(`${folder}.key`).revealPin(openDataset(folder).id) as string,
    timeoutMs: 5000,
    // A fresh checker, so that each line shows a first check's requests.
    bucketCacheBytes: 0,
    fetch: tap.fetch,
  });
  await checker.ready();
  const leaked = pairs[4711] as Pair;
  const rows: (string | number)[][] = [];
  const ask = async (asked: string, credential: { username?: string; password: string }): Promise<void> => {
    tap.reset();
    rows.push(row(asked, await checker.check(credential), tap));
  };
  await ask('a pair from the corpus', leaked);
  await ask('the same, typed carelessly', { ...leaked, username: `  ${leaked.username.toUpperCase()} ` });
  await ask('its username, a new password', { username: leaked.username, password: 'ohm-radish-47-velvet' });
  await ask('someone else, a leaked password', { username: 'new.person@example.com', password: leaked.password });
  await ask('someone else, a new password', { username: 'new.person@example.com', password: 'ohm-radish-47-velvet' });
  await service.stop();
  service = undefined;
  await ask('the pair again, server stopped', leaked);

  console.log(`\n${formatTable(['CHECK', 'VERDICT', 'SENT: INDEX AND PREFIX', 'RECEIVED', 'MS'], rows)}`);
  console.log(`
No username or password left this process. A prefix names a bucket, the server
returned that bucket, padded, and this process decided. The server has no key.`);

  await matchUserTable(corpus, pairs);
  console.log(`
To use your own files:
  npx credveil init leaks --suite hmac
  npx credveil ingest leaks YOUR-COMBO-LIST.txt --source my-first-source
  npx credveil serve leaks
  npx credveil match YOUR-USERS.csv --columns id=id,email=email,hash=password --against YOUR-COMBO-LIST.txt --dry-run`);
} finally {
  await service?.stop();
  fs.rmSync(work, { recursive: true, force: true });
}
