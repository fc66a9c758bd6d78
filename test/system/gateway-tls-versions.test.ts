// Sessions of one TLS profile at another, on the oldest and the newest Node of each line that the
// product supports: their OpenSSL differs, and one let clients in without a certificate.

import { once } from 'node:events';
import path from 'node:path';
import readline from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { bin, createWorkPlace, startCredveil } from '../support/credveil.ts';
import { echo, echoOf, seen, startOrigin } from '../support/gateway/gateway.ts';
import { ALLOWED, FORBIDDEN, resume, statusOf, titleOf } from '../support/gateway/resumption.ts';
import { ask, hostsInFrontOf } from '../support/gateway/tls.ts';
import { installNode } from '../support/npm.ts';
import { pairOf } from '../support/tls-files.ts';

test.each(['22.21.0', '22', '24.9.0', '24', '26'])('on Node %s', async (version) => {
  const place = createWorkPlace();
  onTestFinished(() => place.dispose());
  const node = await installNode(version, path.join(place.home, 'node'));
  const file = place.write('gateway.yaml', hostsInFrontOf((await startOrigin(echo)).url, 'workers: 2\n'));
  const { child, ended } = startCredveil(['gateway', '--config', file, '--json'], { program: { node, bin } });
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const [line] = await once(readline.createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
  const { urls } = JSON.parse(line as string) as { urls: string[] };
  const port = Number(new URL(urls[0] as string).port);
  for (const tls of ['TLSv1.2', 'TLSv1.3'] as const) {
    // Of several tries, since each connection comes to either worker.
    for (let i = 0; i < 4; i++)
      expect(await resume(port, tls, ALLOWED), tls).toMatchObject({ status: 200, isReused: true });
    // What a handshake brings counts on each of them.
    for (const [host, certificate] of [
      ['managed.example', 'client'],
      ['contractors.example', 'stranger'],
    ] as const) {
      const answer = await ask({ port, servername: host, minVersion: tls, maxVersion: tls, ...pairOf(certificate) });
      expect(answer && seen(echoOf(answer), 'x-verified'), `${tls} ${host}`).toEqual(['yes']);
    }
    for (const resumption of FORBIDDEN) {
      const { status, verified } = await resume(port, tls, resumption);
      expect({ status, verified }, `${tls} ${titleOf(resumption)}`).toEqual({
        status: statusOf(resumption),
        verified: [],
      });
    }
  }
});
