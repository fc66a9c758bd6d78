// Phase 6: who may reach an application that has policies. Each request is judged anew.

import { sendRedirect } from '../answers/answer.ts';
import { Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { isNavigation } from '../identity/navigation.ts';
import type { AccessFacts } from '../identity/policies/facts.ts';
import { type AccessVerdict, judgeAccess } from '../identity/policies/policies.ts';
import type { SessionAnswer } from '../identity/sessions/session.ts';
import { tokenHeaders } from '../identity/tokens/service-tokens.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { GatewaySetup } from '../setup.ts';
import { answerPreflight } from './answer-preflight.ts';
import { tellIdentity } from './tell-identity.ts';

/**
 * Whether a request goes on; one that does not was answered. At once, unless the state is asked
 * whose session it has.
 * @throws Refusal as `assertAccess` does; `SESSIONS_AWAY`
 */
export function mayReach(exchange: Exchange, setup: GatewaySetup, parts: PipelineParts): Maybe<boolean> {
  const { application } = exchange;
  if (!application?.access) return true;
  const session = parts.people?.sessions.personOf(exchange, application) ?? 'none';
  return after(session, (found) => {
    if (!isLetIn(exchange, found, setup, parts)) return false;
    return after(tellIdentity(exchange, setup, parts), () => true);
  });
}

type Maybe<Value> = Value | Promise<Value>;

const after = <From, To>(value: Maybe<From>, next: (value: From) => Maybe<To>): Maybe<To> =>
  value instanceof Promise ? value.then(next) : next(value);

function isLetIn(exchange: Exchange, session: SessionAnswer, setup: GatewaySetup, parts: PipelineParts): boolean {
  if (typeof session === 'object') exchange.session = session;
  const isUnknown = session === 'unavailable';
  const verdict = decide(exchange, isUnknown, setup, parts);
  // Nobody knows whether it is somebody's who may.
  if (isUnknown && verdict === 'denied') throw new Refusal('SESSIONS_AWAY');
  if (verdict !== 'sign-in' || hasToken(exchange)) {
    assertVerdict(exchange);
    return true;
  }
  if (!answerPreflight(exchange, exchange.application?.config.access?.cors)) leadToSignIn(exchange, setup, parts);
  else parts.observe.allowed(exchange);
  return false;
}

/**
 * For proxies that ask: nobody signs in there.
 * @throws Refusal `ACCESS_DENIED`, `SIGN_IN_REQUIRED`
 */
export async function assertAccess(exchange: Exchange, setup: GatewaySetup, parts: PipelineParts): Promise<void> {
  decide(exchange, false, setup, parts);
  assertVerdict(exchange);
  await tellIdentity(exchange, setup, parts);
}

/** @param isUnknown whose request it is, with a session that cannot be looked up */
function decide(
  exchange: Exchange,
  isUnknown: boolean,
  { tokens }: GatewaySetup,
  { observe }: PipelineParts,
): AccessVerdict | undefined {
  const { application, found, head, client, now, session } = exchange;
  if (!application?.access || !found) return undefined;
  exchange.serviceToken = head && tokens?.nameIn(head, now);
  const person: AccessFacts['person'] = isUnknown ? 'unknown' : session?.person;
  const facts = { person, serviceToken: exchange.serviceToken, address: client };
  exchange.access = judgeAccess(application.access, facts, found.readings);
  observe.access.count(application.name, exchange.access);
  return exchange.access.verdict;
}

function assertVerdict({ access, ...exchange }: Pick<Exchange, 'access' | 'head'>): void {
  if (access?.verdict === 'denied') throw new Refusal('ACCESS_DENIED');
  // Nobody signs in for a program whose token is not valid.
  if (access?.verdict === 'sign-in') throw new Refusal(hasToken(exchange) ? 'ACCESS_DENIED' : 'SIGN_IN_REQUIRED');
}

const hasToken = ({ head }: Pick<Exchange, 'head'>): boolean => head !== undefined && tokenHeaders(head).length > 0;

/** Pages lead on; programs are told where. */
function leadToSignIn(exchange: Exchange, { identity }: GatewaySetup, { people, observe }: PipelineParts): void {
  const { application, response } = exchange;
  if (!application?.sessionRules || !identity || !people) throw new Refusal('SIGN_IN_REQUIRED');
  const { url, headers } = people.sessions.signInUrl(exchange, application);
  if (isNavigation(exchange)) {
    sendRedirect(response, 303, url, headers);
    observe.answered(exchange, 'REDIRECTED');
    return;
  }
  exchange.answer('SIGN_IN_REQUIRED', { headers: ['WWW-Authenticate', 'Credveil', ...headers], signIn: url });
  observe.answered(exchange, 'SIGN_IN_REQUIRED');
}
