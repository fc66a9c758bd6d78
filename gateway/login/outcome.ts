// What became of a login: its expressions, or those of the generic login, on the application's
// response.

import type { Exchange } from '../exchange.ts';
import { RESPONSE_SCHEME, type RuleResponse } from '../fields/response-fields.ts';
import { liveCookies } from '../fields/set-cookies.ts';
import type { FindList } from '../rules/compile-expression.ts';
import { compileSource } from '../rules/compile-source.ts';
import type { LoginOutcome, OutcomeTests } from './attempt.ts';
import { createNameTest } from './cookie-names.ts';

export interface OutcomeExpressions {
  readonly success?: string | undefined;
  readonly failure?: string | undefined;
  /** Names of cookies that only a login sets; `*` stands for any characters. */
  readonly sessionCookies: readonly string[];
}

/** Applications that send no redirect answer with a token. */
const HAS_TOKEN = String.raw`credveil.response.body matches r#"(?i)"[a-z_-]*(token|jwt)"\s*:\s*"[^"]"#`;
const IS_FORM = String.raw`credveil.response.body matches r#"(?i)<input[^>]{1,500}type\s*=\s*["']?password"#`;
const IS_BACK =
  'credveil.response.leads_back or ' +
  `credveil.response.location matches r"(?i)(log[-_]?in|sign[-_]?in|error|fail|invalid|denied)"`;
const HAS_NEW_COOKIE = 'any(credveil.response.cookies.new[*] ne "")';

/**
 * A new cookie alone says little, since applications give one to whoever comes without: the answer
 * must not be the form again, or lead back to it.
 */
const GENERIC_SUCCESS = `http.response.code in {200..399} and (${HAS_NEW_COOKIE} or ${HAS_TOKEN}) and not (${IS_BACK} or ${IS_FORM})`;
const GENERIC_FAILURE =
  'http.response.code in {400 401 403 422 429} or ' +
  `http.response.code in {200 301..303} and (not (${HAS_NEW_COOKIE} or ${HAS_TOKEN}) or ${IS_BACK} or ${IS_FORM})`;

/** @throws {RuleError} */
export function compileOutcome(
  { success = GENERIC_SUCCESS, failure = GENERIC_FAILURE, sessionCookies }: OutcomeExpressions,
  findList: FindList,
): OutcomeTests {
  return {
    success: compileSource(success, RESPONSE_SCHEME, findList),
    failure: compileSource(failure, RESPONSE_SCHEME, findList),
    beginsSession: createSessionTest(sessionCookies),
  };
}

/**
 * A cookie of a session is a success whatever else the response says; then success is asked for,
 * then failure, and else the outcome is unknown. It is unknown as well if two logins of one request
 * tell different things: one of them is a decoy.
 */
export function judgeOutcome(
  logins: readonly { readonly outcome: OutcomeTests }[],
  exchange: Exchange,
  response: RuleResponse['response'],
): LoginOutcome {
  if (logins.some(({ outcome }) => outcome.beginsSession(response.headers))) return 'success';
  const context = RESPONSE_SCHEME.createContext({ exchange, path: exchange.found?.readings[0] ?? '', response });
  const outcomes = logins.map(({ outcome: { success, failure } }): LoginOutcome => {
    if (success.evaluate(context)) return 'success';
    return failure.evaluate(context) ? 'failure' : 'unknown';
  });
  const told = new Set(outcomes.filter((outcome) => outcome !== 'unknown'));
  const [only] = told;
  return told.size === 1 && only !== undefined ? only : 'unknown';
}

/** Whether a response begins a session: sets a cookie of these names that browsers keep. */
export function createSessionTest(patterns: readonly string[]): (headers: readonly string[]) => boolean {
  if (patterns.length === 0) return () => false;
  const isOfSession = createNameTest(patterns);
  return (headers) => liveCookies(headers).some(({ name }) => isOfSession(name));
}
