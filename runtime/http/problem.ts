// Problem bodies: the form of every refusal. RFC 9457.
//
// A problem describes what is wrong with this kind of request. It never repeats any part of it.

import { CACHE_RULES, DATA_HEADERS, type HeaderBlock, headerBlock } from './headers.ts';
import { STATUS_CODES } from './node-http.ts';
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

export interface ProblemOptions {
  readonly headers?: HeaderBlock;
  /** Members of the body beyond those of every problem. */
  readonly members?: { readonly [name: string]: unknown };
  /** Closes the connection, since an unread body may follow on it. */
  readonly close?: boolean;
}

/**
 * Thrown by any step of a request that refuses it. The listener catches it and sends the response.
 */
export class ProblemError extends Error {
  override name = 'ProblemError';
  readonly code: ProblemCode;
  readonly headers: HeaderBlock;
  readonly members: { readonly [name: string]: unknown } | undefined;
  readonly close: boolean;

  constructor(code: ProblemCode, { headers = [], members, close = false }: ProblemOptions = {}) {
    // A refusal is a response, not a fault: its stack is never read, and capturing one costs
    // microseconds.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(PROBLEMS[code].title);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.headers = headers;
    this.members = members;
    this.close = close;
  }
}

/** Thrown by a step whose client has left, so that no response is possible. */
export class ClientGoneError extends Error {
  override name = 'ClientGoneError';
}

export const PROBLEM_HEADERS: HeaderBlock = [
  ...headerBlock({ 'Content-Type': 'application/problem+json' }),
  ...DATA_HEADERS,
];

/** The body as bytes. */
export const encodeProblem = ({ code, members }: Pick<ProblemError, 'code' | 'members'>): Buffer =>
  Buffer.from(JSON.stringify({ ...describeProblem(code), ...members }));

/** The whole response as text, for a socket whose bytes never became a request. */
export function rawProblem(code: ProblemCode, more: HeaderBlock = []): string {
  const { status } = PROBLEMS[code];
  const body = encodeProblem({ code, members: undefined });
  const own = headerBlock({
    'Content-Length': String(body.length),
    'Cache-Control': CACHE_RULES.never.anonymous,
    Date: new Date().toUTCString(),
    Connection: 'close',
  });
  const headers = [...PROBLEM_HEADERS, ...own, ...more];
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${head}\r\n${body}`;
}
