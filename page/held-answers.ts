// What the page has fetched already, for its checker, which asks for head and statement as any
// client does. It verifies both; the page read the same bytes for display.

import type { Traffic } from './traffic.ts';

/** A checker uses a head as long before it asks for a newer one. */
const HEAD_MS = 60_000;

/** The traffic's fetch, except for what was fetched before. */
export function createHeldFetch(traffic: Traffic): typeof fetch {
  let isFirst = true;
  return async (input, init) => {
    const { pathname, search } = new URL(String(input));
    const isAsked = (route: string): boolean => pathname.includes(`/v1/${route}`);
    const isFirstHead = isFirst && isAsked('head');
    if (isFirstHead) isFirst = false;
    const held = traffic.exchanges.findLast(({ target, status }) => target === pathname + search && status === 200);
    // Once: whoever asks again wants to know what is current by then.
    const isHead = isFirstHead && held !== undefined && performance.now() - held.endedAt < HEAD_MS;
    // A statement never changes, and its head names it by its digest.
    return held && (isHead || isAsked('statement/')) ? new Response(held.received.slice()) : traffic.fetch(input, init);
  };
}
