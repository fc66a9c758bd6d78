// The body of a request: refused by its headers before any of it is held, then read up to what they announce.

import type { IncomingMessage } from 'node:http';
import type { ProblemCode } from './problems.ts';

const LENGTH = /^\d{1,15}$/;

/** What its headers already say against a body of at most `maxBytes`. */
export function bodyProblem(request: IncomingMessage, maxBytes: number): ProblemCode | undefined {
  const { headers } = request;
  const length = headers['content-length'];
  if (headers['transfer-encoding'] !== undefined || length === undefined || !LENGTH.test(length))
    return 'LENGTH_REQUIRED';
  if (Number(length) > maxBytes) return 'BODY_TOO_LARGE';
  const [mediaType = ''] = (headers['content-type'] ?? '').split(';', 1);
  if (mediaType.trim().toLowerCase() !== 'application/octet-stream') return 'MEDIA_TYPE_UNSUPPORTED';
  return undefined;
}

/** Reads a body that `bodyProblem` has nothing against. Undefined where the client went away before its end. */
export function readBody(request: IncomingMessage): Promise<Uint8Array | undefined> {
  // A copy: a piece of the parser's buffer would keep all of that buffer alive while its request waits.
  const bytes = new Uint8Array(Number(request.headers['content-length']));
  let end = 0;
  return new Promise((resolve) => {
    request
      .on('data', (piece: Buffer) => {
        // Node's parser hands over no more than was announced; `set` would throw.
        bytes.set(piece, end);
        end += piece.length;
      })
      .on('end', () => resolve(bytes))
      .on('close', () => resolve(undefined));
  });
}
