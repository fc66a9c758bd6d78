// Sessions that an application begins without a login that was seen: some log in under names of
// actions that nobody lists, or by what a plug-in adds.

import type { RuleRequest } from '../fields/readings.ts';
import { REQUEST_SCHEME } from '../fields/request-fields.ts';
import type { FindList } from '../rules/compile-expression.ts';
import { compileRule, parseRule } from '../rules/rule.ts';
import { createSessionTest } from './outcome.ts';
import type { SessionGuard } from './sessions.ts';

export interface SessionSource {
  readonly sessionCookies: readonly string[];
  /** Requests other than logins that begin one, such as a sign-up. */
  readonly mayBeginSession?: string | undefined;
}

/**
 * @returns undefined where no cookie tells a session, as in most applications
 * @throws {RuleError}
 */
export function createSessionGuard(sources: readonly SessionSource[], findList: FindList): SessionGuard | undefined {
  const patterns = [...new Set(sources.flatMap(({ sessionCookies }) => sessionCookies))];
  if (patterns.length === 0) return undefined;
  const exemptions = sources
    .map(({ mayBeginSession }) => mayBeginSession)
    .filter((expression) => expression !== undefined)
    .map((expression) => compileRule(parseRule(expression), REQUEST_SCHEME, findList));
  return { beginsSession: createSessionTest(patterns), exemptions };
}

/** @param readings of the request's path: all of them must be exempt */
export function isExempt({ exemptions }: SessionGuard, readings: readonly RuleRequest[]): boolean {
  const contexts = readings.map((reading) => REQUEST_SCHEME.createContext(reading));
  return exemptions.some(({ evaluate }) => contexts.every((context) => evaluate(context) === true));
}
