// GET /range/{prefix}: what clients of Have I Been Pwned's Pwned Passwords ask for, on node:http alone. PROTOCOL.md §13.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseRangePrefix, RANGE_NAMES, type RangeName } from '../../protocol/bucket-id.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { isNotModified, isUnmodifiedSince, preferredCoding } from '../../runtime/http/negotiation.ts';
import { SHARED_HEADERS, sendProblem } from '../../runtime/http/problem.ts';
import { createRangeReader, RANGE_FORMS, type RangeForm, type ReadRange } from '../snapshots/range-bodies.ts';
import type { ServedSnapshot, ServedSnapshots } from '../snapshots/snapshots.ts';

/** Everything that begins so is answered here; the last part of the path, not yet looked at, and the query. */
const RANGE_TARGET = /^\/range(?:\/([^?]*))?(?:\?(.*))?$/;
const MALFORMED = 'The prefix of a range has five hexadecimal digits.';

const METHODS = 'GET, HEAD, OPTIONS';
const PREFLIGHT_HEADERS = [
  'Allow',
  METHODS,
  'Access-Control-Allow-Methods',
  METHODS,
  'Access-Control-Allow-Headers',
  'Add-Padding, Authorization, If-None-Match, If-Modified-Since',
  'Access-Control-Max-Age',
  '86400',
  ...SHARED_HEADERS,
];
const MALFORMED_HEADERS = [
  'Content-Type',
  'text/plain',
  'Content-Length',
  String(MALFORMED.length),
  'Cache-Control',
  'no-store',
  ...SHARED_HEADERS,
];

/** Answers every request below /range. False, and nothing done, for any other. */
export type RangeHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

export function createRangeHandler(snapshots: ServedSnapshots): RangeHandler {
  let answers = createAnswers(snapshots.current);
  return (request, response) => {
    const { method, url = '' } = request;
    if (!url.startsWith('/range')) return false;
    const target = RANGE_TARGET.exec(url);
    if (!target) return false;
    if (method === 'OPTIONS') response.writeHead(204, PREFLIGHT_HEADERS).end();
    else if (method !== 'GET' && method !== 'HEAD') sendProblem(response, 'METHOD_NOT_ALLOWED', ['Allow', METHODS]);
    else {
      // What was held of a snapshot is let go with it.
      if (answers.served !== snapshots.current) answers = createAnswers(snapshots.current);
      answerRange(answers, request, response, target[1] ?? '', target[2]);
    }
    return true;
  };
}

/** Of one snapshot: its ranges, and all headers that do not depend on the range. */
interface Answers {
  readonly served: ServedSnapshot;
  readonly readRange: ReadRange;
  readonly forms: { readonly [name in RangeName]: { readonly [form in RangeForm]: FormHeaders } };
}

interface FormHeaders {
  readonly etag: string;
  readonly headers: readonly string[];
}

function createAnswers(served: ServedSnapshot): Answers {
  const headersOf = (name: RangeName, form: RangeForm): FormHeaders => {
    const etag = `"${served.id}-${name}-${form}"`;
    const headers = [
      'Content-Type',
      'text/plain',
      'ETag',
      etag,
      'Last-Modified',
      served.snapshot.publishedAt.toUTCString(),
      'Credveil-Snapshot',
      served.id,
      'Cache-Control',
      // Compressed on its way, a padded answer would tell its size again.
      form === 'padded' ? 'public, no-cache, no-transform' : 'public, no-cache',
      'Vary',
      'Accept-Encoding, Add-Padding',
      ...(form === 'br' || form === 'gzip' ? ['Content-Encoding', form] : []),
      ...SHARED_HEADERS,
    ];
    return { etag, headers };
  };
  const formsOf = (name: RangeName) =>
    Object.fromEntries(RANGE_FORMS.map((form) => [form, headersOf(name, form)])) as {
      [form in RangeForm]: FormHeaders;
    };
  return {
    served,
    readRange: createRangeReader(served.snapshot, served.rangesHeldBytes),
    forms: Object.fromEntries(RANGE_NAMES.map((name) => [name, formsOf(name)])) as Answers['forms'],
  };
}

function answerRange(
  answers: Answers,
  request: IncomingMessage,
  response: ServerResponse,
  prefix: string,
  query: string | undefined,
): void {
  const range = parseRange(prefix);
  const name = rangeName(query);
  if (range === undefined) response.writeHead(400, MALFORMED_HEADERS).end(MALFORMED);
  else if (!answers.served.snapshot.facts.ranges?.[name]) sendProblem(response, 'INDEX_MISSING');
  else sendRange(answers, request, response, name, range);
}

function sendRange(
  { served, readRange, forms }: Answers,
  { headers: asked }: IncomingMessage,
  response: ServerResponse,
  name: RangeName,
  range: number,
): void {
  const form = wantsPadding(asked['add-padding']) ? 'padded' : preferredCoding(asked['accept-encoding']);
  const { etag, headers } = forms[name][form];
  const ifNoneMatch = asked['if-none-match'];
  // RFC 9110 §13.1.3: beside a tag the date is not looked at.
  const isFresh =
    ifNoneMatch === undefined
      ? isUnmodifiedSince(asked['if-modified-since'], served.snapshot.publishedAt)
      : isNotModified(ifNoneMatch, etag);
  if (isFresh) {
    response.writeHead(304, [...headers]).end();
    return;
  }
  const body = readRange(name, range, form) as Buffer;
  response.writeHead(200, ['Content-Length', String(body.length), ...headers]).end(body);
}

function parseRange(prefix: string): number | undefined {
  try {
    return parseRangePrefix(prefix);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Every other mode is SHA-1, and so is none. */
function rangeName(query: string | undefined): RangeName {
  if (query === undefined || query === 'mode=sha1') return 'sha1';
  return new URLSearchParams(query).get('mode') === 'ntlm' ? 'ntlm' : 'sha1';
}

/** Clients write true; Laravel writes 1. */
function wantsPadding(header: string | string[] | undefined): boolean {
  if (header === undefined) return false;
  return header === 'true' || /(?:^|,)\s*(?:true|1)\s*(?:,|$)/i.test(String(header));
}
