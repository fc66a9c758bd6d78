// Replies of the small documents: JSON, and bodies with an entity tag.

import { DATA_HEADERS, type HeaderBlock, headerBlock } from '../../runtime/http/headers.ts';
import type { ServiceExchange } from '../exchange.ts';

export const JSON_HEADERS: HeaderBlock = [...headerBlock({ 'Content-Type': 'application/json' }), ...DATA_HEADERS];

export const replyJson = (exchange: ServiceExchange, value: object): void =>
  exchange.reply(200, JSON_HEADERS, Buffer.from(JSON.stringify(value)));

export function replyTagged(exchange: ServiceExchange, etag: string, headers: HeaderBlock, body: Buffer): void {
  const tagged = ['ETag', etag, ...headers];
  if (exchange.hasFresh(etag)) exchange.reply(304, tagged);
  else exchange.reply(200, tagged, body);
}
