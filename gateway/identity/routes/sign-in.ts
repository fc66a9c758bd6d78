// The way to a provider and back, on the gateway's own pages: /sign-in and /callback/PROVIDER.
//
// Nothing is kept for who only begins. What ties both ways together is sealed in `state`, belongs
// to one browser by its cookie, and counts once.

import { randomBytes } from 'node:crypto';
import { sendRedirect } from '../../answers/answer.ts';
import { type AnswerCode, Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { choicePage } from '../../launcher/door-pages.ts';
import { sendOwnPage } from '../../launcher/shell.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import type { SessionRules } from '../sessions/session.ts';
import { idledUntil } from '../sessions/session-record.ts';
import { SessionStore } from '../sessions/session-store.ts';
import type { SignInRequest } from '../sessions/sessions.ts';
import {
  type MaxAge,
  type Provider,
  type RedirectProvider,
  SignInError,
  type SignInFault,
  type SignInSecrets,
} from '../sign-in/provider.ts';
import { Turns } from '../sign-in/turns.ts';
import { beginSession, handOverUrl, OWN_APP, rulesFor, siteOf } from './begin-session.ts';
import { useOnce } from './once.ts';
import { askForAddress } from './pin.ts';
import {
  BackToSite,
  NO_REFERRER,
  needingState,
  type OwnSession,
  ownSessionOf,
  parameterOf,
  type RouteParts,
  WAY_COOKIE,
  WAY_TTL_MS,
} from './route.ts';

const SECRET_BYTES = 32;
/** No factor is good for longer. */
const LONGEST_MS = 30 * 86_400_000;

/** What `state` has, sealed. */
interface Way extends Pick<SignInSecrets, 'nonce' | 'verifier'> {
  readonly provider: string;
  readonly source: string;
  /** The id of the cookie of the browser that began. */
  readonly browser: string;
  /** Milliseconds since 1970. */
  readonly begunAt: number;
  readonly request: SignInRequest;
}

export async function answerSignIn(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { request, rules } = requestedBy(exchange, parts);
  const own = await needingState(() => ownSessionOf(exchange, parts));
  if (own && (await needingState(() => isEnough(own, request, rules, parts)))) {
    sendRedirect(exchange.response, 303, await handOverUrl(request, own.id, parts), NO_REFERRER);
    parts.observe.answered(exchange, 'REDIRECTED');
    return;
  }
  const providers = [...parts.identity.providers.values()].filter(({ name }) => rules.providers.has(name));
  const wanted = parameterOf(exchange, 'with');
  const [only] = providers.length === 1 ? providers : providers.filter(({ name }) => name === wanted);
  if (only?.kind === 'pin') await askForAddress(exchange, request, only, parts);
  else if (only) await begin(exchange, request, only, parts);
  else {
    const to = parameterOf(exchange, 'to') ?? '';
    await askForProvider(exchange, providers, { to, site: siteOf(request) });
    parts.observe.allowed(exchange);
  }
}

/** On a page of the gateway's own that somebody has to be signed in for. */
export async function askForOwn(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { identity, people } = parts;
  const { path = '/' } = exchange.head ?? {};
  const request: SignInRequest = { app: OWN_APP, origin: identity.origin, target: path, start: '' };
  const to = people.seal.close('sign-in', request, WAY_TTL_MS);
  await askForProvider(exchange, [...identity.providers.values()], { to, site: undefined });
}

/** @throws Refusal `SIGN_IN_STALE` for what this gateway did not seal */
function requestedBy(
  exchange: Exchange,
  parts: RouteParts,
): { readonly request: SignInRequest; readonly rules: SessionRules } {
  const opened = parts.people.seal.open('sign-in', parameterOf(exchange, 'to') ?? '');
  if (!opened) throw new Refusal('SIGN_IN_STALE');
  const request = opened.value as SignInRequest;
  const rules = rulesFor(request, parts);
  if (!rules?.hosts.has(new URL(request.origin).hostname)) throw new Refusal('SIGN_IN_STALE');
  if (opened.isExpired) throw new BackToSite('SIGN_IN_STALE', request);
  return { request, rules };
}

/** Whether a person who is signed in need not do so again for an application. @throws StateError */
async function isEnough(
  { id, record: { person, signedInAt, authenticatedAt } }: OwnSession,
  { app, origin, maxAgeMs, maxIdleMs }: SignInRequest,
  rules: SessionRules,
  { people }: RouteParts,
): Promise<boolean> {
  const now = Date.now();
  if (!rules.providers.has(person.provider) || now - signedInAt >= rules.absoluteMs) return false;
  if (maxAgeMs !== undefined && now - authenticatedAt >= maxAgeMs) return false;
  const { hostname } = new URL(origin);
  const [since, last] = await Promise.all([people.store.validSince(app), people.store.lastUse(id, hostname)]);
  if (signedInAt <= since || (last.seenAt !== 0 && now - last.seenAt >= rules.idleMs)) return false;
  return maxIdleMs === undefined || idledUntil(last, now) < maxIdleMs;
}

/** A page of links, which works without script. */
async function askForProvider(
  { response }: Exchange,
  providers: readonly Provider[],
  { to, site }: { readonly to: string; readonly site: string | undefined },
): Promise<void> {
  const choices = providers.map(({ name, label }) => ({ label, href: `/sign-in?to=${to}&with=${name}` }));
  await sendOwnPage(response, choicePage(choices, site));
}

async function begin(
  exchange: Exchange,
  request: SignInRequest,
  provider: RedirectProvider,
  parts: RouteParts,
): Promise<void> {
  const { head, isSecure, response } = exchange;
  const cookie = (head && WAY_COOKIE.in(head.ownCookies, isSecure)) ?? OwnCookie.draw();
  const secrets = { nonce: draw(), verifier: draw() };
  const way: Way = {
    ...secrets,
    provider: provider.name,
    source: provider.source,
    browser: SessionStore.idOf(cookie),
    begunAt: Date.now(),
    request,
  };
  const state = parts.people.seal.close('provider', way, WAY_TTL_MS);
  const url = await askProvider(exchange, request, provider, parts, () =>
    provider.begin(redirectUri(provider, parts), { ...secrets, state }, maxAgeFor(request, parts)),
  );
  sendRedirect(response, 303, url.href, ['Set-Cookie', WAY_COOKIE.format(cookie, isSecure), ...NO_REFERRER]);
  parts.observe.answered(exchange, 'REDIRECTED');
}

/** The browser is back, with a code of the provider or its error. */
export async function answerCallback(exchange: Exchange, name: string, parts: RouteParts): Promise<void> {
  const { identity, people, observe } = parts;
  const { head, isSecure } = exchange;
  const provider = identity.providers.get(name);
  if (provider?.kind !== 'redirect') throw new Refusal('ROUTE_UNKNOWN');
  const state = parameterOf(exchange, 'state') ?? '';
  const opened = people.seal.open('provider', state);
  if (!opened || !head) throw new Refusal('SIGN_IN_STALE');
  const { request, browser, nonce, verifier, begunAt, ...way } = opened.value as Way;
  const cookie = WAY_COOKIE.in(head.ownCookies, isSecure);
  // Of another provider, also by the same name: a mix-up (RFC 9700 §4.4). Of another browser: a
  // login for somebody else.
  const isOfBrowser = cookie !== undefined && SessionStore.idOf(cookie) === browser;
  const isOfProvider = way.provider === name && way.source === provider.source;
  if (opened.isExpired || !isOfProvider || !isOfBrowser) throw new BackToSite('SIGN_IN_STALE', request);
  const isFirst = await needingState(() => useOnce(people.state, 'sign-in', state, WAY_TTL_MS));
  if (!isFirst) throw new BackToSite('SIGN_IN_STALE', request);
  const callback = new URL(identity.origin + head.target);
  const signedIn = await inTurn(exchange, provider, () =>
    askProvider(exchange, request, provider, parts, () =>
      provider.finish(callback, { state, nonce, verifier }, maxAgeFor(request, parts)),
    ),
  );
  const { url, headers } = await beginSession(exchange, request, { ...signedIn, begunAt }, parts);
  sendRedirect(exchange.response, 303, url, [...headers, ...NO_REFERRER]);
  observe.answered(exchange, 'REDIRECTED');
}

/** A policy needs it; where nothing but a factor is spared by it, it is asked for and no more. */
function maxAgeFor({ maxAgeMs }: SignInRequest, { identity }: RouteParts): MaxAge | undefined {
  if (maxAgeMs !== undefined) return { ms: maxAgeMs, isRequired: true };
  return identity.asksForTime ? { ms: LONGEST_MS, isRequired: false } : undefined;
}

/** Of each provider as the configuration has it. */
const TURNS = new WeakMap<RedirectProvider, Turns>();

/** @throws Refusal `OVERLOADED` */
async function inTurn<Value>(
  { party, response }: Exchange,
  provider: RedirectProvider,
  work: () => Promise<Value>,
): Promise<Value> {
  const turns = TURNS.get(provider) ?? new Turns();
  TURNS.set(provider, turns);
  if (!(await turns.begin(party, () => !response.destroyed))) throw new Refusal('OVERLOADED');
  try {
    return await work();
  } finally {
    turns.end();
  }
}

const FAULTS: { readonly [Fault in SignInFault]: AnswerCode } = {
  away: 'IDENTITY_AWAY',
  refused: 'SIGN_IN_REFUSED',
  invalid: 'IDENTITY_INVALID',
};

async function askProvider<Value>(
  exchange: Exchange,
  request: SignInRequest,
  { name }: Provider,
  { people }: RouteParts,
  ask: () => Promise<Value>,
): Promise<Value> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    people.signIns.failed(exchange, name, error);
    throw new BackToSite(FAULTS[error.fault], request);
  }
}

const redirectUri = ({ name }: Provider, { identity }: RouteParts): string => `${identity.origin}/callback/${name}`;
const draw = (): string => randomBytes(SECRET_BYTES).toString('base64url');
