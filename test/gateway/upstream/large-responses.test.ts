// Large responses arrive byte for byte, however their buffers are cut and however slow the client.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import type { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { inFrontOf, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { connectHttp2, hostsInFrontOf } from '../../support/gateway/tls.ts';
import { createRandom } from '../../support/random.ts';

const SEED = 20261129;
const MEBIBYTES = 12;

const random = createRandom(SEED);
const whole = Buffer.from(Uint32Array.from({ length: MEBIBYTES * 2 ** 18 }, () => random.next()).buffer);
const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** `/length` states how long it is, `/chunks` does not, with pieces from one byte to 100 KB. */
const large: RequestListener = (request, response) => {
  if (request.url === '/length') {
    response.setHeader('Content-Length', whole.length);
    response.end(whole);
    return;
  }
  let at = 0;
  const more = (): void => {
    while (at < whole.length) {
      const start = at;
      at += 1 + ((start * 7919) % 100_000);
      if (!response.write(whole.subarray(start, at))) {
        response.once('drain', more);
        return;
      }
    }
    response.end();
  };
  more();
};

/** Reads in turns, with pauses in which buffers on the way fill. */
async function readSlowly(from: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let taken = 0;
  for await (const piece of from as AsyncIterable<Buffer>) {
    pieces.push(piece);
    taken += piece.length;
    if (taken > 2 ** 20) {
      taken = 0;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  return Buffer.concat(pieces);
}

describe.each(['/length', '/chunks'])('a large response at %s', (path) => {
  test('arrives whole over HTTP/1.1', async () => {
    const { port } = await serve(inFrontOf((await startOrigin(large)).url));
    const answers = Array.from({ length: 3 }, async () => {
      const [response] = (await once(http.get({ port, path, headers: { Host: 'app.example' } }), 'response')) as [
        http.IncomingMessage,
      ];
      return digestOf(await readSlowly(response));
    });
    expect(await Promise.all(answers)).toEqual(Array(3).fill(digestOf(whole)));
  });

  test('arrives whole over HTTP/2', async () => {
    const { port } = await serve(hostsInFrontOf((await startOrigin(large)).url));
    const session = await connectHttp2({ port, servername: 'public.example' });
    const answers = Array.from({ length: 3 }, async () =>
      digestOf(await readSlowly(session.request({ ':authority': 'public.example', ':path': path }))),
    );
    expect(await Promise.all(answers)).toEqual(Array(3).fill(digestOf(whole)));
  });
});
