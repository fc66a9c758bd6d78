// Of a body that is too long to be read before it is forwarded, the rest is looked through on its
// way: the application never gets a login to its end that was not read.

import { EventEmitter } from 'node:events';
import type { Exchange } from '../exchange.ts';
import type { LoginScan } from '../login/read-login.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { isUnreadableLimited } from './limit-login.ts';

const WHY = 'it has its password behind more than a login needs';

/** @param stop is aborted before the piece with the password's name is sent */
export function scanBody(
  exchange: Exchange,
  scans: readonly LoginScan[],
  stop: AbortController,
  { observe }: PipelineParts,
): void {
  const isPassed = exchange.application?.logins.passesUnreadable === true;
  let isFound = false;
  // A stream's own way to add a listener would start the body, which nobody may be ready to read.
  EventEmitter.prototype.on.call(exchange.message, 'data', (piece: Buffer) => {
    const found = isFound ? undefined : scans.find(({ scan }) => scan.push(piece));
    if (!found) return;
    isFound = true;
    observe.unreadable(exchange, found.login.name, WHY, isPassed);
    if (!isPassed) stop.abort('LOGIN_TOO_LARGE');
  });
}

/** Answers a request that was stopped on its way. */
export async function refuseLate(exchange: Exchange, parts: PipelineParts): Promise<void> {
  try {
    if (await isUnreadableLimited(exchange, parts)) return;
    exchange.answer('LOGIN_TOO_LARGE');
    parts.observe.answered(exchange, 'LOGIN_TOO_LARGE');
  } catch (error) {
    parts.observe.answered(exchange, exchange.refuse(error));
  }
}
