// A sign-in by a code that is mailed: an address, then its code, in the browser that began.
//
// Whether an address may sign in shows in nothing: the same pages come, the same is kept and
// counted, and nobody waits for a mail.

import { hash, randomBytes, randomInt } from 'node:crypto';
import { isSameSecret } from '../../../runtime/same-secret.ts';
import { Refusal } from '../../answers/kinds.ts';
import type { Exchange } from '../../exchange.ts';
import { addressPage, codePage, passedPage } from '../../launcher/door-pages.ts';
import { sendOwnPage } from '../../launcher/shell.ts';
import { OwnCookie } from '../../request/own-cookies.ts';
import { plainEmail } from '../email.ts';
import { isSameOrigin } from '../navigation.ts';
import { SessionStore } from '../sessions/session-store.ts';
import type { SignInRequest } from '../sessions/sessions.ts';
import { type PinProvider, SignInError } from '../sign-in/provider.ts';
import { beginSession, siteOf } from './begin-session.ts';
import { rememberBrowser, takePinSlot } from './pin-limits.ts';
import { BackToSite, needingState, type RouteParts, readForm, WAY_COOKIE, WAY_TTL_MS } from './route.ts';

const ROOM = 'once';
const TRIES = 5;
const LEAD = 'It is in a mail to the address that you gave.';

/** What the forms bring back, sealed. */
interface PinWay {
  readonly provider: string;
  /** The id of the cookie of the browser that began. */
  readonly browser: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly begunAt: number;
  readonly request: SignInRequest;
}

/** The first form. */
export async function askForAddress(
  exchange: Exchange,
  request: SignInRequest,
  { name }: PinProvider,
  { people, observe }: RouteParts,
): Promise<void> {
  const { head, isSecure, response } = exchange;
  const cookie = (head && WAY_COOKIE.in(head.ownCookies, isSecure)) ?? OwnCookie.draw();
  const id = randomBytes(16).toString('base64url');
  const way: PinWay = { provider: name, browser: SessionStore.idOf(cookie), id, begunAt: Date.now(), request };
  const sealed = people.seal.close('pin', way, WAY_TTL_MS);
  const headers = ['Set-Cookie', WAY_COOKIE.format(cookie, isSecure)];
  await sendOwnPage(response, addressPage(siteOf(request), { way: sealed, headers }));
  observe.allowed(exchange);
}

/** An address was typed: a code goes there, if it may sign in. */
export async function answerAddress(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { people, observe } = parts;
  const { form, sealed, way, provider } = await readWay(exchange, parts);
  const email = plainEmail(form.get('email')?.trim());
  if (email === undefined) {
    const message = 'This is no e-mail address.';
    await sendOwnPage(exchange.response, addressPage(siteOf(way.request), { way: sealed, message }));
    observe.allowed(exchange);
    return;
  }
  const isAccepted = provider.accepts(email);
  const code = await needingState(async () => {
    const digits = await takePinSlot(exchange, { provider: provider.name, email }, people);
    if (digits === undefined) throw new Refusal('PIN_LIMITED');
    const code = String(randomInt(10 ** digits)).padStart(digits, '0');
    const kept = people.seal.close('pin-code', [isAccepted ? code : '', email], WAY_TTL_MS);
    await people.state.set(ROOM, keyOf(way.id), kept, { ttlMs: WAY_TTL_MS });
    return code;
  });
  if (isAccepted)
    provider.send(email, code, new URL(way.request.origin).host).catch((error: unknown) => {
      const fault = error instanceof SignInError ? error : new SignInError('away', 'mail');
      people.signIns.failed(exchange, provider.name, fault);
    });
  const lead = `If ${email} may sign in, a code is on its way there.`;
  await sendOwnPage(exchange.response, codePage({ way: sealed, lead }));
  observe.allowed(exchange);
}

/** A code was typed. It counts once, and few may be tried. */
export async function answerCode(exchange: Exchange, parts: RouteParts): Promise<void> {
  const { people, observe } = parts;
  const { form, sealed, way, provider } = await readWay(exchange, parts);
  const given = (form.get('code') ?? '').replace(/\s/g, '');
  const email = await needingState(() => tryCode(way, given, parts));
  if (email === undefined) {
    people.signIns.failed(exchange, provider.name, new SignInError('refused', 'code'));
    const message = 'This is not the code. Type it as the mail has it.';
    await sendOwnPage(exchange.response, codePage({ way: sealed, lead: LEAD, message }));
    observe.allowed(exchange);
    return;
  }
  const { url, headers } = await beginSession(
    exchange,
    way.request,
    { person: provider.personOf(email), providerSession: undefined, authenticatedAt: Date.now(), begunAt: way.begunAt },
    parts,
  );
  // No redirect: what a form leads to may not leave this host by the policy of its page.
  const known = await needingState(() => rememberBrowser(exchange, { provider: provider.name, email }, people));
  await sendOwnPage(exchange.response, passedPage(url, ['Refresh', `0;url=${url}`, ...headers, ...known]));
  observe.allowed(exchange);
}

/** @returns the address; undefined for a wrong code @throws BackToSite, StateError */
async function tryCode({ id, request }: PinWay, given: string, { people }: RouteParts): Promise<string | undefined> {
  const key = keyOf(id);
  const slot = await people.state.takeSlots([{ key: `tries.${key}`, allow: TRIES, windowMs: WAY_TTL_MS }]);
  const kept = slot.taken ? await people.state.get(ROOM, key) : undefined;
  const opened = kept === undefined ? undefined : people.seal.open('pin-code', kept);
  if (!opened || opened.isExpired) {
    await people.state.delete(ROOM, key);
    throw new BackToSite('SIGN_IN_STALE', request);
  }
  const [code = '', email = ''] = opened.value as string[];
  // Empty for an address that may not sign in.
  const isRight = code !== '' && isSameSecret(code, given);
  if (!isRight) return undefined;
  // Of several at once, one.
  if ((await people.state.takeOnce(ROOM, key)) === undefined) throw new BackToSite('SIGN_IN_STALE', request);
  return email;
}

interface ReadWay {
  readonly form: URLSearchParams;
  readonly sealed: string;
  readonly way: PinWay;
  readonly provider: PinProvider;
}

/** @throws Refusal, BackToSite for a form of another page, browser or time */
async function readWay(exchange: Exchange, { people, identity }: RouteParts): Promise<ReadWay> {
  if (!isSameOrigin(exchange)) throw new Refusal('FORM_FOREIGN');
  const form = await readForm(exchange);
  const sealed = form.get('way') ?? '';
  const opened = people.seal.open('pin', sealed);
  if (!opened) throw new Refusal('SIGN_IN_STALE');
  const way = opened.value as PinWay;
  const { head, isSecure } = exchange;
  const cookie = head && WAY_COOKIE.in(head.ownCookies, isSecure);
  const isOfBrowser = cookie !== undefined && SessionStore.idOf(cookie) === way.browser;
  const provider = identity.providers.get(way.provider);
  if (opened.isExpired || !isOfBrowser || provider?.kind !== 'pin') throw new BackToSite('SIGN_IN_STALE', way.request);
  return { form, sealed, way, provider };
}

const keyOf = (id: string): string => `pin.${hash('sha256', id, 'base64url')}`;
