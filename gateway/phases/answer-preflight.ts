// What a browser asks before a request of another origin: Fetch §4.8. It asks without cookies, so
// that nobody is known; many applications run for OPTIONS as for GET. The gateway answers itself.

import type { Exchange } from '../exchange.ts';
import { objectOf } from '../header-pairs.ts';
import type { AccessConfig } from '../identity/access/access-schema.ts';

type Cors = NonNullable<AccessConfig['cors']>;

/** @returns whether it was one that the configuration answers */
export function answerPreflight({ head, message, response }: Exchange, cors: Cors | undefined): boolean {
  const { origin, 'access-control-request-method': method } = message.headers;
  if (!cors || head?.method !== 'OPTIONS' || head.body !== 0) return false;
  if (origin === undefined || method === undefined || !cors.origins.includes(origin)) return false;
  const headers = [
    'Access-Control-Allow-Origin',
    origin,
    'Access-Control-Allow-Credentials',
    'true',
    'Access-Control-Allow-Methods',
    cors.methods.join(', '),
    ...(cors.headers.length > 0 ? ['Access-Control-Allow-Headers', cors.headers.join(', ')] : []),
    'Access-Control-Max-Age',
    String(cors.maxAge / 1_000),
    'Vary',
    'Origin',
    'Cache-Control',
    'no-store',
  ];
  response.writeHead(204, objectOf(headers));
  response.end();
  return true;
}
