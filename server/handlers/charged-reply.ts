// Replies whose body counts against a client's quota of bytes.

import type { HeaderBlock } from '../../runtime/http/headers.ts';
import type { ServiceExchange } from '../exchange.ts';

/**
 * Charges the bytes of a body that the exchange is about to send. @throws ProblemError
 * `QUOTA_EXCEEDED`
 */
export function chargeBody({ admission, method }: ServiceExchange, bytes: number): void | Promise<void> {
  // The response to HEAD has no body.
  if (!admission.countsBytes || method === 'HEAD') return;
  return admission.take({ requests: 0, evaluations: 0, bytes });
}

/** Charges the body, then replies with 200. @param onSent as in Exchange.reply */
export function replyCharged(
  exchange: ServiceExchange,
  headers: HeaderBlock,
  body: Uint8Array,
  cache = exchange.cache,
  onSent?: () => void,
): void | Promise<void> {
  const charged = chargeBody(exchange, body.length);
  return charged
    ? charged.then(() => exchange.reply(200, headers, body, cache, onSent))
    : exchange.reply(200, headers, body, cache, onSent);
}
