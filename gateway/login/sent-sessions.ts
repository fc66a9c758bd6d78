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

/** Some servers end a cookie at a comma too (RFC 2965 §3.2.2); others take it for a part of it. */
const COOKIE_ENDS = [/;/, /[;,]/];

/** All cookies that any server reads, under the names that are written and those that PHP makes. */
export const sentCookies = ({ head }: Pick<Exchange, 'head'>): readonly SentName[] =>
  headerValues(head?.headers ?? [], 'cookie').flatMap((value) =>
    [...new Set(COOKIE_ENDS.flatMap((end) => value.split(end)))].flatMap(readPair),
  );

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
/** At least 64 bits of hexadecimal digits. */
const DRAWN = /[a-z0-9]{16}/i;
const MIN_DISTINCT = 6;
/** More than any browser has. */
const MAX_SENT = 64;

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
    : ({ name, value }: SentName) => valuesOf(value).some((text) => looksDrawn(name, text));
  return [...liveCookies(headers), ...sentCookies(exchange)].filter(isSession);
}

/** Whether a login brings more such cookies than are remembered: decoys would displace the one. */
export const bringsTooMany = (exchange: Pick<Exchange, 'head' | 'application'>, attempt: Pick<Attempt, 'logins'>) =>
  new Set(sessionsOfLogin(exchange, attempt, []).flatMap(spellingsOf)).size > MAX_SENT;

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

/**
 * Whether nobody else has this value: a flag such as `is_authenticated=true` would send the verdict
 * of one user to another.
 */
function looksDrawn(name: string, value: string): boolean {
  const letters = value.replace(NAME.test(name) ? /[^a-z0-9]/gi : /[-_]/g, '');
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((kind) => kind.test(letters)).length;
  return DRAWN.test(letters) && kinds > 1 && new Set(letters).size >= MIN_DISTINCT;
}

/** Texts for a cookie: two that some application takes for the same have one in common. */
export function spellingsOf({ name, value }: SentName): readonly string[] {
  const plain = phpNameOf(name).toLowerCase();
  return valuesOf(value).map((text) => `${plain}=${text}`);
}

const OCTAL = /\\([0-3][0-7][0-7])/g;
const ESCAPED = /\\(.)/g;

/** With and without quotes and escapes (RFC 2109 §4.1), also octal ones, as Python reads them. */
function valuesOf(value: string): readonly string[] {
  const bare = value.trim().replace(/^"|"$/g, '');
  const ofOctal = bare.replace(OCTAL, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
  const texts = [bare, bare.replace(ESCAPED, '$1'), ofOctal, ofOctal.replace(ESCAPED, '$1')];
  return [...new Set(texts.map((text) => urlDecode(text).trim().replace(/^"|"$/g, '')))];
}

const phpNameOf = (name: string): string => urlDecode(name).trim().replace(/[ .[]/g, '_');

function readPair(text: string): SentName[] {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(0, equals)).trim();
  if (name === '') return [];
  const value = text.slice(equals + 1).trim();
  const ofPhp = phpNameOf(name);
  return ofPhp === name
    ? [{ name, value }]
    : [
        { name, value },
        { name: ofPhp, value },
      ];
}
