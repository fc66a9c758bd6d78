// GET /v1/{account|password}/{prefix}: the hot path, on node:http alone. PROTOCOL.md §6, §7.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BucketId, EntryTag } from '../../protocol/brands.ts';
import { decodeBody } from '../../protocol/bucket.ts';
import { type IndexName, parsePrefix } from '../../protocol/bucket-id.ts';
import { formatTag } from '../../protocol/entry.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { isNotModified, prefersText } from '../../runtime/http/negotiation.ts';
import { DATA_HEADERS, sendProblem } from '../../runtime/http/problem.ts';
import type { ProblemCode } from '../../runtime/http/problems.ts';
import type { ServedSnapshot, ServedSnapshots } from '../snapshots/snapshots.ts';
import { wantedSnapshot } from './snapshot-query.ts';

/** A path that names a bucket, its prefix not yet looked at, and what follows the question mark. */
const BUCKET_TARGET = /^\/v1\/(account|password)\/([^/?]*)(?:\?(.*))?$/;
/** 12 hex digits and a line feed. */
const TEXT_ENTRY_BYTES = 13;

const NEWEST = 'public, no-cache, no-transform';
/** The URL names the snapshot, and a snapshot never changes. */
const PINNED = 'public, max-age=31536000, immutable, no-transform';

const VARYING_HEADERS = ['Vary', 'Accept', ...DATA_HEADERS];

/** Answers GET and HEAD of a bucket. False, and nothing done, for any other request. */
export type BucketHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

export function createBucketHandler(snapshots: ServedSnapshots): BucketHandler {
  return (request, response) => {
    const { method } = request;
    if (method !== 'GET' && method !== 'HEAD') return false;
    const target = BUCKET_TARGET.exec(request.url ?? '');
    if (!target) return false;
    const [, index, prefix, query] = target as unknown as [string, IndexName, string, string | undefined];
    const found = findBucket(snapshots, index, prefix, query);
    if (typeof found === 'string') sendProblem(response, found);
    else sendBucket(request, response, found);
    return true;
  };
}

interface FoundBucket {
  readonly served: ServedSnapshot;
  readonly index: IndexName;
  readonly id: BucketId;
  readonly maxEntries: number;
  readonly cacheControl: string;
}

function findBucket(
  snapshots: ServedSnapshots,
  index: IndexName,
  prefix: string,
  query: string | undefined,
): FoundBucket | ProblemCode {
  const served = wantedSnapshot(snapshots, query);
  if (typeof served === 'string') return served;
  const facts = served.snapshot.facts.indexes[index];
  if (!facts) return 'INDEX_MISSING';
  try {
    const id = parsePrefix(prefix, facts.prefixBits);
    const cacheControl = query === undefined ? NEWEST : PINNED;
    return { served, index, id, maxEntries: facts.maxEntries, cacheControl };
  } catch (error) {
    if (error instanceof ProtocolError) return 'PREFIX_MALFORMED';
    throw error;
  }
}

function sendBucket(request: IncomingMessage, response: ServerResponse, found: FoundBucket): void {
  const { served, index, id, maxEntries, cacheControl } = found;
  const snapshotId = served.id;
  const asText = prefersText(request.headers.accept);
  // Two forms under one URL: were their tags equal, a cache could be told to use one for the other.
  const etag = asText ? `"${snapshotId}-text"` : `"${snapshotId}"`;
  const headers = [
    'ETag',
    etag,
    'Credveil-Snapshot',
    snapshotId,
    'Cache-Control',
    cacheControl,
    'Content-Type',
    asText ? 'text/plain; charset=utf-8' : 'application/octet-stream',
    ...VARYING_HEADERS,
  ];
  if (isNotModified(request.headers['if-none-match'], etag)) {
    response.writeHead(304, headers).end();
    return;
  }
  const bytes = served.readBody(index, id) as Buffer;
  const body = asText ? textBody(bytes, maxEntries) : bytes;
  headers.push('Content-Length', String(body.length));
  response.writeHead(200, headers).end(body);
}

/** One tag a line, then line feeds up to the length of the index's largest bucket. */
function textBody(body: Uint8Array, maxEntries: number): Buffer {
  const text = Buffer.alloc(maxEntries * TEXT_ENTRY_BYTES, '\n');
  let at = 0;
  for (const tag of decodeBody(body).tags) {
    text.write(formatTag(tag as EntryTag), at, 'latin1');
    at += TEXT_ENTRY_BYTES;
  }
  return text;
}
