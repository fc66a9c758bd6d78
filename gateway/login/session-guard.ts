// Sessions that an application begins without a login that was seen: some log in under names of
// actions that nobody lists, or by what a plug-in adds.

import type { RuleRequest } from '../fields/readings.ts';
import { REQUEST_SCHEME } from '../fields/request-fields.ts';
import { liveCookies, type SetCookie } from '../fields/set-cookies.ts';
import type { FindList } from '../rules/compile-expression.ts';
import { compileSource } from '../rules/compile-source.ts';
import { createNameTest } from './cookie-names.ts';
import type { SessionLine, SessionUser } from './preset-schema.ts';
import { createUserReader } from './session-user.ts';
import type { BegunSession, SentCookies, SessionGuard } from './sessions.ts';

export interface SessionSource {
  readonly sessionCookies: readonly string[];
  readonly sessionUser?: SessionUser | undefined;
  readonly sessionLine?: SessionLine | undefined;
  /** Requests other than logins that begin one, such as a sign-up. */
  readonly mayBeginSession?: string | undefined;
}

/**
 * @returns undefined where no cookie tells a session, as in most applications
 * @throws {RuleError}
 */
export function createSessionGuard(sources: readonly SessionSource[], findList: FindList): SessionGuard | undefined {
  const readers = sources.filter(({ sessionCookies }) => sessionCookies.length > 0).map(createReader);
  if (readers.length === 0) return undefined;
  const exemptions = sources
    .map(({ mayBeginSession }) => mayBeginSession)
    .filter((expression) => expression !== undefined)
    .map((expression) => compileSource(expression, REQUEST_SCHEME, findList));
  return {
    sessionOf: (headers, sent = NOTHING_SENT) => {
      const cookies = liveCookies(headers);
      return cookies.length === 0 ? undefined : join(readers.flatMap((read) => read(cookies, sent) ?? []));
    },
    namesUsers: sources.some(({ sessionUser }) => sessionUser !== undefined),
    exemptions,
  };
}

type Reader = (cookies: readonly SetCookie[], sent: SentCookies) => BegunSession | undefined;

const NOTHING_SENT: SentCookies = () => undefined;

function createReader({ sessionCookies, sessionUser, sessionLine }: SessionSource): Reader {
  const isOfSession = createNameTest(sessionCookies);
  const read = sessionUser ? namedReader(sessionUser) : unnamedReader(sessionLine);
  return (cookies, sent) => {
    const ofSession = cookies.filter(({ name }) => isOfSession(name));
    return ofSession.length === 0 ? undefined : read(ofSession, sent);
  };
}

function namedReader(sessionUser: SessionUser): Reader {
  const reader = createUserReader(sessionUser);
  return (cookies) => {
    const users = cookies.filter(({ name }) => reader.names(name)).map((cookie) => reader.read(cookie));
    const known = users.filter((user) => user !== undefined);
    return {
      cookies: new Set(cookies.map(({ name }) => name)),
      users: [...new Set(known)],
      isNameless: known.length === 0 || known.length < users.length,
      unnamed: new Set(),
    };
  };
}

/** Who sends a value, or the part of it that only one session has, has the session already. */
function unnamedReader(line: SessionLine | undefined): Reader {
  const goesOn = (value: string, before: string): boolean =>
    value === before ||
    (line !== undefined && lineOf(line, value) !== '' && lineOf(line, value) === lineOf(line, before));
  return (cookies, sent) => {
    const begun = cookies.filter(({ name, value }) => !sent(name)?.some((before) => goesOn(value, before)));
    const names = new Set(begun.map(({ name }) => name));
    return names.size === 0 ? undefined : { cookies: names, users: [], isNameless: false, unnamed: names };
  };
}

function lineOf({ part, sign }: SessionLine, value: string): string {
  const at = value.lastIndexOf(sign);
  if (at < 0) return '';
  return part === 'before' ? value.slice(0, at) : value.slice(at + sign.length);
}

function join(sessions: readonly BegunSession[]): BegunSession | undefined {
  if (sessions.length <= 1) return sessions[0];
  return {
    cookies: new Set(sessions.flatMap(({ cookies }) => [...cookies])),
    users: [...new Set(sessions.flatMap(({ users }) => users))],
    isNameless: sessions.some(({ isNameless }) => isNameless),
    unnamed: new Set(sessions.flatMap(({ unnamed }) => [...unnamed])),
  };
}

/** @param readings of the request's path: all of them must be exempt */
export function isExempt({ exemptions }: SessionGuard, readings: readonly RuleRequest[]): boolean {
  const contexts = readings.map((reading) => REQUEST_SCHEME.createContext(reading));
  return exemptions.some(({ evaluate }) => contexts.every((context) => evaluate(context) === true));
}
