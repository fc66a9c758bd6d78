// Somebody has signed in: their session begins, under a new id, and their browser gets a code for
// the application that it came from.

import type { Exchange } from '../../exchange.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import type { Person } from '../person.ts';
import { SessionStore } from '../sessions/session-store.ts';
import type { SignInRequest } from '../sessions/sessions.ts';
import { keepHandOver } from './once.ts';
import { BackToSite, needingState, PERSON_COOKIE, type RouteParts } from './route.ts';

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
  { person, providerSession }: { readonly person: Person; readonly providerSession?: string | undefined },
  parts: RouteParts,
): Promise<Begun> {
  const { head, isSecure } = exchange;
  const { people, identity, applications } = parts;
  // The configuration may have changed meanwhile.
  const rules = applications.named(request.app)?.sessionRules;
  if (!head || !rules?.providers.has(person.provider)) throw new BackToSite('SIGN_IN_STALE', request);
  const value = OwnCookie.draw();
  await needingState(async () => {
    const now = Date.now();
    const record = { person, signedInAt: now, seenAt: now, untilMs: now + identity.ofPerson.absoluteMs };
    await people.store.createPerson(value, record, identity.ofPerson, providerSession);
    // Whoever was signed in here before is not any more.
    const before = PERSON_COOKIE.in(head.ownCookies, isSecure);
    if (before !== undefined) await people.store.endPerson(SessionStore.idOf(before));
  });
  people.signIns.succeeded(exchange, person.provider, request.app);
  const url = await handOverUrl(request, SessionStore.idOf(value), parts);
  return { url, headers: ['Set-Cookie', PERSON_COOKIE.format(value, isSecure)] };
}

/** With a code that counts once, at this application, for the browser that set out from there. */
export async function handOverUrl(
  { app, origin, target, start }: SignInRequest,
  personId: string,
  { people }: RouteParts,
): Promise<string> {
  const code = OwnCookie.draw();
  const { hostname: host } = new URL(origin);
  await needingState(() => keepHandOver(people.state, code, { app, host, target, start, personId }));
  return `${origin}/.credveil/callback?code=${code}`;
}
