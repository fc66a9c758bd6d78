// The public keys of assertions, at a fixed path of the gateway's own host: RFC 7517 §5.

import { Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { needingState } from '../identity/routes/route.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { GatewaySetup } from '../setup.ts';

const PATH = '/.well-known/jwks.json';
/** A key is published long before it signs. */
const MAX_AGE_S = 3_600;

export const isKeySet = ({ head }: Exchange, { authHost }: GatewaySetup): boolean =>
  authHost !== undefined && head?.host === authHost && head.path === PATH;

/** @throws Refusal */
export async function answerKeySet(exchange: Exchange, { people, observe }: PipelineParts): Promise<void> {
  const { head, response, now } = exchange;
  if (head?.method !== 'GET' && head?.method !== 'HEAD') throw new Refusal('METHOD_REFUSED');
  if (!people) throw new Refusal('ROUTE_UNKNOWN');
  const keys = await needingState(() => people.assertions.keySet(now));
  const body = JSON.stringify(keys);
  response.writeHead(200, {
    'Content-Type': 'application/jwk-set+json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': `public, max-age=${MAX_AGE_S}`,
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(head.method === 'HEAD' ? undefined : body);
  observe.allowed(exchange);
}
