// One request and its response: what handlers read and the only way in which they reply.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { CACHE_RULES, type CacheRule, type HeaderBlock } from './headers.ts';
import { isNotModified } from './negotiation.ts';
import { encodeProblem, PROBLEM_HEADERS, type ProblemError } from './problem.ts';
import { PROBLEMS } from './problems.ts';

/** Owns the response: its headers are written here and nowhere else. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Without the query. */
  path = '';
  /** What follows the question mark; undefined without one. */
  query: string | undefined;
  /** The value of the route's path parameter; '' without one. */
  parameter = '';
  /** The rule of the route. */
  cache: CacheRule = CACHE_RULES.never;
  #isClients = false;
  /** What is left of the client's quotas. */
  quotaHeaders: HeaderBlock = [];
  readonly #own: HeaderBlock;
  #origins: HeaderBlock;

  /**
   * @param own headers that every response of the server carries
   * @param origins headers that let pages of other origins read the response
   */
  constructor(request: IncomingMessage, response: ServerResponse, own: HeaderBlock = [], origins: HeaderBlock = []) {
    this.request = request;
    this.response = response;
    this.method = request.method ?? '';
    this.#own = own;
    this.#origins = origins;
  }

  /** Marks the response as meant for pages of its own origin alone. */
  keepToOrigin(): void {
    this.#origins = [];
  }

  /**
   * Marks the response as that of an authenticated client: no shared cache may hand it to others.
   */
  belongToClient(): void {
    this.#isClients = true;
  }

  /** Whether If-None-Match names this ETag. */
  hasFresh(etag: string): boolean {
    return isNotModified(this.request.headers['if-none-match'], etag);
  }

  /**
   * Writes a response. Node leaves the body out of the response to a HEAD request.
   * @param onSent called when the system has taken all bytes; never if the connection ends before
   */
  reply(status: number, headers: HeaderBlock, body?: Uint8Array, cache?: CacheRule, onSent?: () => void): void {
    this.replyHead(status, headers, body?.length, cache);
    this.response.end(body, onSent);
  }

  /** Writes the head of a response whose body the handler streams. */
  replyHead(status: number, headers: HeaderBlock, length: number | undefined, cache = this.cache): void {
    const all = [...headers, 'Cache-Control', this.#isClients ? cache.client : cache.anonymous];
    if (length !== undefined) all.push('Content-Length', String(length));
    if (this.#own.length > 0) all.push(...this.#own);
    if (this.quotaHeaders.length > 0) all.push(...this.quotaHeaders);
    if (this.#origins.length > 0) all.push(...this.#origins);
    this.response.writeHead(status, all);
  }

  /** Writes a problem. Only the listener calls it: every other step throws. */
  refuse(problem: ProblemError): void {
    const close = problem.close || this.#hasUnreadBody() ? ['Connection', 'close'] : [];
    const headers = [...PROBLEM_HEADERS, ...problem.headers, ...close];
    this.reply(PROBLEMS[problem.code].status, headers, encodeProblem(problem), CACHE_RULES.never);
  }

  #hasUnreadBody(): boolean {
    const { complete, headers } = this.request;
    if (complete) return false;
    return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
  }
}
