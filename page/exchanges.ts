// Describes a recorded exchange from its bytes (PROTOCOL.md §13 and §16).

import { decodeBody } from '../protocol/bucket.ts';
import type { IndexName } from '../protocol/bucket-id.ts';
import { decodeElementsRequest, decodeLookupRequest, decodeLookupResponse } from '../protocol/oprf-messages.ts';
import { SEAL_BYTES } from '../protocol/seal.ts';
import { lowerSiblings, NODE_BYTES, upperSiblings } from '../protocol/signed/merkle.ts';
import { formatCount, formatCounted } from './dom.ts';
import type { Published } from './published.ts';
import type { Exchange } from './traffic.ts';

/** A bucket as received. */
export interface ReceivedBucket {
  readonly index: IndexName;
  readonly bytes: number;
  readonly paddingBytes: number;
  readonly tags: Float64Array;
}

const ROUTE = /\/v1\/(head|statement|sources|datasets|status|lookup|evaluate|account|password)(?=[/?]|$)/;
export type Route =
  | 'head'
  | 'statement'
  | 'sources'
  | 'datasets'
  | 'status'
  | 'lookup'
  | 'evaluate'
  | 'account'
  | 'password'
  | '';

export const routeOf = ({ target }: Exchange): Route => (ROUTE.exec(target)?.[1] ?? '') as Route;

/** What a dataset publishes, the same for everyone. */
export const isPublished = (exchange: Exchange): boolean =>
  ['head', 'statement', 'sources'].includes(routeOf(exchange));

export const isEvaluation = (exchange: Exchange): boolean => ['lookup', 'evaluate'].includes(routeOf(exchange));

/** The bucket in an answer, if it has one. */
export function bucketOf(exchange: Exchange, published: Published): ReceivedBucket | undefined {
  const route = routeOf(exchange);
  if (exchange.status !== 200) return undefined;
  if (route === 'account' || route === 'password') return describeBucket(route, exchange.received, published);
  return route === 'lookup'
    ? describeBucket('account', decodeLookupResponse(exchange.received).body, published)
    : undefined;
}

/** The bodies of all layers follow each other; all but the first have one length. */
function describeBucket(index: IndexName, answer: Uint8Array, { layers }: Published): ReceivedBucket {
  let end = answer.length;
  let paddingBytes = 0;
  const tags: number[] = [];
  for (const [place, { indexes }] of [...layers.entries()].reverse()) {
    const { prefixBits = 0, root, bodyBytes = [] } = indexes[index] ?? {};
    const tailBytes = root === undefined ? SEAL_BYTES : lowerSiblings(prefixBits) * NODE_BYTES;
    const bodyEnd = end - (root === undefined ? 0 : upperSiblings(prefixBits) * NODE_BYTES);
    const start = place === 0 ? 0 : Math.max(0, bodyEnd - (bodyBytes[0] ?? 0));
    const decoded = decodeBody(answer.subarray(start, bodyEnd), tailBytes);
    tags.push(...decoded.tags);
    paddingBytes += bodyEnd - start - decoded.contentBytes - tailBytes;
    end = start;
  }
  return { index, bytes: answer.length, paddingBytes, tags: Float64Array.from(new Set(tags)).sort() };
}

/** The content of a request, in words. */
export function explainRequest(exchange: Exchange, published: Published): string {
  const { sent, target } = exchange;
  switch (routeOf(exchange)) {
    case 'head':
    case 'statement':
    case 'sources':
      return 'Nothing of yours: requests what the dataset publishes.';
    case 'lookup': {
      const prefixBits = published.indexes.account?.prefixBits ?? 0;
      const { bucketId, blindedElements } = decodeLookupRequest(sent, prefixBits);
      return `${formatCounted(sent.length, 'byte')}: bucket ${formatCount(bucketId)} of ${formatCount(2 ** prefixBits)}, and ${formatCounted(blindedElements.length, 'blinded element')}.`;
    }
    case 'evaluate':
      return `${formatCounted(sent.length, 'byte')}: ${formatCounted(decodeElementsRequest(sent).length, 'blinded element')}.`;
    case 'account':
    case 'password': {
      const [, index = '', prefix = ''] = /\/v1\/(account|password)\/([0-9a-f]+)/.exec(target) ?? [];
      const prefixBits = published.indexes[index as IndexName]?.prefixBits ?? 0;
      const of = `${formatCount(Number.parseInt(prefix, 16))} of ${formatCount(2 ** prefixBits)}`;
      return `No body. The path names ${index} bucket ${of}.`;
    }
    default:
      return '';
  }
}

/** The purpose of a request, for the list of all requests. */
export function purposeOf(exchange: Exchange): string {
  const route = routeOf(exchange);
  if (route === 'datasets') return 'Lists the datasets';
  if (route === 'head') return 'Names the current statement, and until when';
  if (route === 'statement') return 'What the snapshot is, as its publisher stated it';
  if (route === 'sources') return 'The list of sources';
  if (exchange.phase === 'trust') return 'Has one element evaluated, to test the server’s key';
  switch (route) {
    case 'lookup':
      return 'Blinded elements out; evaluated ones and the account bucket back';
    case 'evaluate':
      return 'Blinded elements out, evaluated ones back';
    case 'account':
      return 'The bucket of the username';
    case 'password':
      return 'The bucket of the password';
    default:
      return '';
  }
}
