// What of a request may name a session to its application, in any way that servers read.

import type { Exchange } from '../exchange.ts';
import { liveCookies } from '../fields/set-cookies.ts';
import { headerValues } from '../header-pairs.ts';
import { urlDecode } from '../rules/functions/text.ts';
import type { Attempt, Login } from './attempt.ts';

export interface SentName {
  readonly name: string;
  readonly value: string;
}

/** Some servers end a cookie at a comma too (RFC 2965 §3.2.2). */
const COOKIE_ENDS = /[;,]/;

/** All cookies that any server reads, under the names that are written and those that PHP makes. */
export const sentCookies = ({ head }: Pick<Exchange, 'head'>): readonly SentName[] =>
  headerValues(head?.headers ?? [], 'cookie').flatMap((value) => value.split(COOKIE_ENDS).flatMap(readPair));

/** Arguments of the query, and parameters of the path: `/login;jsessionid=1`. */
export function sentInTarget({ head }: Pick<Exchange, 'head'>): readonly SentName[] {
  const { target = '' } = head ?? {};
  const end = target.indexOf('?');
  const path = end < 0 ? target : target.slice(0, end);
  const pieces = [...(end < 0 ? [] : target.slice(end + 1).split(/[&;]/)), ...path.split(/[;/]/)];
  // Servlets write the cookie JSESSIONID as jsessionid here.
  return pieces.flatMap(readPair).flatMap((pair) => [pair, { ...pair, name: pair.name.toUpperCase() }]);
}

/** As applications name the cookie of a session. */
const NAME = /sess|s_?id$|sid_?|token|auth|jwt|ticket|remember|login|\.aspx/i;
/** What is drawn has this many letters and digits, some of which are no small letters. */
const DRAWN = /[a-z0-9]{16}/i;

/**
 * Cookies of sessions that a login may be in: those that it came with, and those that its answer
 * sets. Where nobody has named them, all that look like it.
 * @param headers of the answer, names and values in turn
 */
export function sessionsOfLogin(
  exchange: Pick<Exchange, 'head' | 'application'>,
  { logins }: Pick<Attempt, 'logins'>,
  headers: readonly string[],
): readonly SentName[] {
  const isSession = exchange.application?.sessions
    ? ({ name }: SentName) => logins.some(({ outcome }) => outcome.isSentSession(name))
    : looksLikeSession;
  return [...liveCookies(headers), ...sentCookies(exchange)].filter(isSession);
}

/** Whether a request has a session of its application: what its answer renews may be that one. */
export const bringsSession = (exchange: Pick<Exchange, 'head'>, logins: readonly Pick<Login, 'outcome'>[]): boolean =>
  [...sentCookies(exchange), ...sentInTarget(exchange)].some(({ name }) =>
    logins.some(({ outcome }) => outcome.isSentSession(name)),
  );

/** Whether an application could have logged any session in, so that who guesses may hold it. */
export function mayLogIn(
  exchange: Pick<Exchange, 'head' | 'application'>,
  { logins }: Pick<Attempt, 'logins'>,
  headers: readonly string[],
): boolean {
  const begun = liveCookies(headers);
  if (!exchange.application?.sessions) return begun.length > 0 || sentCookies(exchange).length > 0;
  const begins = begun.some(({ name }) => logins.some(({ outcome }) => outcome.isSessionCookie(name)));
  return begins || bringsSession(exchange, logins);
}

function looksLikeSession({ name, value }: SentName): boolean {
  const letters = urlDecode(value).replaceAll('-', '');
  return NAME.test(name) || (DRAWN.test(letters) && /[A-Z0-9]/.test(letters));
}

/** One text for all spellings of a cookie that some application takes for the same. */
export function spelledAlike({ name, value }: SentName): string {
  const plain = urlDecode(name).trim().replace(/[ .[]/g, '_').toLowerCase();
  return `${plain}=${urlDecode(value).trim().replace(/^"|"$/g, '')}`;
}

function readPair(text: string): SentName[] {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(0, equals)).trim();
  if (name === '') return [];
  const value = text.slice(equals + 1).trim();
  const ofPhp = urlDecode(name).trim().replace(/[ .[]/g, '_');
  return ofPhp === name
    ? [{ name, value }]
    : [
        { name, value },
        { name: ofPhp, value },
      ];
}
