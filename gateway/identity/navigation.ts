// Whether somebody looks at the answer: pages can lead on to a sign-in, programs have to be told.

import { prefersPage } from '../answers/answer.ts';
import type { Exchange } from '../exchange.ts';

/** Of a browser that shows what it gets. Browsers without Sec-Fetch-Mode name text/html. */
export function isNavigation({ head, message, upgrade }: Pick<Exchange, 'head' | 'message' | 'upgrade'>): boolean {
  if (!head || upgrade) return false;
  const { headers } = message;
  const mode = headers['sec-fetch-mode'];
  if (mode !== undefined) return mode === 'navigate';
  return headers['x-requested-with'] === undefined && prefersPage(headers.accept);
}

/** What a page asks, and not another site or a program. Old browsers send Origin with a POST. */
export function isSameOrigin({ head, message, isSecure }: Pick<Exchange, 'head' | 'message' | 'isSecure'>): boolean {
  const { headers } = message;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return head !== undefined && headers.origin === originOf({ head, isSecure });
}

/** The origin that a request was sent to, as browsers write it. */
export const originOf = ({ head, isSecure }: Pick<Exchange, 'head' | 'isSecure'>): string =>
  `${isSecure ? 'https' : 'http'}://${head?.authority.toLowerCase() ?? ''}`;

/**
 * What another site, or another host of the same site, has sent. Browsers without Sec-Fetch-Site
 * (all of them under plain HTTP) name the page in Origin with a POST.
 */
export function isOfOtherHost({ head, message: { headers } }: Pick<Exchange, 'head' | 'message'>): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'cross-site' || site === 'same-site';
  const { origin } = headers;
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).hostname !== head?.host);
}
