// The gate: what is refused before a route is looked for, and bytes that never became a request.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { STRICT_TRANSPORT_SECURITY } from '../tls.ts';
import { ProblemError, rawProblem } from './problem.ts';
import type { ProblemCode } from './problems.ts';

/** @throws ProblemError for a request that no route may see */
export function assertWellFormed(request: IncomingMessage, maxUrlBytes: number): void {
  const { headers, url = '', httpVersion } = request;
  // RFC 9112 §3.2: a request of HTTP/1.1 names its host, once.
  if ((headers.host === undefined && httpVersion === '1.1') || hasTwoHosts(request))
    throw new ProblemError('REQUEST_MALFORMED', { close: true });
  // Node decodes the URL as latin1: a character is a byte.
  if (url.length > maxUrlBytes) throw new ProblemError('URL_TOO_LONG', { close: true });
}

/** Node's headers have the first alone. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
  }
  return hosts > 1;
}

/** @throws ProblemError for a request with a body, on the routes that take none */
export function assertNoBody({ headers }: IncomingMessage): void {
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) return;
  throw new ProblemError('BODY_NOT_ALLOWED', { close: true });
}

/** RFC 9112 §3.2.2: the absolute form that proxies send means its path. */
export function originForm(url: string): string {
  const path = url.replace(/^https?:\/\/[^/?]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
}

const PARSER_PROBLEMS: { readonly [code: string]: ProblemCode } = {
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
};

/** Answers what Node's parser or its timeouts refuse, then destroys the socket. */
export function refuseSocket(error: NodeJS.ErrnoException, socket: Duplex): void {
  const secure = socket instanceof TLSSocket;
  // A failed or timed-out handshake leaves no channel for a response.
  const isHandshake = secure && !/^(?:HPE|ERR_HTTP)_/.test(error.code ?? '');
  if (error.code === 'ECONNRESET' || !socket.writable || isHandshake) {
    socket.destroy();
    return;
  }
  // The request whose body is malformed may have its response: a second would be taken for that of
  // another request.
  const { _httpMessage: response } = socket as Duplex & { _httpMessage?: ServerResponse | null };
  if (response?.headersSent) {
    if (response.writableEnded) socket.end(() => socket.destroy());
    else socket.destroy();
    return;
  }
  const code = PARSER_PROBLEMS[error.code ?? ''] ?? 'REQUEST_MALFORMED';
  socket.end(rawProblem(code, secure ? STRICT_TRANSPORT_SECURITY : []), () => socket.destroy());
}
