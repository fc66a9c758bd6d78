// Problem bodies: what every refusal looks like. RFC 9457.
//
// A problem says what is wrong with a request of that kind and never repeats any of it.

import { type ServerResponse, STATUS_CODES } from 'node:http';
import { PROBLEMS, type ProblemCode } from './problems.ts';

/** The body of a problem response. */
export interface Problem {
  readonly type: `urn:credveil:problem:${string}`;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly hint: string;
}

export function describeProblem(code: ProblemCode): Problem {
  const { title, status, detail, hint } = PROBLEMS[code];
  return { type: `urn:credveil:problem:${code.toLowerCase().replaceAll('_', '-')}`, title, status, detail, code, hint };
}

/** Of every answer. Allowed to every origin: the SDK also runs in browsers, and what is public needs no origin check. */
export const SHARED_HEADERS: readonly string[] = [
  'X-Content-Type-Options',
  'nosniff',
  'Referrer-Policy',
  'no-referrer',
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  'Content-Range, Credveil-Snapshot, ETag, RateLimit, RateLimit-Policy, Retry-After',
];

/** Of an answer that is data: opened in a browser it runs nothing, loads nothing and is framed by nobody. */
export const DATA_HEADERS: readonly string[] = [
  ...SHARED_HEADERS,
  'Content-Security-Policy',
  "default-src 'none'; frame-ancestors 'none'",
];

function problemHeaders(body: string): string[] {
  return [
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'Cache-Control',
    'no-store',
    ...DATA_HEADERS,
  ];
}

/**
 * Answers with a problem.
 * @param headers further names and values in turn
 * @param members of the body beyond those of every problem
 */
export function sendProblem(
  response: ServerResponse,
  code: ProblemCode,
  headers: readonly string[] = [],
  members: { readonly [name: string]: unknown } = {},
): void {
  const body = JSON.stringify({ ...describeProblem(code), ...members });
  response.writeHead(PROBLEMS[code].status, [...problemHeaders(body), ...headers]);
  response.end(body);
}

/** The whole response as text, for a socket whose bytes never became a request. `more` are names and values in turn. */
export function rawProblem(code: ProblemCode, more: readonly string[] = []): string {
  const { status } = PROBLEMS[code];
  const body = JSON.stringify(describeProblem(code));
  const headers = [...problemHeaders(body), 'Date', new Date().toUTCString(), 'Connection', 'close', ...more];
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${head}\r\n${body}`;
}
