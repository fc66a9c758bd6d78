// GET /v1/filter/password: a snapshot's filter file, streamed from disk. PROTOCOL.md §13, §17.

import { pipeline } from 'node:stream/promises';
import { CACHE_RULES, headerBlock, SHARED_HEADERS } from '../../runtime/http/headers.ts';
import { requestedRange } from '../../runtime/http/negotiation.ts';
import { ProblemError } from '../../runtime/http/problem.ts';
import { cutWhenStalled } from '../../runtime/http/stalled.ts';
import { StoreError } from '../../store/errors.ts';
import type { FilterFile } from '../../store/snapshot/filter-file.ts';
import type { CreateHandler, ServiceExchange } from '../exchange.ts';
import { chargeBody } from './charged-reply.ts';
import { requestedSnapshot } from './snapshot-query.ts';

export const createFilterHandler: CreateHandler =
  ({ service: { snapshots }, limits }) =>
  (exchange) => {
    const { id, snapshot } = requestedSnapshot(snapshots, exchange.query);
    const { filter, facts } = snapshot;
    if (!filter) throw new ProblemError(facts.indexes.password ? 'FILTER_MISSING' : 'INDEX_MISSING');
    return sendFilter(exchange, filter, id, limits.stalledTimeoutMs);
  };

async function sendFilter(
  exchange: ServiceExchange,
  filter: FilterFile,
  snapshot: string,
  stalledTimeoutMs: number,
): Promise<void> {
  const { method, request, response, query } = exchange;
  const { bytes } = filter;
  const etag = `"${snapshot}-filter"`;
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
  await chargeBody(exchange, end - start);
  headers.push('Content-Type', 'application/octet-stream');
  if (range) headers.push('Content-Range', `bytes ${start}-${end - 1}/${bytes}`);
  exchange.replyHead(range ? 206 : 200, headers, end - start, cache);
  if (method === 'HEAD') {
    response.end();
    return;
  }
  cutWhenStalled(request.socket, stalledTimeoutMs, response);
  try {
    await pipeline(filter.read(start, end), response);
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
