// Phase 6: who may reach an application that has policies. Each request is judged anew.

import { Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { nameOf } from '../identity/person.ts';
import type { AccessFacts } from '../identity/policies/facts.ts';
import { type AccessDecision, judgeAccess, type Policies } from '../identity/policies/policies.ts';
import { SIGN_OUT } from '../identity/routes/sign-out.ts';
import type { SessionAnswer } from '../identity/sessions/session.ts';
import { tokenHeaders } from '../identity/tokens/service-tokens.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { GatewaySetup } from '../setup.ts';
import { answerPreflight } from './answer-preflight.ts';
import { asSeen, hasShownEnough, lead, shownBy } from './factors/shown-enough.ts';
import { keptForSignIn, mayKeep } from './forms/keep-form.ts';
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
    const isIn = isLetIn(exchange, asSeen(found, exchange, setup), setup, parts);
    return after(isIn, (may) => may && after(tellIdentity(exchange, setup, parts), () => true));
  });
}

type Maybe<Value> = Value | Promise<Value>;

const after = <From, To>(value: Maybe<From>, next: (value: From) => Maybe<To>): Maybe<To> =>
  value instanceof Promise ? value.then(next) : next(value);

function isLetIn(
  exchange: Exchange,
  session: SessionAnswer,
  setup: GatewaySetup,
  parts: PipelineParts,
): Maybe<boolean> {
  if (typeof session === 'object') exchange.session = session;
  const judged = decide(exchange, session, setup, parts);
  const verdict = judged?.decision.verdict;
  // Nobody knows whether it is somebody's who may.
  if (session === 'unavailable' && verdict === 'denied') throw new Refusal('SESSIONS_AWAY');
  if (judged && (verdict === 'allow' || verdict === 'step-up')) {
    if (isForeignSocket(exchange)) throw new Refusal('FORM_FOREIGN');
    return hasShownEnough(exchange, judged.facts, setup, parts);
  }
  if (verdict === 'denied' && typeof session === 'object') {
    const link = { href: SIGN_OUT, text: 'Sign out' };
    exchange.answer('ACCESS_DENIED', { person: nameOf(session.person), link });
    parts.observe.answered(exchange, 'ACCESS_DENIED');
    return false;
  }
  if (verdict !== 'sign-in' || hasToken(exchange)) {
    assertVerdict(exchange);
    return true;
  }
  if (answerPreflight(exchange, exchange.application?.config.access?.cors)) {
    parts.observe.allowed(exchange);
    return false;
  }
  const isKept = canSignIn(exchange, setup, parts) && mayKeep(exchange) && keptForSignIn(exchange, parts);
  return after(isKept, (wasKept) => {
    if (!wasKept) leadToSignIn(exchange, setup, parts);
    return false;
  });
}

/**
 * A WebSocket that another site opens in a person's browser. It has their cookie if the other host
 * is below the same domain, and no browser asks whether that site may read it: RFC 6455 §10.2.
 */
function isForeignSocket({ application, head, message, upgrade }: Exchange): boolean {
  const { origin } = message.headers;
  if (!upgrade || origin === undefined || application?.config.access?.cors?.origins.includes(origin)) return false;
  return !URL.canParse(origin) || new URL(origin).hostname !== head?.host;
}

/**
 * For proxies that ask: nobody signs in there.
 * @throws Refusal `ACCESS_DENIED`, `SIGN_IN_REQUIRED`
 */
export async function assertAccess(exchange: Exchange, setup: GatewaySetup, parts: PipelineParts): Promise<void> {
  decide(exchange, 'none', setup, parts);
  assertVerdict(exchange);
  await tellIdentity(exchange, setup, parts);
}

function decide(
  exchange: Exchange,
  session: SessionAnswer,
  setup: GatewaySetup,
  { observe }: PipelineParts,
): ReturnType<typeof judgeRequest> | undefined {
  const { application, now } = exchange;
  if (!application?.access) return undefined;
  const judged = judgeRequest(exchange, application.access, session, setup, now);
  exchange.serviceToken = judged.facts.serviceToken;
  exchange.access = judged.decision;
  observe.access.count(application.name, judged.decision);
  return judged;
}

/** @param session whose request it is. One that cannot be looked up may be anybody's */
export function judgeRequest(
  { found, head, client, peer }: Exchange,
  policies: Policies,
  session: SessionAnswer,
  { tokens, devices, geo }: GatewaySetup,
  now: number,
): { readonly decision: AccessDecision; readonly facts: AccessFacts } {
  const serviceToken = head && tokens?.nameIn(head, now);
  const facts: AccessFacts = {
    ...shownBy(session, now),
    ...(typeof session === 'object' && { signedInMs: now - session.authenticatedAt, idledMs: session.idledMs }),
    serviceToken,
    address: client,
    certificate: devices.ofClient(peer, head?.reserved ?? [], now),
    // Looked up if a policy asks.
    country: policies.kinds.has('country') && client ? geo?.countryOf(client) : undefined,
    asn: policies.kinds.has('asn') && client ? geo?.asnOf(client) : undefined,
  };
  return { decision: judgeAccess(policies, facts, found?.readings ?? []), facts };
}

function assertVerdict(exchange: Exchange): void {
  const verdict = exchange.access?.verdict;
  if (verdict === 'denied') throw new Refusal('ACCESS_DENIED');
  // Nobody signs in for a program whose token is not valid.
  if (verdict === 'step-up') throw new Refusal('FACTOR_NEEDED');
  if (verdict === 'sign-in') throw new Refusal(hasToken(exchange) ? 'ACCESS_DENIED' : 'SIGN_IN_REQUIRED');
}

const hasToken = ({ head }: Exchange): boolean => head !== undefined && tokenHeaders(head).length > 0;

/** At this host. */
const canSignIn = ({ head, application }: Exchange, { identity }: GatewaySetup, { people }: PipelineParts): boolean =>
  head !== undefined && application?.sessionRules?.hosts.has(head.host) === true && !!identity && !!people;

/** Pages lead on; programs are told where. */
function leadToSignIn(exchange: Exchange, setup: GatewaySetup, parts: PipelineParts): void {
  const { people, observe } = parts;
  const { application } = exchange;
  if (!application || !people || !canSignIn(exchange, setup, parts)) throw new Refusal('SIGN_IN_REQUIRED');
  lead(exchange, people.sessions.signInUrl(exchange, application, exchange.access), observe, {
    form: 'FORM_NOT_SENT',
    other: 'SIGN_IN_REQUIRED',
    as: 'signIn',
  });
}
