// The way of a request, from top to bottom. The phases have one order, which no configuration
// changes; ARCHITECTURE.md follows a request through them.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { formatAddress } from './addresses/address.ts';
import { sendRedirect } from './answers/answer.ts';
import { Refusal } from './answers/kinds.ts';
import { judgePath } from './applications.ts';
import type { BufferBudget } from './connection/buffer-budget.ts';
import { peerOf } from './connection/peer.ts';
import { Exchange } from './exchange.ts';
import { pairsOf } from './header-pairs.ts';
import type { Lists } from './lists/lists.ts';
import type { Observe } from './observe/observe.ts';
import { applyRules } from './phases/rules.ts';
import type { BodyRates } from './request/body-rate.ts';
import { clientAddress, isIn } from './request/client-address.ts';
import { readHead } from './request/head.ts';
import { lettersOf } from './request/reserved-names.ts';
import type { GatewayState } from './state.ts';
import { forwardCarefully } from './upstream/careful.ts';
import { forward } from './upstream/forward.ts';
import type { Outcome } from './upstream/forwarding.ts';

export interface PipelineParts {
  /** The configuration in force: each request takes one look. */
  readonly state: () => GatewayState;
  readonly budget: BufferBudget;
  readonly bodyRates: BodyRates;
  readonly observe: Observe;
  readonly lists: () => Pick<Lists, 'observe'>;
}

export type Handle = (
  message: IncomingMessage,
  response: ServerResponse,
  upgrade?: { readonly socket: Duplex; readonly head: Buffer },
) => void;

export function createPipeline(parts: PipelineParts): Handle {
  const { observe } = parts;
  return (message, response, upgrade) => {
    const exchange = new Exchange(message, response, peerOf(message.socket), upgrade);
    const state = parts.state();
    response.on('error', () => undefined);
    if (state.isClosing) response.shouldKeepAlive = false;
    try {
      if (parts.budget.held > state.config.limits.maxBufferedBytes) throw new Refusal('OVERLOADED', { close: true });
      readRequest(exchange, state);
      if (exchange.peer.redirects) {
        redirectToHttps(exchange, observe);
        return;
      }
      findApplication(exchange, state);
      const target = judgeTarget(exchange);
      if (target === undefined) observe.answered(exchange, 'REDIRECTED');
      else if (!isBlocked(exchange, parts)) forwardRequest(exchange, target, parts, state);
    } catch (error) {
      if (!(error instanceof Refusal)) observe.failed(exchange, error);
      observe.answered(exchange, exchange.refuse(error));
    }
  };
}

/** Phase 2: the head is refused or judged, and the client's address found. */
function readRequest(exchange: Exchange, { config, trustedProxies }: GatewayState): void {
  const { peer, message } = exchange;
  const head = readHead(message, config.limits);
  exchange.head = head;
  exchange.client = clientAddress(peer.address, head.forwardedFor, trustedProxies);
  const isTrusted = head.forwardedProto !== undefined && isIn(trustedProxies, peer.address);
  exchange.isSecure = isTrusted ? head.forwardedProto === 'https' : peer.profile !== undefined;
}

/** Phase 3: by host and longest path. A connection serves the hosts of its TLS profile alone. */
function findApplication(exchange: Exchange, { applications }: GatewayState): void {
  const { head, peer } = exchange;
  if (!head) return;
  const found = applications.find(head);
  const { tlsProfile } = found.application;
  if (peer.profile !== undefined && tlsProfile !== peer.profile) throw new Refusal('HOST_MISDIRECTED', { close: true });
  // A host that wants a certificate has no door without one.
  if (peer.profile === undefined && found.application.needsCertificate)
    throw new Refusal('HOST_MISDIRECTED', { close: true });
  exchange.found = found;
}

/** @returns the target to forward; undefined after a redirect to a path that reads in one way */
function judgeTarget({ head, found, response }: Exchange): string | undefined {
  if (!head || !found) return undefined;
  const verdict = judgePath(head, found);
  const query = head.query === undefined ? '' : `?${head.query}`;
  if ('redirect' in verdict) {
    sendRedirect(response, 308, verdict.redirect + query);
    return undefined;
  }
  return verdict.path === head.path ? head.target : verdict.path + query;
}

/** Phase 9. @returns whether a rule ended the request */
function isBlocked(exchange: Exchange, { observe, lists }: PipelineParts): boolean {
  const rules = exchange.application?.rules ?? [];
  const blocking = applyRules(rules, exchange, (match) => {
    observe.matched(exchange, match);
    const { action, isUnknown } = match;
    if (isUnknown) return;
    if (action.kind === 'setHeader')
      for (const [name, value] of Object.entries(action.setHeader)) exchange.added.set(name, value);
    else if (action.kind === 'addToList' && exchange.client)
      lists().observe(action.addToList.list, exchange.client, action.addToList.ttl);
  });
  if (!blocking) return false;
  exchange.answer('BLOCKED', { custom: blocking.block });
  observe.blocked(exchange);
  return true;
}

function redirectToHttps(exchange: Exchange, observe: Observe): void {
  const { head, response } = exchange;
  if (!head) return;
  sendRedirect(response, 308, `https://${head.host}${head.target}`);
  observe.answered(exchange, 'REDIRECTED');
}

/** Phases 11 to 13. */
function forwardRequest(exchange: Exchange, target: string, parts: PipelineParts, { config }: GatewayState): void {
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
  if (upgrade || head.expectsContinue || head.hasTrailers) {
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
  if (added.size > 0) setHeaders(headers, added);
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

/** What a rule sets, a client does not: not in another spelling either. */
function setHeaders(headers: string[], added: ReadonlyMap<string, string>): void {
  const letters = new Set([...added.keys()].map(lettersOf));
  const others = pairsOf(headers).filter(([name]) => !letters.has(lettersOf(name)));
  headers.splice(0, headers.length, ...others.flat(), ...[...added].flat());
}

/** The reserved headers that the configuration lets through to this application. */
const kept = (reserved: readonly string[], names: ReadonlySet<string>): string[] =>
  pairsOf(reserved)
    .filter(([name]) => names.has(lettersOf(name)))
    .flat();
