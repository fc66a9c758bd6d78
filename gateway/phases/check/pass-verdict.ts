// Phase 10: the verdict of the last login of a browser, or of a session, goes to the application
// with the next request.

import type { Exchange } from '../../exchange.ts';
import { handleOf } from '../../handle/handles.ts';
import { sentCookies } from '../../login/sent-sessions.ts';
import type { PipelineParts } from '../../pipeline-parts.ts';
import type { RequestHead } from '../../request/head.ts';

/** Pages and calls of scripts: an image is answered by something that reads no header. */
const DESTINATIONS: ReadonlySet<unknown> = new Set([undefined, '', 'document', 'empty', 'frame', 'iframe']);

/** Answered without any handler: of the server, or for nobody to see. */
const UNHANDLED: ReadonlySet<string> = new Set(['OPTIONS', 'HEAD']);
/** Names under which browsers have said that they fetch ahead. */
const PURPOSES = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'];

/** @returns undefined at once where no verdict can wait, which is nearly always */
export function passVerdict(exchange: Exchange, { browsers }: PipelineParts): Promise<void> | undefined {
  const { head, application, upgrade } = exchange;
  if (!browsers || !head || !application || upgrade) return undefined;
  const places = browsers.placesOf(exchange.realm, handleOf(exchange), () => sentCookies(exchange));
  if (places.length === 0 || !isForPages(exchange, head)) return undefined;
  return browsers.takeVerdict(places).then((taken) => {
    if (!taken) return;
    exchange.toOrigin.push('Exposed-Credential-Check', taken.header);
    exchange.giveBack = taken.giveBack;
    if (exchange.response.destroyed) exchange.giveBack();
  });
}

function isForPages({ message: { headers } }: Exchange, head: RequestHead): boolean {
  const isAhead = PURPOSES.some((name) => /prefetch|prerender|preview/i.test(String(headers[name])));
  return !isAhead && !UNHANDLED.has(head.method) && DESTINATIONS.has(headers['sec-fetch-dest']);
}
