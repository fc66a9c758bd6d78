// The desync corpus before Debian's web servers: what their applications see is what the gateway
// judged.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../../gateway/gateway.ts';
import { CASES } from '../gateway/desync/cases.ts';
import { FORGED, type Seen, seen as seenBy } from '../support/gateway/desync/case.ts';
import { type DebianOrigin, type ServerName, startDebianOrigin } from '../support/gateway/desync/debian-origins.ts';
import { expectedOf, FLUSHED, flush, sendCase } from '../support/gateway/desync/send-case.ts';
import { configOf } from '../support/gateway/gateway.ts';

const SERVERS: readonly ServerName[] = ['nginx', 'apache', 'lighttpd', 'gunicorn'];
/** Servers refuse some requests themselves, such as `GET /%z`; more would hide what they read. */
const MIN_SHARE_SEEN = 0.8;

const CUT: Seen = seenBy({ method: 'POST', body: 'hello' });

/** lighttpd names a host in small letters and without its closing dot: as the gateway judged it. */
const show = ({ method, target, host, body }: Seen): string =>
  JSON.stringify({ method, target, host: host.toLowerCase().replace(/\.(?=:|$)/, ''), body });

describe.each(SERVERS)('%s', (name) => {
  let origin: DebianOrigin;
  let gateway: Gateway;
  let expectedInAll = 0;
  let seenInAll = 0;
  /** What follows a case comes late where an early answer drove its client away. */
  const late = new Set<string>();

  beforeAll(async () => {
    origin = await startDebianOrigin(name);
    const app = `{ to: "${origin.url}", upstream: { maxConnections: 1 } }`;
    gateway = await startGateway({ config: configOf(`listen: 127.0.0.1:0\napps:\n  app.example: ${app}\n`) });
  });

  afterAll(async () => {
    await gateway.close({ deadlineMs: 200 });
    await origin.close();
  });

  test.each(CASES.map((one, place) => ({ ...one, next: `/next${place}` })))('$group: $name', async (one) => {
    const port = gateway.ports[0] as number;
    const answer = await sendCase(port, one, one.next);
    // Twice: a request whose client the application's early answer drove away may still wait for
    // the only connection when the first one comes.
    for (let i = 0; i < 2; i++) expect(await flush(port)).toMatch(/^HTTP\/1.1 200 /);
    const seen = origin.take();
    // gunicorn hands what came of a body to its application, which has to compare it with its
    // length.
    const cut = one.isCutShort ? [CUT] : [];
    const left = [...expectedOf(one, one.next), ...cut, FLUSHED, FLUSHED].map(show);
    expectedInAll += left.length;
    seenInAll += seen.length;
    for (const request of seen) {
      expect(request.headers).not.toContain(FORGED);
      if (late.delete(show(request))) continue;
      const at = left.indexOf(show(request));
      expect(at, `${show(request)} was seen, after ${JSON.stringify(answer.slice(0, 300))}`).toBeGreaterThanOrEqual(0);
      left.splice(at, 1);
    }
    expect(left).not.toContain(show(FLUSHED));
    for (const request of left) if (JSON.parse(request).target === one.next) late.add(request);
  });

  test('sees most of what is passed on', () => {
    expect(seenInAll / expectedInAll).toBeGreaterThan(MIN_SHARE_SEEN);
  });
});
