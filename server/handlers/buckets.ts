// GET /v1/{account|password}/{prefix}: the hot path, on node:http alone. PROTOCOL.md §6, §7.

import type { BucketId, EntryTag } from '../../protocol/brands.ts';
import { type IndexName, parsePrefix } from '../../protocol/bucket-id.ts';
import { formatTag } from '../../protocol/entry.ts';
import { ProtocolError } from '../../protocol/errors.ts';
import { CACHE_RULES, DATA_HEADERS, type HeaderBlock, headerBlock } from '../../runtime/http/headers.ts';
import { prefersText } from '../../runtime/http/negotiation.ts';
import { ProblemError } from '../../runtime/http/problem.ts';
import type { PaddedBody } from '../../store/snapshot/snapshot.ts';
import type { CreateHandler } from '../exchange.ts';
import { giveBack } from '../snapshots/bucket-bodies.ts';
import type { ServedSnapshot } from '../snapshots/snapshots.ts';
import { replyCharged } from './charged-reply.ts';
import { requestedSnapshot } from './snapshot-query.ts';

/** 12 hex digits and a line feed. */
const TEXT_ENTRY_BYTES = 13;

/** One form of a snapshot's buckets: its ETag, and its headers with it. */
interface Form {
  readonly etag: string;
  readonly headers: HeaderBlock;
}

interface Forms {
  readonly bytes: Form;
  readonly text: Form;
}

export const createBucketHandler =
  (index: IndexName): CreateHandler =>
  ({ service: { snapshots } }) => {
    const formsOf = rememberForms();
    return (exchange) => {
      const { query, parameter } = exchange;
      const served = requestedSnapshot(snapshots, query);
      const facts = served.snapshot.facts.indexes[index];
      if (!facts) throw new ProblemError('INDEX_MISSING');
      const id = parseBucketId(parameter, facts.prefixBits);
      const asText = prefersText(exchange.request.headers.accept);
      const { etag, headers } = asText ? formsOf(served).text : formsOf(served).bytes;
      const cache = query === undefined ? exchange.cache : CACHE_RULES.pinned;
      if (exchange.hasFresh(etag)) return exchange.reply(304, headers, undefined, cache);
      if (asText)
        return replyCharged(exchange, headers, textBody(served.snapshot.tags(index, id), facts.maxEntries), cache);
      const body = served.readBody(index, id) as PaddedBody;
      // A body that is held is never given back: a listener for nothing would cost a microsecond.
      const onSent = body.room && (() => giveBack(body));
      return replyCharged(exchange, headers, body.bytes, cache, onSent);
    };
  };

/** Prepares the headers of a snapshot once. They are released with it. */
function rememberForms(): (served: ServedSnapshot) => Forms {
  const remembered = new WeakMap<ServedSnapshot, Forms>();
  return (served) => {
    let forms = remembered.get(served);
    if (!forms) {
      forms = {
        bytes: createForm(served.id, `"${served.id}"`, 'application/octet-stream'),
        // Two forms under one URL need two tags, or a cache could answer with one for the other.
        text: createForm(served.id, `"${served.id}-text"`, 'text/plain; charset=utf-8'),
      };
      remembered.set(served, forms);
    }
    return forms;
  };
}

function createForm(snapshot: string, etag: string, contentType: string): Form {
  const headers = headerBlock({
    ETag: etag,
    'Credveil-Snapshot': snapshot,
    'Content-Type': contentType,
    Vary: 'Accept',
  });
  return { etag, headers: [...headers, ...DATA_HEADERS] };
}

function parseBucketId(prefix: string, prefixBits: number): BucketId {
  try {
    return parsePrefix(prefix, prefixBits);
  } catch (error) {
    if (error instanceof ProtocolError) throw new ProblemError('PREFIX_MALFORMED');
    throw error;
  }
}

/** One tag per line, then line feeds up to the length of the index's largest bucket. */
function textBody(tags: Float64Array, maxEntries: number): Buffer {
  const text = Buffer.alloc(maxEntries * TEXT_ENTRY_BYTES, '\n');
  let at = 0;
  for (const tag of tags) {
    text.write(formatTag(tag as EntryTag), at, 'latin1');
    at += TEXT_ENTRY_BYTES;
  }
  return text;
}
