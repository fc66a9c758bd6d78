// Phase 10: the verdict of a browser's last login goes to the application with its next request.

import type { Exchange } from '../exchange.ts';
import { HANDLE_COOKIE } from '../handle/handles.ts';
import type { PipelineParts } from '../pipeline-parts.ts';

/** Pages and calls of scripts: an image is answered by something that reads no header. */
const DESTINATIONS: ReadonlySet<unknown> = new Set([undefined, '', 'document', 'empty', 'frame', 'iframe']);

/** @returns undefined at once where no verdict can wait, which is nearly always */
export function passVerdict(exchange: Exchange, { browsers }: PipelineParts): Promise<void> | undefined {
  const { head, application, isSecure, upgrade } = exchange;
  if (!browsers || !head || !application || head.ownCookies.size === 0 || upgrade) return undefined;
  const handle = HANDLE_COOKIE.in(head.ownCookies, isSecure);
  if (handle === undefined || !isForPages(exchange)) return undefined;
  return browsers.takeVerdict(application.name, handle)?.then((header) => {
    if (header === undefined) return;
    exchange.toOrigin.push('Exposed-Credential-Check', header);
    exchange.giveBack = () => void browsers.giveBack(application.name, handle, header);
    if (exchange.response.destroyed) exchange.giveBack();
  });
}

function isForPages({ message: { headers } }: Exchange): boolean {
  const purpose = headers['sec-purpose'];
  const isPrefetch = purpose !== undefined && String(purpose).includes('prefetch');
  return !isPrefetch && DESTINATIONS.has(headers['sec-fetch-dest']);
}
