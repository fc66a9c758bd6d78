// Buffers of bodies are used again: a reader that is slow, leaves early or sends many requests at
// once never gets the bytes of another bucket.

import { once } from 'node:events';
import net from 'node:net';
import { expect } from 'vitest';
import type { BucketId } from '../../protocol/brands.ts';
import { formatPrefix } from '../../protocol/bucket-id.ts';
import { startServer } from '../../server/server.ts';
import { openSnapshot } from '../../store/snapshot/snapshot.ts';
import { seededPairs } from '../support/dataset.ts';
import { createRandom, testSeed } from '../support/random.ts';
import { datasetTest } from '../support/vitest/fixtures.ts';

const test = datasetTest({ pairs: seededPairs(1_500), bucketFloor: 40, indexes: ['account'] });
const REQUESTS = 400;

test('every answer is the bucket that was asked for, whatever the other readers do', async ({ made }) => {
  const snapshot = await openSnapshot(made.dataset);
  const { prefixBits } = snapshot.facts.indexes.account ?? (undefined as never);
  const server = await startServer(made.folder, { port: 0, maxHeldBytes: 0 });
  const random = createRandom(testSeed('room reuse'));
  try {
    await Promise.all(
      Array.from({ length: 8 }, async (_, reader) => {
        const ids = Array.from({ length: REQUESTS }, () => random.below(2 ** prefixBits) as BucketId);
        const socket = net.connect(server.address.port, '127.0.0.1');
        await once(socket, 'connect');
        socket.write(
          ids
            .map((id) => `GET /v1/account/${formatPrefix(id, prefixBits)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
            .join(''),
        );
        if (reader % 4 === 0) {
          // Leaves in the middle.
          await once(socket, 'data');
          socket.destroy();
          return;
        }
        const expected = ids.map((id) => snapshot.paddedBody('account', id) as Buffer);
        const answers = await readAnswers(socket, expected.length, reader % 4 === 1);
        for (const [at, answer] of answers.entries())
          expect(answer.equals(expected[at] as Buffer), `${reader} ${at}`).toBe(true);
        socket.destroy();
      }),
    );
  } finally {
    snapshot.close();
    await server.close({ deadlineMs: 100 });
  }
});

/** @param isSlow pauses after each block */
async function readAnswers(socket: net.Socket, count: number, isSlow: boolean): Promise<Buffer[]> {
  const answers: Buffer[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for await (const block of socket) {
    rest = Buffer.concat([rest, block as Buffer]);
    for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
      const length = Number(/content-length: (\d+)/i.exec(rest.subarray(0, end).toString('latin1'))?.[1]);
      if (rest.length < end + 4 + length) break;
      answers.push(rest.subarray(end + 4, end + 4 + length));
      rest = rest.subarray(end + 4 + length);
    }
    if (answers.length === count) return answers;
    if (isSlow) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error('the server closed the connection');
}
