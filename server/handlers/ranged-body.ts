// Bodies that are streamed from disk, whole or in part: the filter, and the indexes of a replica.
// PROTOCOL.md §13.

import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CACHE_RULES, headerBlock, SHARED_HEADERS } from '../../runtime/http/headers.ts';
import { requestedRange } from '../../runtime/http/negotiation.ts';
import { ProblemError } from '../../runtime/http/problem.ts';
import { cutWhenStalled } from '../../runtime/http/stalled.ts';
import { StoreError } from '../../store/errors.ts';
import type { ServiceExchange } from '../exchange.ts';
import { chargeBody } from './charged-reply.ts';

export interface RangedBody {
  readonly bytes: number;
  /** Streams the bytes from `start` to `end`, exclusive. */
  read(start: number, end: number): Readable;
}

/** @param etag strong, in quotes */
export async function sendRanged(
  exchange: ServiceExchange,
  body: RangedBody,
  { snapshot, etag }: { readonly snapshot: string; readonly etag: string },
  stalledTimeoutMs: number,
): Promise<void> {
  const { method, request, response, query } = exchange;
  const { bytes } = body;
  const tagged = headerBlock({ ETag: etag, 'Accept-Ranges': 'bytes', 'Credveil-Snapshot': snapshot });
  const headers = [...tagged, ...SHARED_HEADERS];
  const cache = query === undefined ? exchange.cache : CACHE_RULES.pinned;
  if (exchange.hasFresh(etag)) return exchange.reply(304, headers, undefined, cache);
  // RFC 9110 §14.2: a range applies to GET alone.
  const { range: asked, 'if-range': ifRange } = request.headers;
  const range = method === 'GET' ? requestedRange(asked, one(ifRange), etag, bytes) : undefined;
  if (range === 'unsatisfiable')
    throw new ProblemError('RANGE_NOT_SATISFIABLE', { headers: headerBlock({ 'Content-Range': `bytes */${bytes}` }) });
  const { start, end } = range ?? { start: 0, end: bytes };
  // It holds the snapshot, which may be replaced, and closed, while the quota is asked.
  const content = body.read(start, end);
  try {
    await chargeBody(exchange, end - start);
    headers.push('Content-Type', 'application/octet-stream');
    if (range) headers.push('Content-Range', `bytes ${start}-${end - 1}/${bytes}`);
    exchange.replyHead(range ? 206 : 200, headers, end - start, cache);
    if (method === 'HEAD') response.end();
    else await stream(content, exchange, stalledTimeoutMs);
  } finally {
    content.destroy();
  }
}

async function stream(content: Readable, { request, response }: ServiceExchange, stalledTimeoutMs: number) {
  cutWhenStalled(request.socket, stalledTimeoutMs, response);
  try {
    await pipeline(content, response);
  } catch (error) {
    // A client that leaves in the middle is no failure of the server; a file that cannot be read
    // is.
    if (!response.destroyed || isOfFile(error)) throw error;
  }
}

const isOfFile = (error: unknown): boolean =>
  error instanceof StoreError || (error as NodeJS.ErrnoException).syscall === 'read';

/** Node's types allow a list where HTTP does not. */
function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
