// Another proxy asks whether a request may go on: the phases without connection, body and response.

import { Refusal } from '../answers/kinds.ts';
import { judgePath } from '../applications.ts';
import type { Exchange } from '../exchange.ts';
import { type Pair, pairsOf } from '../header-pairs.ts';
import { assertAccess } from '../phases/access.ts';
import { blockedBy } from '../phases/apply-actions.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { clientAddress } from '../request/client-address.ts';
import { readHead } from '../request/head.ts';
import type { GatewaySetup } from '../setup.ts';
import { type ForwardAuthKind, originalRequest } from './original-request.ts';

/** nginx takes any other refusal for a fault of the gateway. */
const STATUS_OF_NGINX = 403;

/** Answers 200 with the headers that rules set, or refuses as the proxy passes it on. */
export async function answerQuestion(
  exchange: Exchange,
  kind: ForwardAuthKind,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const { message, response, peer } = exchange;
  const { config, applications, askers } = setup;
  try {
    const question = readHead(message, config.limits);
    exchange.head = question;
    const { head, isSecure } = originalRequest(question, kind, config.limits);
    exchange.head = head;
    exchange.isSecure = isSecure;
    exchange.client = clientAddress(peer.address, head.forwardedFor, askers);
    exchange.found = applications.find(head);
    const verdict = judgePath(head, exchange.found);
    // The proxy forwards the path as it came.
    if ('redirect' in verdict || verdict.path !== head.path) throw new Refusal('PATH_AMBIGUOUS');
    assertNoTwins(exchange);
    await assertAccess(exchange, setup, parts);
    const blocking = blockedBy(exchange, parts);
    if (!blocking) {
      response.writeHead(200, ['Content-Length', '0', 'Cache-Control', 'no-store', ...headersFor(exchange)]);
      response.end();
      parts.observe.allowed(exchange);
      return;
    }
    const custom = kind === 'nginx' ? { ...blocking.block, status: STATUS_OF_NGINX } : blocking.block;
    exchange.answer('BLOCKED', { custom });
    parts.observe.blocked(exchange);
  } catch (error) {
    if (!(error instanceof Refusal)) parts.observe.failed(exchange, error);
    const code = error instanceof Refusal ? error.code : 'INTERNAL';
    // Whatever cannot be judged does not go on.
    exchange.answer(code, kind === 'nginx' ? { custom: { status: STATUS_OF_NGINX } } : {});
    parts.observe.answered(exchange, code);
  }
}

/**
 * The proxy replaces a header by its name alone. Applications behind CGI and WSGI read
 * `Remote_User` as the same, and get the client's.
 * @throws Refusal `HEADER_AMBIGUOUS`
 */
function assertNoTwins({ application, head }: Exchange): void {
  const setNames = application?.setNames;
  if (!head || !setNames || setNames.isEmpty) return;
  const isTwin = ([name]: Pair): boolean => /[^A-Za-z0-9-]/.test(name) && setNames.has(name);
  if (pairsOf(head.headers).some(isTwin)) throw new Refusal('HEADER_AMBIGUOUS');
}

/**
 * What the gateway says to the application, and an empty value for what it might have said: proxies
 * would pass on the client's, or the name of a variable without a value.
 */
function headersFor({ application, added, toOrigin }: Exchange): string[] {
  const headers = new Map(application?.setNames.names.map((name) => [name, '']));
  for (const [name, value] of [...added, ...pairsOf(toOrigin)]) headers.set(name, value);
  return [...headers].flat();
}
