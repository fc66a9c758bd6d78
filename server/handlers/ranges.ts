// GET /range/{prefix}: what clients of Have I Been Pwned's Pwned Passwords request, on node:http
// alone. PROTOCOL.md §13.

import { parseRangePrefix, RANGE_NAMES, type RangeName } from '../../protocol/bucket-id.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import {
  CACHE_RULES,
  type CacheRule,
  type HeaderBlock,
  headerBlock,
  SHARED_HEADERS,
} from '../../runtime/http/headers.ts';
import { isUnmodifiedSince, preferredCoding } from '../../runtime/http/negotiation.ts';
import { ProblemError } from '../../runtime/http/problem.ts';
import type { CreateHandler, ServiceExchange } from '../exchange.ts';
import type { SentBody } from '../snapshots/held-ranges.ts';
import { createRangeReader, RANGE_FORMS, type RangeForm, type ReadRange } from '../snapshots/range-bodies.ts';
import type { ServedSnapshot } from '../snapshots/snapshots.ts';
import { replyCharged } from './charged-reply.ts';

/** Have I Been Pwned answers a malformed prefix in plain text. */
const MALFORMED = Buffer.from('The prefix of a range has five hexadecimal digits.');
const MALFORMED_HEADERS: HeaderBlock = [...headerBlock({ 'Content-Type': 'text/plain' }), ...SHARED_HEADERS];

export const createRangeHandler: CreateHandler = ({ service: { snapshots } }) => {
  let answers = createAnswers(snapshots.current);
  return (exchange) => {
    // The bodies that are held of a snapshot are released with it.
    if (answers.served !== snapshots.current) answers = createAnswers(snapshots.current);
    const range = parseRange(exchange.parameter);
    if (range === undefined) return exchange.reply(400, MALFORMED_HEADERS, MALFORMED, CACHE_RULES.never);
    const name = rangeName(exchange.query);
    if (!answers.served.snapshot.facts.ranges?.[name]) throw new ProblemError('INDEX_MISSING');
    // Before any 304: 200 would mean that nothing leaked, and clients take 503 for a failure.
    if (answers.served.snapshot.isGap(name, range)) throw new ProblemError('RANGE_MISSING');
    return replyRange(answers, exchange, name, range);
  };
};

/** The ranges of one snapshot, and all headers that do not depend on the range. */
interface Answers {
  readonly served: ServedSnapshot;
  readonly readRange: ReadRange;
  readonly forms: { readonly [name in RangeName]: { readonly [form in RangeForm]: FormHeaders } };
}

interface FormHeaders {
  readonly etag: string;
  readonly headers: HeaderBlock;
  readonly cache: CacheRule;
}

function createAnswers(served: ServedSnapshot): Answers {
  const headersOf = (name: RangeName, form: RangeForm): FormHeaders => {
    const etag = `"${served.id}-${name}-${form}"`;
    const headers = headerBlock({
      'Content-Type': 'text/plain',
      ETag: etag,
      'Last-Modified': served.snapshot.publishedAt.toUTCString(),
      'Credveil-Snapshot': served.id,
      Vary: 'Accept-Encoding, Add-Padding',
      ...((form === 'br' || form === 'gzip') && { 'Content-Encoding': form }),
    });
    // Compressed on the way, a padded body would reveal its size again.
    const cache = form === 'padded' ? CACHE_RULES.revalidateExact : CACHE_RULES.revalidate;
    return { etag, headers: [...headers, ...SHARED_HEADERS], cache };
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

function replyRange(
  { served, readRange, forms }: Answers,
  exchange: ServiceExchange,
  name: RangeName,
  range: number,
): void | Promise<void> {
  const { headers: asked } = exchange.request;
  const form = wantsPadding(asked['add-padding']) ? 'padded' : preferredCoding(asked['accept-encoding']);
  const { etag, headers, cache } = forms[name][form];
  // RFC 9110 §13.1.3: If-None-Match takes precedence over the date.
  const isFresh =
    asked['if-none-match'] === undefined
      ? isUnmodifiedSince(asked['if-modified-since'], served.snapshot.publishedAt)
      : exchange.hasFresh(etag);
  if (isFresh) return exchange.reply(304, headers, undefined, cache);
  const { bytes, onSent } = readRange(name, range, form) as SentBody;
  return replyCharged(exchange, headers, bytes, cache, onSent);
}

function parseRange(prefix: string): number | undefined {
  try {
    return parseRangePrefix(prefix);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Any other mode is SHA-1, and so is a missing one. */
function rangeName(query: string | undefined): RangeName {
  if (query === undefined || query === 'mode=sha1') return 'sha1';
  return new URLSearchParams(query).get('mode') === 'ntlm' ? 'ntlm' : 'sha1';
}

/** Clients write true; Laravel writes 1. */
function wantsPadding(header: string | string[] | undefined): boolean {
  if (header === undefined) return false;
  return header === 'true' || /(?:^|,)\s*(?:true|1)\s*(?:,|$)/i.test(String(header));
}
