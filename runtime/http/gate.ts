// The gate: what is refused before a route is looked for, and bytes that never became a request.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { STRICT_TRANSPORT_SECURITY } from '../tls.ts';
import { rawProblem, sendProblem } from './problem.ts';
import type { ProblemCode } from './problems.ts';

/** Answers a request that no route may see. False, and nothing done, for a request that may pass. */
export function refuseRequest(request: IncomingMessage, response: ServerResponse, maxUrlBytes: number): boolean {
  const code = problemOf(request, maxUrlBytes);
  if (code === undefined) return false;
  // What follows on the connection may be a body that nobody wants to read.
  sendProblem(response, code, ['Connection', 'close']);
  return true;
}

function problemOf(request: IncomingMessage, maxUrlBytes: number): ProblemCode | undefined {
  const { headers, url = '' } = request;
  // RFC 9112 §3.2: a request of HTTP/1.1 names its host.
  if (headers.host === undefined && request.httpVersion === '1.1') return 'REQUEST_MALFORMED';
  // Node hands the URL over as latin1: a character is a byte.
  return url.length > maxUrlBytes ? 'URL_TOO_LONG' : undefined;
}

/** Answers a request with a body, for the routes that take none. False, and nothing done, for one without. */
export function refuseBody({ headers }: IncomingMessage, response: ServerResponse): boolean {
  if (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0) return false;
  sendProblem(response, 'BODY_NOT_ALLOWED', ['Connection', 'close']);
  return true;
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
  // A handshake that failed, or took too long, leaves no way to say anything.
  const isHandshake = secure && !/^(?:HPE|ERR_HTTP)_/.test(error.code ?? '');
  if (error.code === 'ECONNRESET' || !socket.writable || isHandshake) {
    socket.destroy();
    return;
  }
  const code = PARSER_PROBLEMS[error.code ?? ''] ?? 'REQUEST_MALFORMED';
  // Handlers write a response whole, so this never lands inside of one.
  socket.end(rawProblem(code, secure ? STRICT_TRANSPORT_SECURITY : []), () => socket.destroy());
}
