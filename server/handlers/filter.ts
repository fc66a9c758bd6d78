// GET /v1/filter/password: a snapshot's filter file, streamed from disk. PROTOCOL.md §13, §17.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isNotModified, wantedRange } from '../../runtime/http/negotiation.ts';
import { SHARED_HEADERS, sendProblem } from '../../runtime/http/problem.ts';
import type { FilterFile } from '../../store/snapshot/filter-file.ts';
import type { ServedSnapshots } from '../snapshots/snapshots.ts';
import { wantedSnapshot } from './snapshot-query.ts';

const FILTER_TARGET = /^\/v1\/filter\/password(?:\?(.*))?$/;
export const FILTER_ROUTE = '/v1/filter/password';

const NEWEST = 'public, no-cache, no-transform';
/** The URL names the snapshot, and a snapshot never changes. */
const PINNED = 'public, max-age=31536000, immutable, no-transform';

/** Answers GET and HEAD of the filter. Undefined, and nothing done, for any other request. */
export type FilterHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | undefined;

/** @param stalledTimeoutMs how long a client may take nothing */
export function createFilterHandler(snapshots: ServedSnapshots, stalledTimeoutMs: number): FilterHandler {
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
    const target = FILTER_TARGET.exec(request.url ?? '');
    if (!target) return undefined;
    const served = wantedSnapshot(snapshots, target[1]);
    if (typeof served === 'string') return refuse(response, served);
    const { filter, facts } = served.snapshot;
    if (!filter) return refuse(response, facts.indexes.password ? 'FILTER_MISSING' : 'INDEX_MISSING');
    return sendFilter(request, response, {
      filter,
      stalledTimeoutMs,
      etag: `"${served.id}-filter"`,
      headers: ['Credveil-Snapshot', served.id, 'Cache-Control', target[1] === undefined ? NEWEST : PINNED],
    });
  };
}

async function refuse(...problem: Parameters<typeof sendProblem>): Promise<void> {
  sendProblem(...problem);
}

interface FilterAnswer {
  readonly filter: FilterFile;
  readonly stalledTimeoutMs: number;
  readonly etag: string;
  readonly headers: readonly string[];
}

async function sendFilter(
  { method, headers: asked, socket }: IncomingMessage,
  response: ServerResponse,
  { filter, stalledTimeoutMs, etag, headers: own }: FilterAnswer,
): Promise<void> {
  const { bytes } = filter;
  const headers = ['ETag', etag, 'Accept-Ranges', 'bytes', ...own, ...SHARED_HEADERS];
  if (isNotModified(asked['if-none-match'], etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  // RFC 9110 §14.2: a range of anything but a GET is none.
  const range = method === 'GET' ? wantedRange(asked.range, one(asked['if-range']), etag, bytes) : undefined;
  if (range === 'unsatisfiable')
    return refuse(response, 'RANGE_NOT_SATISFIABLE', ['Content-Range', `bytes */${bytes}`]);
  const { start, end } = range ?? { start: 0, end: bytes };
  headers.push('Content-Type', 'application/octet-stream', 'Content-Length', String(end - start));
  if (range) headers.push('Content-Range', `bytes ${start}-${end - 1}/${bytes}`);
  response.writeHead(range ? 206 : 200, headers);
  if (method === 'HEAD') {
    response.end();
    return;
  }
  socket.setTimeout(stalledTimeoutMs);
  try {
    await pipeline(filter.read(start, end), response);
  } catch (error) {
    // Who leaves in the middle is no failure of the server; a file that cannot be read is.
    if (!response.destroyed || (error as NodeJS.ErrnoException).syscall === 'read') throw error;
  }
}

/** Node's types allow a list where HTTP does not. */
function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
