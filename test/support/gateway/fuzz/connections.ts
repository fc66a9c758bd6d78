// Raw bytes through a gateway to an application that records them: what reaches it is written in
// one way, and the gateway answers or ends the connection.

import { parseConfig } from '../../../../gateway/config/load.ts';
import { startGateway } from '../../../../gateway/gateway.ts';
import { mutateText } from '../../mutate.ts';
import { createRandom, type Random } from '../../random.ts';
import { get, HOST, post } from '../desync/case.ts';
import { startRecordingOrigin } from '../desync/recording-origin.ts';
import { leaveAfter } from '../desync/send-case.ts';
import { valuesOf } from '../desync/strict-reader.ts';
import type { FuzzFinding, FuzzTally } from './campaign.ts';

const PARALLEL = 8;

const SEEDS = [
  get('/a?b'),
  `${post('Content-Length: 5')}hello`,
  `${post('Transfer-Encoding: chunked', 'Trailer: X-A')}5;a=b\r\nhello\r\n0\r\nX-A: b\r\n\r\n`,
  `${post('Expect: 100-continue', 'Content-Length: 5')}hello`,
  get('/', 'Connection: Upgrade', 'Upgrade: websocket'),
  get('/', 'Connection: Upgrade', 'Upgrade: h2c'),
  `GET http://${HOST}/ HTTP/1.0\r\nX-Forwarded-For: forged\r\nX_Mine: a\r\n\r\n`,
];

function bytesFor(random: Random): string {
  const requests = Array.from({ length: 1 + random.below(4) }, () => random.pick(SEEDS));
  return mutateText(random, requests.join(''));
}

/** @returns what was found, and how many connections carried a request to the application */
export async function fuzzConnections(
  count: number,
  seed: number,
): Promise<{ readonly tally: FuzzTally; readonly findings: readonly FuzzFinding[] }> {
  const random = createRandom(seed);
  const tally: FuzzTally = { inputs: 0, taken: 0, slowestMs: 0 };
  const findings: FuzzFinding[] = [];
  const origin = await startRecordingOrigin();
  const { config } = parseConfig(`listen: 127.0.0.1:0\napps:\n  ${HOST}: { to: "${origin.url}" }\n`);
  if (!config) throw new Error('the configuration is no configuration');
  const failed: string[] = [];
  const gateway = await startGateway({
    config,
    onEvent: ({ event, ...rest }) => {
      if (event === 'request-failed') failed.push(JSON.stringify(rest));
    },
  });
  while (tally.inputs < count) {
    const batch = Array.from({ length: Math.min(PARALLEL, count - tally.inputs) }, () => bytesFor(random));
    const before = performance.now();
    await Promise.all(batch.map((bytes) => leaveAfter(gateway.ports[0] as number, bytes)));
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - before);
    const find = (what: string): void => {
      findings.push({ number: tally.inputs, target: 'connection', what, input: JSON.stringify(batch) });
    };
    try {
      const { strict } = origin.take();
      tally.taken += strict.length;
      const addresses = strict.map(({ headers }) => valuesOf(headers, 'x-real-ip').join());
      if (addresses.some((address) => address !== '127.0.0.1')) find(`X-Real-IP ${addresses}`);
    } catch (error) {
      find(String(error));
    }
    for (const what of failed.splice(0)) find(what);
    tally.inputs += batch.length;
  }
  await gateway.close({ deadlineMs: 200 });
  origin.close();
  return { tally, findings };
}
