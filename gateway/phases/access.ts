// Phase 6: who may reach an application that has policies. Each request is judged anew.

import { sendRedirect } from '../answers/answer.ts';
import { Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { isNavigation } from '../identity/navigation.ts';
import type { AccessFacts } from '../identity/policies/facts.ts';
import { type AccessDecision, judgeAccess } from '../identity/policies/policies.ts';
import type { SessionAnswer } from '../identity/sessions/session.ts';
import { tokenHeaders } from '../identity/tokens/service-tokens.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { GatewaySetup } from '../setup.ts';

/**
 * Whether a request goes on; one that does not was answered. At once, unless the state is asked
 * whose session it has.
 * @throws Refusal as `assertAccess` does; `SESSIONS_AWAY`
 */
export function mayReach(exchange: Exchange, setup: GatewaySetup, parts: PipelineParts): boolean | Promise<boolean> {
  const { application } = exchange;
  if (!application?.access) return true;
  const session = parts.people?.sessions.personOf(exchange, application) ?? 'none';
  if (session instanceof Promise) return session.then((found) => judge(exchange, found, setup, parts));
  return judge(exchange, session, setup, parts);
}

function judge(exchange: Exchange, session: SessionAnswer, setup: GatewaySetup, parts: PipelineParts): boolean {
  if (typeof session === 'object') exchange.session = session;
  const { verdict } = decide(exchange, setup, parts) ?? {};
  if (verdict !== 'sign-in' || hasToken(exchange)) {
    assertVerdict(exchange);
    return true;
  }
  // Nobody knows whether it is somebody's who may.
  if (session === 'unavailable') throw new Refusal('SESSIONS_AWAY');
  return isPreflight(exchange) || leadToSignIn(exchange, setup, parts);
}

/**
 * For proxies that ask: nobody signs in there.
 * @throws Refusal `ACCESS_DENIED`, `SIGN_IN_REQUIRED`
 */
export function assertAccess(exchange: Exchange, setup: GatewaySetup, parts: PipelineParts): void {
  decide(exchange, setup, parts);
  assertVerdict(exchange);
}

function decide(exchange: Exchange, setup: GatewaySetup, { observe }: PipelineParts): AccessDecision | undefined {
  const { application, found } = exchange;
  if (!application?.access || !found) return undefined;
  exchange.access = judgeAccess(application.access, factsOf(exchange, setup), found.readings);
  observe.access.count(application.name, exchange.access);
  return exchange.access;
}

function assertVerdict({ access, ...exchange }: Pick<Exchange, 'access' | 'head'>): void {
  if (access?.verdict === 'denied') throw new Refusal('ACCESS_DENIED');
  // Nobody signs in for a program whose token is not valid.
  if (access?.verdict === 'sign-in') throw new Refusal(hasToken(exchange) ? 'ACCESS_DENIED' : 'SIGN_IN_REQUIRED');
}

const hasToken = ({ head }: Pick<Exchange, 'head'>): boolean => head !== undefined && tokenHeaders(head).length > 0;

/** Pages lead on; programs are told where. @returns false */
function leadToSignIn(exchange: Exchange, { identity }: GatewaySetup, { people, observe }: PipelineParts): boolean {
  const { application, response } = exchange;
  if (!application?.sessionRules || !identity || !people) throw new Refusal('SIGN_IN_REQUIRED');
  const { url, headers } = people.sessions.signInUrl(exchange, application);
  if (isNavigation(exchange)) {
    sendRedirect(response, 303, url, headers);
    observe.answered(exchange, 'REDIRECTED');
    return false;
  }
  exchange.answer('SIGN_IN_REQUIRED', { headers: ['WWW-Authenticate', 'Credveil', ...headers], signIn: url });
  observe.answered(exchange, 'SIGN_IN_REQUIRED');
  return false;
}

/**
 * What a browser asks before a request of another origin, always without cookies: Fetch §4.8. The
 * application answers, and the request itself is judged.
 */
function isPreflight({ head, message: { headers } }: Exchange): boolean {
  if (head?.method !== 'OPTIONS' || head.body !== 0) return false;
  const isAsking = headers['access-control-request-method'] !== undefined && headers.origin !== undefined;
  return isAsking && headers.cookie === undefined && headers.authorization === undefined;
}

const factsOf = ({ head, client, now, session }: Exchange, { tokens }: GatewaySetup): AccessFacts => ({
  person: session?.person,
  serviceToken: head && tokens?.nameIn(head, now),
  address: client,
});
