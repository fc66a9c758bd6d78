// Problem bodies: what every refusal looks like. RFC 9457.
//
// A problem says what is wrong with a request of that kind and never repeats any of it.

import { type ServerResponse, STATUS_CODES } from 'node:http';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly hint: string;
}

const PROBLEMS = {
  REQUEST_MALFORMED: {
    status: 400,
    title: 'Request malformed',
    detail: 'The bytes received are not an HTTP/1.1 request.',
    hint: 'Use an HTTP client, and http:// where TLS ends in front of this server.',
  },
  PREFIX_MALFORMED: {
    status: 400,
    title: 'Prefix malformed',
    detail: 'The last part of the path is not a prefix of this index.',
    hint: 'Read prefixBits from /v1/config and write the prefix in lower-case hex, one digit for each four bits.',
  },
  QUERY_MALFORMED: {
    status: 400,
    title: 'Query malformed',
    detail: 'The query is not one that this route takes.',
    hint: 'Ask without a query, or with ?snapshot= and the snapshot id from /v1/config on a bucket.',
  },
  ROUTE_MISSING: {
    status: 404,
    title: 'No such route',
    detail: 'This server has nothing under this path.',
    hint: 'The routes are /v1/config, /v1/account/{prefix}, /v1/password/{prefix}, /healthz and /readyz.',
  },
  INDEX_MISSING: {
    status: 404,
    title: 'No such index',
    detail: 'The dataset that is served was made without this index.',
    hint: 'Read indexes from /v1/config; a new dataset with the index has to be made to add it.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'Method not allowed',
    detail: 'This route is read only.',
    hint: 'Use GET or HEAD.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    title: 'Request timeout',
    detail: 'The request was not complete in time.',
    hint: 'Send the request in one go.',
  },
  SNAPSHOT_GONE: {
    status: 410,
    title: 'Snapshot gone',
    detail: 'The snapshot that was asked for is no longer served, or not yet.',
    hint: 'Fetch /v1/config again and ask for the snapshot that it names.',
  },
  BODY_NOT_ALLOWED: {
    status: 413,
    title: 'Body not allowed',
    detail: 'No route of this server takes a request body.',
    hint: 'Send the request without a body.',
  },
  URL_TOO_LONG: {
    status: 414,
    title: 'URL too long',
    detail: 'The request target is longer than this server reads.',
    hint: 'Ask for one of the documented routes.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    title: 'Headers too large',
    detail: 'The request headers are larger than this server reads.',
    hint: 'Send no cookies and no tokens of other services.',
  },
  INTERNAL: {
    status: 500,
    title: 'Internal error',
    detail: 'The server could not answer.',
    hint: "Treat the credential as unknown, try again later, and look at the server's log.",
  },
  NOT_READY: {
    status: 503,
    title: 'Not ready',
    detail: 'The server is shutting down.',
    hint: 'Ask another instance, or this one later.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

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

/** Allowed to every origin: the SDK also runs in browsers, and what is public needs no origin check. */
export const SHARED_HEADERS: readonly string[] = [
  'X-Content-Type-Options',
  'nosniff',
  'Access-Control-Allow-Origin',
  '*',
  'Access-Control-Expose-Headers',
  'Credveil-Snapshot, ETag',
];

function problemHeaders(body: string): string[] {
  return [
    'Content-Type',
    'application/problem+json',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'Cache-Control',
    'no-store',
    ...SHARED_HEADERS,
  ];
}

/** Answers with a problem. `headers` are further names and values in turn. */
export function sendProblem(response: ServerResponse, code: ProblemCode, headers: readonly string[] = []): void {
  const body = JSON.stringify(describeProblem(code));
  response.writeHead(PROBLEMS[code].status, [...problemHeaders(body), ...headers]);
  response.end(body);
}

/** The whole response as text, for a socket whose bytes never became a request. */
export function rawProblem(code: ProblemCode): string {
  const { status } = PROBLEMS[code];
  const body = JSON.stringify(describeProblem(code));
  const headers = [...problemHeaders(body), 'Date', new Date().toUTCString(), 'Connection', 'close'];
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${head}\r\n${body}`;
}
