// The end of a session: by its person at the gateway's own pages or at an application, and by the
// provider.

import { html } from '../../../runtime/http/markup.ts';
import { Refusal } from '../../answers/kinds.ts';
import { sendPage } from '../../answers/page.ts';
import type { Exchange } from '../../exchange.ts';
import { type Choice, signedOutPage, signOutPage, strangerPage } from '../../launcher/door-pages.ts';
import { actionForm } from '../../launcher/parts.ts';
import { sendOwnPage } from '../../launcher/shell.ts';
import { nameOf } from '../person.ts';
import { SessionStore } from '../sessions/session-store.ts';
import { APP_COOKIE } from '../sessions/sessions.ts';
import { type RedirectProvider, type SignedInBefore, SignInError } from '../sign-in/provider.ts';
import { useOnce, wasUsed } from './once.ts';
import { formTokenOf, readOwnForm } from './own-form.ts';
import { needingState, type OwnSession, ownSessionOf, PERSON_COOKIE, type RouteParts, readForm } from './route.ts';

/** At the host of each application. */
export const SIGN_OUT = '/.credveil/sign-out';
export const SIGNED_OUT = '/signed-out';

/** On the gateway's own pages: who is signed in, and a button. */
export async function answerOwnSignOut(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { response, head } = exchange;
  const own = await needingState(() => ownSessionOf(exchange, parts));
  if (own && head?.method === 'POST') {
    await readOwnForm(exchange, own.id, parts);
    await endOwn(exchange, own, parts);
    return;
  }
  await sendOwnPage(
    response,
    own ? signOutPage(nameOf(own.record.person), formTokenOf(own.id, parts)) : strangerPage(),
  );
  parts.observe.allowed(exchange);
}

/** Ends the session of this browser, and says so. */
export async function endOwn(exchange: Exchange, { id, record }: OwnSession, parts: RouteParts): Promise<void> {
  const { response, isSecure } = exchange;
  await needingState(() => parts.people.store.endPerson(id));
  const there = await signOutThere(record, parts);
  await sendOwnPage(response, signedOutPage(there, ['Set-Cookie', PERSON_COOKIE.clear(isSecure)]));
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
    sendPage(
      response,
      'Sign out?',
      html`<p>You are signed in as ${nameOf(session.person.person)}. This ends your session in this browser, at all sites of this gateway.</p>${actionForm({ action: SIGN_OUT, token: formTokenOf(id, parts), text: 'Sign out', look: 'primary' })}`,
    );
  else {
    await readOwnForm(exchange, id, parts);
    await needingState(() => parts.people.store.endPerson(session.app.personId));
    await needingState(() => parts.people.store.endApp(id));
    const there = await signOutThere(session.person, parts);
    const link = there
      ? html`<p>You are still signed in at ${there.label}: <a href="${there.href}">sign out there too</a>.</p>`
      : '';
    const text = html`<p>You are signed out of all sites of this gateway.</p>${link}`;
    sendPage(response, 'Signed out', text, ['Set-Cookie', APP_COOKIE.clear(isSecure)]);
  }
  parts.observe.allowed(exchange);
}

/** Where a provider sends a browser after it has signed out there. */
export const answerSignedOut = ({ response }: Exchange): Promise<void> =>
  sendOwnPage(response, signedOutPage(undefined));

/** At their provider, they are still signed in. */
async function signOutThere(of: SignedInBefore, { identity }: RouteParts): Promise<Choice | undefined> {
  const provider = identity.providers.get(of.person.provider);
  const url = provider?.kind === 'redirect' && (await signOutUrl(provider, of, `${identity.origin}${SIGNED_OUT}`));
  return url && provider ? { label: provider.label, href: url.href } : undefined;
}

/** Whether or not the provider answers, the session here has ended. */
async function signOutUrl(provider: RedirectProvider, of: SignedInBefore, after: string): Promise<URL | undefined> {
  try {
    return await provider.signOutUrl(of, after);
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
    const { source } = provider;
    const notice = await provider.readLogout(body.get('logout_token') ?? '');
    await needingState(async () => {
      const id = JSON.stringify([name, source, notice.id]);
      if (await wasUsed(people.state, 'logout', id)) throw new Refusal('NOTICE_MALFORMED');
      people.signIns.endedByProvider(name, await people.store.endByProvider({ provider: name, source, ...notice }));
      // Behind it: a provider that could not be answered sends the same notice again.
      await useOnce(people.state, 'logout', id, Math.max(1, notice.untilMs - Date.now()));
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
