// A login whose name was typed on a page before.

import type { Exchange } from '../../exchange.ts';
import { headerValues, pairsOf } from '../../header-pairs.ts';

/** What browsers send with a form, and proxies add. */
const OF_FORMS = new Set([
  ...['accept', 'accept-charset', 'accept-encoding', 'accept-language', 'content-length', 'content-type', 'cookie'],
  ...['host', 'origin', 'referer', 'user-agent', 'upgrade-insecure-requests', 'dnt', 'save-data', 'x-requested-with'],
  ...['cache-control', 'pragma', 'priority', 'connection', 'keep-alive', 'te', 'transfer-encoding', 'alt-used'],
  ...['via', 'forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto'],
]);
/** Browsers let no page choose these. */
const OF_BROWSERS = /^sec-(?:fetch-|ch-|gpc$|purpose$)/;

/**
 * Whom it signs in is sure where nothing else is in its head that may sign in somebody, such as a
 * header, or a cookie that is none of a session.
 * Its path is as the location spells it: there may be a ticket behind it, too.
 */
export function isOfNameless(
  { head, hold, attempt }: Exchange,
  rise: { readonly isSure: boolean } | undefined,
): boolean {
  if (!rise?.isSure || !head || !hold || !attempt) return false;
  const cookies = headerValues(head.headers, 'cookie').flatMap((value) => value.split(';'));
  const isOther = (pair: string): boolean =>
    pair.trim() !== '' && !hold.rules.names.isSession(pair.slice(0, Math.max(0, pair.indexOf('='))));
  const names = pairsOf(head.headers).map(([name]) => name.toLowerCase());
  const isOfForm = names.every((name) => OF_FORMS.has(name) || OF_BROWSERS.test(name));
  const isPlain = attempt.logins.every(({ when }) => when.rule.source.includes(`"${head.path}"`));
  return (head.query ?? '') === '' && isPlain && isOfForm && !cookies.some(isOther);
}
