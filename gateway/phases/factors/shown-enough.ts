// Phase 6, for whom policies let in: whether they have shown what the application asks for beside
// signing in. Each request is judged anew.

import { sendRedirect } from '../../answers/answer.ts';
import { type AnswerCode, Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { ENROLLED_METHODS, type EnrolledMethod } from '../../factors/factor.ts';
import { isNavigation } from '../../identity/navigation.ts';
import { findNeed } from '../../identity/policies/factor-needs.ts';
import type { AccessFacts } from '../../identity/policies/facts.ts';
import { useOnce } from '../../identity/routes/once.ts';
import { needingState } from '../../identity/routes/route.ts';
import { hasDrifted } from '../../identity/sessions/drift.ts';
import type { PersonSession, SessionAnswer } from '../../identity/sessions/session.ts';
import type { FactorNeed, SignInStart, SignInWay } from '../../identity/sessions/sessions.ts';
import type { PipelineParts } from '../../pipeline-parts.ts';
import type { GatewaySetup } from '../../setup.ts';
import { keepFor, mayKeep } from '../forms/keep-form.ts';

const DAY_MS = 86_400_000;
const PAGE_TTL_MS = 120_000;

/** What a session asks for that may be used by somebody else. */
const ANEW = { methods: ENROLLED_METHODS, every: 30 * DAY_MS, isAnew: true };

/** As the browser shows itself that uses it: one that seems to be another has shown nothing. */
export function asSeen(
  session: SessionAnswer,
  exchange: Exchange,
  { identity, geo }: Pick<GatewaySetup, 'identity' | 'geo'>,
): SessionAnswer {
  if (typeof session !== 'object' || !identity?.watchesDrift) return session;
  return hasDrifted(session.marks, exchange, geo) ? { ...session, factors: [], hasDrifted: true } : session;
}

/** What a session says of a person. One that cannot be looked up may be anybody's. */
export function shownBy(session: SessionAnswer, now: number): Pick<AccessFacts, 'person' | 'factors'> {
  if (session === 'unavailable') return { person: 'unknown', factors: 'unknown' };
  if (session === 'none') return { person: undefined };
  const { person, factors } = session;
  if (factors.length === 0) return { person };
  const isWorth = ({ method, trustedFrom }: PersonSession['factors'][number]): boolean =>
    method === 'totp' || trustedFrom <= now;
  return { person, factors: new Set(factors.filter(isWorth).map(({ method }) => method as EnrolledMethod)) };
}

/**
 * Whether a request goes on that policies let in; one that does not was answered.
 * @throws Refusal `FACTOR_NEEDED` where nobody can show one, `SESSIONS_AWAY`
 */
export function hasShownEnough(
  exchange: Exchange,
  facts: AccessFacts,
  setup: GatewaySetup,
  parts: PipelineParts,
): boolean | Promise<boolean> {
  const { access, session, application, found, now } = exchange;
  const asked = { application, found, facts, now };
  const isMissing = access?.verdict === 'step-up' && !session?.hasDrifted;
  const missing = isMissing ? { methods: access.methods ?? [], every: 30 * DAY_MS } : undefined;
  const { need, isForPage } = missing ? { need: missing, isForPage: false } : needOf(asked, session);
  if (need) return leadToStepUp(exchange, need, setup, parts);
  if (!isForPage || !session || !isNewPage(exchange)) return true;
  return isFirstPage(session, parts).then((isFirst) => {
    // As if nothing had been shown.
    const { need: again } = isFirst ? {} : needOf(asked, { ...session, factors: [] });
    return again ? leadToStepUp(exchange, again, setup, parts) : isFirst;
  });
}

/** What is asked of a request that policies let in, and was not shown. */
export function needOf(
  { application, found, facts, now }: Asked,
  session: PersonSession | undefined,
): { readonly need: FactorNeed | undefined; readonly isForPage: boolean } {
  if (session?.hasDrifted) return { need: ANEW, isForPage: false };
  if (!application?.factors || !application.access || !session) return { need: undefined, isForPage: false };
  const { person, authenticatedAt, factors } = session;
  const shown = { amr: person.amr, authenticatedAt, factors };
  return findNeed(application.access, application.factors, { facts, shown, now }, found?.readings ?? []);
}

interface Asked extends Pick<Exchange, 'application' | 'found'> {
  readonly facts: AccessFacts;
  readonly now: number;
}

/** What somebody sees, and not what it loads: a frame of it is a part of the page. */
function isNewPage(exchange: Exchange): boolean {
  const { 'sec-fetch-dest': destination } = exchange.message.headers;
  return isNavigation(exchange) && (destination === undefined || destination === 'document');
}

/** With what was shown for it: another page needs it shown again. */
async function isFirstPage({ factors, sessionHash }: PersonSession, { people }: PipelineParts): Promise<boolean> {
  const at = Math.max(...factors.map((given) => given.at));
  return people !== undefined && needingState(() => useOnce(people.state, 'page', `${sessionHash} ${at}`, PAGE_TTL_MS));
}

/** @returns false: the request was answered */
function leadToStepUp(
  exchange: Exchange,
  need: FactorNeed,
  { identity }: GatewaySetup,
  parts: PipelineParts,
): false | Promise<false> {
  const { application, head, session } = exchange;
  const isHere = head !== undefined && application?.sessionRules?.hosts.has(head.host);
  const { people, observe } = parts;
  if (!application || !isHere || !identity || !people) throw new Refusal('FACTOR_NEEDED');
  const startFor = (way: SignInWay) => people.sessions.stepUpUrl(exchange, application, need, way);
  if (session && mayKeep(exchange))
    return keepFor({ who: people.store.names.person(session.person), startFor }, exchange, parts).then(() => false);
  lead(exchange, startFor({}), observe, { form: 'FACTOR_NEEDED', other: 'FACTOR_NEEDED', as: 'stepUp' });
  return false;
}

export interface Way {
  /** Where a form was sent: a redirect would lose what it has, and nobody would notice. */
  readonly form: AnswerCode;
  readonly other: AnswerCode;
  readonly as: 'signIn' | 'stepUp';
}

/** Whoever has to do something first: pages lead on, programs are told where. */
export function lead(
  exchange: Exchange,
  { url, headers }: SignInStart,
  observe: PipelineParts['observe'],
  way: Way,
): void {
  const isPage = isNavigation(exchange);
  const { method } = exchange.head ?? {};
  if (isPage && (method === 'GET' || method === 'HEAD')) {
    sendRedirect(exchange.response, 303, url, headers);
    observe.answered(exchange, 'REDIRECTED');
    return;
  }
  const code = isPage ? way.form : way.other;
  exchange.answer(code, { headers, [way.as]: url });
  observe.answered(exchange, code);
}
