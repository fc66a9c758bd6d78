// Phases 11 to 13: to the application, back to the client, and what is told of it.

import { formatAddress } from '../addresses/address.ts';
import type { Exchange } from '../exchange.ts';
import { pairsOf } from '../header-pairs.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { lettersOf } from '../request/reserved-names.ts';
import { WHOLE_SERVER } from '../request/target.ts';
import type { GatewaySetup } from '../setup.ts';
import { forwardCarefully } from '../upstream/careful.ts';
import { forward } from '../upstream/forward.ts';
import type { Outcome } from '../upstream/forwarding.ts';

export function forwardRequest(
  exchange: Exchange,
  target: string,
  parts: PipelineParts,
  { config }: GatewaySetup,
): void {
  const { message, response, head, application, upgrade } = exchange;
  if (!head || !application) return;
  const { limits } = config;
  const forwarding = {
    message,
    response,
    method: head.method,
    target,
    headers: headersFor(exchange),
    body: head.body,
    onSlowClient: (resume: () => void) => parts.budget.wait(response, limits.stalledTimeoutMs, resume),
  };
  if (head.body !== 0) parts.bodyRates.watch(message);
  const done = (outcome: Outcome): void => {
    if ('failure' in outcome && (outcome.failure === 'UPSTREAM_FAILED' || outcome.failure === 'UPSTREAM_TIMEOUT'))
      exchange.answer(outcome.failure);
    parts.observe.forwarded(exchange, outcome);
  };
  if (upgrade || head.expectsContinue || head.hasTrailers || target === WHOLE_SERVER) {
    const { expectsContinue } = head;
    forwardCarefully(application.origin, { ...forwarding, expectsContinue, ...(upgrade && { upgrade }) }, done);
  } else forward(application.origin, forwarding, done);
}

/** What the application gets: the client's headers, and those that only the gateway may send. */
function headersFor({ head, application, client, isSecure, added }: Exchange): string[] {
  if (!head || !application || !client) return [];
  const { config, origin } = application;
  const address = formatAddress(client);
  const headers = ['Host', config.upstream.host === 'origin' ? origin.host : head.authority, ...head.headers];
  const { headers: ofRules } = application.rules;
  if (ofRules.length > 0) setHeaders(headers, ofRules, added);
  if (typeof head.body === 'number' && head.body > 0) headers.push('Content-Length', String(head.body));
  if (config.keep.length > 0) headers.push(...kept(head.reserved, application.kept));
  headers.push(
    'X-Forwarded-For',
    address,
    'X-Forwarded-Proto',
    isSecure ? 'https' : 'http',
    'X-Forwarded-Host',
    head.authority,
    'X-Real-IP',
    address,
  );
  return headers;
}

/**
 * A name that a rule of the application may set is the gateway's to say: whatever the client sends
 * under it, in any spelling, does not arrive, whether the rule applies or not.
 */
function setHeaders(headers: string[], names: readonly string[], added: ReadonlyMap<string, string>): void {
  const letters = new Set(names.map(lettersOf));
  const others = pairsOf(headers).filter(([name]) => !letters.has(lettersOf(name)));
  headers.splice(0, headers.length, ...others.flat(), ...[...added].flat());
}

/** The reserved headers that the configuration lets through to this application. */
const kept = (reserved: readonly string[], names: ReadonlySet<string>): string[] =>
  pairsOf(reserved)
    .filter(([name]) => names.has(lettersOf(name)))
    .flat();
