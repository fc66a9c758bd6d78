// Phase 10: the verdict of a browser's last login goes to the application with its next request.

import type { Exchange } from '../exchange.ts';
import { handleOf } from '../handle/handles.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { RequestHead } from '../request/head.ts';

/** Pages and calls of scripts: an image is answered by something that reads no header. */
const DESTINATIONS: ReadonlySet<unknown> = new Set([undefined, '', 'document', 'empty', 'frame', 'iframe']);

/** Answered without any handler: of the server, or for nobody to see. */
const UNHANDLED: ReadonlySet<string> = new Set(['OPTIONS', 'HEAD']);
/** Names under which browsers have said that they fetch ahead. */
const PURPOSES = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'];

/** @returns undefined at once where no verdict can wait, which is nearly always */
export function passVerdict(exchange: Exchange, { browsers }: PipelineParts): Promise<void> | undefined {
  const { head, application, upgrade } = exchange;
  if (!browsers || !head || !application || head.ownCookies.size === 0 || upgrade) return undefined;
  const handle = handleOf(exchange);
  if (handle === undefined || !isForPages(exchange, head)) return undefined;
  return browsers.takeVerdict(application.name, handle)?.then((header) => {
    if (header === undefined) return;
    exchange.toOrigin.push('Exposed-Credential-Check', header);
    exchange.giveBack = () => void browsers.giveBack(application.name, handle, header);
    if (exchange.response.destroyed) exchange.giveBack();
  });
}

function isForPages({ message: { headers } }: Exchange, head: RequestHead): boolean {
  const isAhead = PURPOSES.some((name) => /prefetch|prerender|preview/i.test(String(headers[name])));
  return !isAhead && !UNHANDLED.has(head.method) && DESTINATIONS.has(headers['sec-fetch-dest']);
}
