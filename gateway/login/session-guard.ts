// Sessions that an application begins without a login that was seen: some log in under names of
// actions that nobody lists, or by what a plug-in adds.

import type { RuleRequest } from '../fields/readings.ts';
import { REQUEST_SCHEME } from '../fields/request-fields.ts';
import { liveCookies, type SetCookie } from '../fields/set-cookies.ts';
import type { FindList } from '../rules/compile-expression.ts';
import { compileSource } from '../rules/compile-source.ts';
import { createNameTest } from './cookie-names.ts';
import type { SessionUser } from './preset-schema.ts';
import { createUserReader } from './session-user.ts';
import type { BegunSession, SessionGuard } from './sessions.ts';

export interface SessionSource {
  readonly sessionCookies: readonly string[];
  readonly sessionUser?: SessionUser | undefined;
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
    sessionOf: (headers) => {
      const cookies = liveCookies(headers);
      return cookies.length === 0 ? undefined : join(readers.flatMap((read) => read(cookies) ?? []));
    },
    namesUsers: sources.some(({ sessionUser }) => sessionUser !== undefined),
    exemptions,
  };
}

type Reader = (cookies: readonly SetCookie[]) => BegunSession | undefined;

function createReader({ sessionCookies, sessionUser }: SessionSource): Reader {
  const isOfSession = createNameTest(sessionCookies);
  const reader = sessionUser && createUserReader(sessionUser);
  return (cookies) => {
    const ofSession = cookies.filter(({ name }) => isOfSession(name));
    if (ofSession.length === 0) return undefined;
    const naming = reader ? ofSession.filter(({ name }) => reader.names(name)) : [];
    const users = naming.map((cookie) => reader?.read(cookie));
    const known = users.filter((user) => user !== undefined);
    return {
      cookies: new Set(ofSession.map(({ name }) => name)),
      users: [...new Set(known)],
      isNameless: reader !== undefined && (known.length === 0 || known.length < users.length),
    };
  };
}

function join(sessions: readonly BegunSession[]): BegunSession | undefined {
  if (sessions.length <= 1) return sessions[0];
  return {
    cookies: new Set(sessions.flatMap(({ cookies }) => [...cookies])),
    users: [...new Set(sessions.flatMap(({ users }) => users))],
    isNameless: sessions.some(({ isNameless }) => isNameless),
  };
}

/** @param readings of the request's path: all of them must be exempt */
export function isExempt({ exemptions }: SessionGuard, readings: readonly RuleRequest[]): boolean {
  const contexts = readings.map((reading) => REQUEST_SCHEME.createContext(reading));
  return exemptions.some(({ evaluate }) => contexts.every((context) => evaluate(context) === true));
}
