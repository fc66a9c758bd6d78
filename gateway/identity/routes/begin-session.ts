// Somebody has signed in: their session begins, under a new id, and their browser gets a code for
// the application that it came from.

import type { Exchange } from '../../exchange.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import type { Person } from '../person.ts';
import { browserNameOf } from '../sessions/browser-name.ts';
import { marksOf } from '../sessions/drift.ts';
import type { SessionRules } from '../sessions/session.ts';
import { SessionStore } from '../sessions/session-store.ts';
import type { SignInRequest } from '../sessions/sessions.ts';
import { keepHandOver } from './once.ts';
import { BackToSite, needingState, PERSON_COOKIE, type RouteParts } from './route.ts';

/** Instead of the name of an application: the gateway's own pages. None is named so. */
export const OWN_APP = '';

export interface Entering {
  readonly person: Person;
  /** The provider's own name of its session. */
  readonly providerSession: string | undefined;
  /** For the provider, when the person signs out. */
  readonly signOutHint?: string | undefined;
  /** As the provider says; 0 where it does not. */
  readonly authenticatedAt: number;
  /** When the way began: milliseconds since 1970. */
  readonly begunAt: number;
}

export interface Begun {
  /** Where the browser goes now. */
  readonly url: string;
  /** To send with it, names and values in turn. */
  readonly headers: readonly string[];
}

/** @throws BackToSite, Refusal `SESSIONS_AWAY` */
export async function beginSession(
  exchange: Exchange,
  request: SignInRequest,
  { person, providerSession, signOutHint, authenticatedAt, begunAt }: Entering,
  parts: RouteParts,
): Promise<Begun> {
  const { head, isSecure, message } = exchange;
  const { people, identity, geo } = parts;
  // The configuration may have changed meanwhile.
  const rules = rulesFor(request, parts);
  if (!head || !rules?.providers.has(person.provider)) throw new BackToSite('SIGN_IN_STALE', request);
  const value = OwnCookie.draw();
  await needingState(async () => {
    const now = Date.now();
    const untilMs = now + identity.ofPerson.absoluteMs;
    const marks = identity.watchesDrift ? marksOf(exchange, geo) : undefined;
    const record = { person, signedInAt: now, authenticatedAt, seenAt: now, untilMs, signOutHint, marks };
    await people.store.createPerson(value, record, identity.ofPerson, {
      providerSession,
      browser: browserNameOf(message.headers['user-agent']),
    });
    // Behind its creation, so that none slips through while all of them are ended.
    if (await people.store.wasEnded(person, providerSession, begunAt)) {
      await people.store.endPerson(SessionStore.idOf(value));
      throw new BackToSite('SIGN_IN_STALE', request);
    }
    // Whoever was signed in here before is not any more.
    const before = PERSON_COOKIE.in(head.ownCookies, isSecure);
    if (before !== undefined) await people.store.endPerson(SessionStore.idOf(before));
  });
  people.signIns.succeeded(exchange, person.provider, request.app === OWN_APP ? identity.host : request.app);
  const url = await handOverUrl(request, SessionStore.idOf(value), parts);
  return { url, headers: ['Set-Cookie', PERSON_COOKIE.format(value, isSecure)] };
}

/** Whether its rules let somebody sign in so; undefined for an application without any. */
export const rulesFor = (
  { app }: Pick<SignInRequest, 'app'>,
  { identity: { ofPerson, providers, host }, applications }: RouteParts,
): SessionRules | undefined =>
  app === OWN_APP
    ? { ...ofPerson, providers: new Set(providers.keys()), hosts: new Set([host]), grainMs: 0 }
    : applications.named(app)?.sessionRules;

/** What somebody signs in for, as they know it; undefined for the gateway's own pages. */
export const siteOf = ({ app, origin }: SignInRequest): string | undefined =>
  app === OWN_APP ? undefined : new URL(origin).host;

/** With a code that counts once, at this application, for the browser that set out from there. */
export async function handOverUrl(
  { app, origin, target, start }: SignInRequest,
  personId: string,
  { people }: RouteParts,
): Promise<string> {
  // No other host gets a session.
  if (app === OWN_APP) return origin + target;
  const code = OwnCookie.draw();
  const { hostname: host } = new URL(origin);
  await needingState(() => keepHandOver(people.state, code, { app, host, target, start, personId }));
  return `${origin}/.credveil/callback?code=${code}`;
}
