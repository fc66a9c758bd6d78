// `npm run soak:gateway -- --seconds 60`: load under TLS while configuration, lists and
// certificates are replaced every two seconds, and the application is killed and started again.
//
// The exit code is 1 if a request failed though the application was there, a rule let one through,
// or something was not replaced.

import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { formatTable } from '../../../cli/output.ts';
import { createWorkPlace } from '../../../test/support/credveil.ts';
import { startGatewayCommand } from '../../../test/support/gateway/command.ts';
import { Closers } from '../../../test/support/machine/closers.ts';
import { makeTlsFiles, pairOf } from '../../../test/support/tls-files.ts';
import { Load } from './load.ts';
import { Upstream } from './upstream.ts';

const LANES = 16;
const RELOAD_MS = 2_000;
const KILL_MS = 3_000;
const MAX_SHOWN = 20;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const seconds = Number(values.seconds);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Two rules refuse the same requests in each round; the others differ. */
const configOf = (round: number, port: number, files: { readonly list: string; readonly tls: string }): string =>
  `listen: 127.0.0.1:0
workers: 2
tls: ${files.tls}
lists:
  here: { file: "${files.list}", every: 1s, allowPrivate: true }
  others: { items: [192.0.2.${round % 250}] }
apps:
  app.example:
    to: "http://127.0.0.1:${port}"
    rules:
      - { when: 'http.request.uri.path eq "/refused"', do: block }
      - { when: 'http.request.uri.path eq "/listed" and ip.src in $here', do: block }
      - { when: 'not ip.src in $others', do: { setHeader: { X-Round: "${round}" } } }
`;

/** The address of the clients, and others that change. */
const listOf = (round: number): string => `127.0.0.0/8\n198.51.100.${round % 250}\n`;

await Closers.start(async (closers) => {
  const place = createWorkPlace();
  closers.add(() => place.dispose());
  const certificates = makeTlsFiles();
  closers.add(() => certificates.dispose());
  const upstream = await Upstream.start();
  closers.add(() => upstream.stop());
  const tls = JSON.stringify({ certFile: certificates.certFile, keyFile: certificates.keyFile });
  const files = { list: place.write('here.txt', listOf(0)), tls };
  const file = place.write('gateway.yaml', configOf(0, upstream.port, files));
  const gateway = await startGatewayCommand(file);
  closers.add(() => gateway.stop());
  const load = new Load({
    port: gateway.ports[0] ?? 0,
    lanes: LANES,
    wasAway: (from, to) => upstream.wasAway(from, to),
  });

  const endsAt = performance.now() + seconds * 1_000;
  const every = async (ms: number, action: (round: number) => unknown): Promise<void> => {
    for (let round = 1; performance.now() + ms < endsAt; round++) {
      await pause(ms);
      await action(round);
    }
  };
  let asked = 0;
  const reload = (round: number): void => {
    certificates.put(pairOf(round % 2 === 0 ? 'first' : 'second'));
    place.write('here.next', listOf(round));
    fs.renameSync(place.at('here.next'), files.list);
    fs.writeFileSync(file, configOf(round, upstream.port, files));
    gateway.running.child.kill('SIGHUP');
    asked++;
  };
  await Promise.all([every(RELOAD_MS, reload), every(KILL_MS, () => upstream.restart())]);
  await pause(Math.max(0, endsAt - performance.now()));
  await load.stop();
  const reloads = gateway.running.written.stderr.match(/"event":"config-reloaded"/g)?.length ?? 0;
  await closers.close();
  report(load, { asked, reloads, kills: upstream.kills });
});

interface Counts {
  readonly asked: number;
  readonly reloads: number;
  readonly kills: number;
}

function report({ answered, lost, failures, certificates }: Load, { asked, reloads, kills }: Counts): void {
  const rows = [
    ['answered', answered],
    ['lost by the application', lost],
    ['failed otherwise', failures.length],
    ['configurations applied', reloads],
    ['certificates seen', certificates.size],
    ['kills of the application', kills],
  ] as const;
  console.log(formatTable(['requests and changes', 'count'], rows));
  for (const failure of failures.slice(0, MAX_SHOWN)) console.log(failure);
  const isRight = answered > 0 && kills > 0 && asked > 0 && reloads === asked && certificates.size === 2;
  if (failures.length > 0 || !isRight) process.exitCode = 1;
}
