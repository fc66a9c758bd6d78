// Pages with scripts, on the gateway's own host: files that are the same for everybody. What they
// show, their scripts ask for.

import { createPageFiles, PAGE_HEADERS } from '../../../runtime/pages/pages.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { objectOf } from '../../header-pairs.ts';
import type { RouteParts } from './route.ts';

const files = createPageFiles({ '/step-up': 'people/step-up', '/enrol': 'people/enrol' });
const YEAR_S = 31_536_000;

/** @throws Refusal `ROUTE_UNKNOWN` */
export async function answerPage(exchange: Exchange, { observe }: RouteParts): Promise<void> {
  const { head, response } = exchange;
  const path = head?.path ?? '';
  const file = (await files()).get(path);
  if (!file) throw new Refusal('ROUTE_UNKNOWN');
  // The name of an asset changes with what it has.
  const cache = path.startsWith('/assets/') ? `public, max-age=${YEAR_S}, immutable` : 'no-store';
  const own = ['Content-Type', file.contentType, 'Content-Length', String(file.bytes.length), 'Cache-Control', cache];
  response.writeHead(200, objectOf([...own, ...PAGE_HEADERS]));
  response.end(head?.method === 'HEAD' ? undefined : file.bytes);
  observe.allowed(exchange);
}
