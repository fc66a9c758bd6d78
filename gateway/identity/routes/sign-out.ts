// The end of a session: by its person at the gateway's own pages or at an application, and by the
// provider.

import { html, type Markup } from '../../../runtime/http/markup.ts';
import { Refusal } from '../../answers/kinds.ts';
import { sendPage } from '../../answers/page.ts';
import type { Exchange } from '../../exchange.ts';
import { isSameOrigin } from '../navigation.ts';
import type { Person } from '../person.ts';
import { SessionStore } from '../sessions/session-store.ts';
import { APP_COOKIE } from '../sessions/sessions.ts';
import { type RedirectProvider, SignInError } from '../sign-in/provider.ts';
import { useOnce } from './once.ts';
import { needingState, ownSessionOf, PERSON_COOKIE, type RouteParts, readForm } from './route.ts';

export const SIGNED_OUT = '/signed-out';
/** Longer than any notice is valid that a provider sends. */
const NOTICE_TTL_MS = 3_600_000;

const button: Markup = html`<form method="post"><button class="choice">Sign out</button></form>`;

/** On the gateway's own pages: who is signed in, and a button. */
export async function answerOwnSignOut(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { response, isSecure } = exchange;
  const own = await needingState(() => ownSessionOf(exchange, parts));
  if (!own) sendPage(response, 'Not signed in', html`<p>Open the site that you want to sign in for.</p>`);
  else if (exchange.head?.method !== 'POST')
    sendPage(response, 'Signed in', html`<p>${nameOf(own.record.person)}</p>${button}`);
  else {
    assertOwnForm(exchange);
    await needingState(() => parts.people.store.endPerson(own.id));
    const headers = ['Set-Cookie', PERSON_COOKIE.clear(isSecure)];
    await sendSignedOut(exchange, own.record.person, parts, headers);
  }
  parts.observe.allowed(exchange);
}

/** On the host of an application: it ends the session of the person, so those of all of them. */
export async function answerAppSignOut(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { head, isSecure, response } = exchange;
  const value = head && APP_COOKIE.in(head.ownCookies, isSecure);
  const id = value === undefined ? undefined : SessionStore.idOf(value);
  const session = id === undefined ? undefined : await needingState(() => parts.people.store.readApp(id));
  if (session?.app.host !== head?.host || !session || id === undefined)
    sendPage(response, 'Not signed in', html`<p><a href="/">Back to the site</a></p>`);
  else if (head?.method !== 'POST')
    sendPage(response, 'Signed in', html`<p>${nameOf(session.person.person)}</p>${button}`);
  else {
    assertOwnForm(exchange);
    await needingState(() => parts.people.store.endPerson(session.app.personId));
    await needingState(() => parts.people.store.endApp(id));
    await sendSignedOut(exchange, session.person.person, parts, ['Set-Cookie', APP_COOKIE.clear(isSecure)]);
  }
  parts.observe.allowed(exchange);
}

/** Where a provider sends a browser after it has signed out there. */
export function answerSignedOut({ response }: Exchange): void {
  sendPage(response, 'Signed out', html`<p>You are signed out.</p>`);
}

function assertOwnForm(exchange: Exchange): void {
  if (!isSameOrigin(exchange)) throw new Refusal('FORM_FOREIGN');
}

const nameOf = ({ email, subject }: Person): string => email ?? subject;

async function sendSignedOut(
  { response }: Exchange,
  person: Person,
  { identity }: RouteParts,
  headers: readonly string[],
): Promise<void> {
  const provider = identity.providers.get(person.provider);
  const url = provider?.kind === 'redirect' && (await signOutUrl(provider, person, `${identity.origin}${SIGNED_OUT}`));
  const link = url
    ? html`<p>You are still signed in at ${provider?.label ?? ''}: <a href="${url.href}">sign out there too</a>.</p>`
    : '';
  sendPage(response, 'Signed out', html`<p>You are signed out of all sites of this gateway.</p>${link}`, headers);
}

/** Whether or not the provider answers, the session here has ended. */
async function signOutUrl(provider: RedirectProvider, person: Person, after: string): Promise<URL | undefined> {
  try {
    return await provider.signOutUrl(person, after);
  } catch (error) {
    if (error instanceof SignInError) return undefined;
    throw error;
  }
}

/**
 * A provider tells that sessions have ended: OpenID Connect Back-Channel Logout §2.5-2.8. Whoever
 * sends it, its token is the provider's, or nothing happens.
 */
export async function answerLogoutNotice(exchange: Exchange, name: string, parts: RouteParts): Promise<void> {
  const { response } = exchange;
  const { people, observe, identity } = parts;
  const provider = identity.providers.get(name);
  if (provider?.kind !== 'redirect' || !provider.readLogout) throw new Refusal('ROUTE_UNKNOWN');
  try {
    const body = await readForm(exchange);
    const notice = await provider.readLogout(body.get('logout_token') ?? '');
    await needingState(async () => {
      const isFirst = await useOnce(people.state, 'logout', JSON.stringify([name, notice.id]), NOTICE_TTL_MS);
      if (!isFirst) throw new Refusal('NOTICE_MALFORMED');
      const { providerSession, subject = '' } = notice;
      const count =
        providerSession === undefined
          ? await people.store.endAllOf({ provider: name, subject })
          : await people.store.endAllIn(name, providerSession);
      people.signIns.endedByProvider(name, count);
    });
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    people.signIns.failed(exchange, name, error);
    throw new Refusal(error.fault === 'away' ? 'IDENTITY_AWAY' : 'NOTICE_MALFORMED');
  }
  response.writeHead(200, { 'Cache-Control': 'no-store', 'Content-Length': '0' });
  response.end();
  observe.allowed(exchange);
}
