// The body of a request: refused by its headers before any of it is held, then read up to its
// announced length.

import type { IncomingMessage } from 'node:http';
import { ClientGoneError, ProblemError } from './problem.ts';

const LENGTH = /^\d{1,15}$/;

/**
 * @throws ProblemError if the headers announce something other than a body of at most `maxBytes`
 */
export function assertBody({ headers }: IncomingMessage, maxBytes: number): void {
  const length = headers['content-length'];
  // Each of these closes the connection, since an unread body may follow on it.
  if (headers['transfer-encoding'] !== undefined || length === undefined || !LENGTH.test(length))
    throw new ProblemError('LENGTH_REQUIRED', { close: true });
  if (Number(length) > maxBytes) throw new ProblemError('BODY_TOO_LARGE', { close: true });
  const [mediaType = ''] = (headers['content-type'] ?? '').split(';', 1);
  if (mediaType.trim().toLowerCase() !== 'application/octet-stream')
    throw new ProblemError('MEDIA_TYPE_UNSUPPORTED', { close: true });
}

/**
 * Reads a body that passed `assertBody`.
 * @throws ClientGoneError if the client leaves before its end
 */
export function readBody(request: IncomingMessage): Promise<Uint8Array> {
  // A copy: a piece of the parser's buffer would keep that whole buffer alive while its request
  // waits.
  const bytes = new Uint8Array(Number(request.headers['content-length']));
  let end = 0;
  return new Promise((resolve, reject) => {
    request
      .on('data', (piece: Buffer) => {
        // Node's parser delivers no more than was announced; `set` would throw.
        bytes.set(piece, end);
        end += piece.length;
      })
      .on('end', () => resolve(bytes))
      .on('close', () => {
        if (!request.readableEnded) reject(new ClientGoneError('the client left before the end of its body'));
      });
  });
}
