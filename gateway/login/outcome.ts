// What became of a login: its expressions, or those of the generic login, on the application's
// response.

import type { Exchange } from '../exchange.ts';
import { newCookiesOf, RESPONSE_SCHEME, type RuleResponse } from '../fields/response-fields.ts';
import { liveCookies } from '../fields/set-cookies.ts';
import type { FindList } from '../rules/compile-expression.ts';
import { compileSource } from '../rules/compile-source.ts';
import { isOfBrowser, type Judgement, type Login, type LoginOutcome, type OutcomeTests, UNKNOWN } from './attempt.ts';
import { createNameTest, createSentNameTest } from './cookie-names.ts';
import { mayActByHead } from './head/head-credentials.ts';
import { bringsSession, sentCookies } from './sent-sessions.ts';

export interface OutcomeExpressions {
  readonly success?: string | undefined;
  readonly failure?: string | undefined;
  /** Asks for a second factor, which comes behind a right password alone. */
  readonly secondFactor?: string | undefined;
  /** Which of both no client can bring about otherwise. */
  readonly proves?: readonly ('success' | 'failure')[] | undefined;
  /** Names of cookies that only a login sets; `*` stands for any characters. */
  readonly sessionCookies: readonly string[];
  /** Those that prove that the password was compared, whomever they name. */
  readonly provingCookies?: readonly string[] | undefined;
  /** Anybody may send such a login beside another way to log in: no cookie tells them apart. */
  readonly isAnywhere?: boolean | undefined;
}

type ResponseContext = ReturnType<typeof RESPONSE_SCHEME.createContext>;

const OUTCOMES = ['success', 'failure'] as const;

/** Applications that send no redirect answer with a token. */
const HAS_TOKEN = String.raw`credveil.response.body matches r#"(?i)"[a-z_-]*(token|jwt)"\s*:\s*"[^"]"#`;
const IS_FORM = String.raw`credveil.response.body matches r#"(?i)<input[^>]{1,500}type\s*=\s*["']?password"#`;
const IS_BACK =
  'credveil.response.leads_back or ' +
  `credveil.response.location matches r"(?i)(log[-_]?in|sign[-_]?in|error|fail|invalid|denied)"`;
const HAS_NEW_COOKIE = 'any(credveil.response.cookies.new[*] ne "")';
const HAS_RENEWED_COOKIE = 'any(credveil.response.cookies.renewed[*] ne "")';
const HAS_SENT_COOKIE = 'any(http.request.headers["cookie"][*] ne "")';

/**
 * Who answers so did not take the password, whatever else the request asks for. 400 is none of
 * them: many applications begin the session first, and then find the page to go on to malformed.
 */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 422, 429]);

/**
 * Applications give a cookie to whoever comes without, so that only one in the place of another
 * says something, and the answer must not be the form again, or lead back to it. Some log in the
 * session that the client has, and set no cookie at all: a redirect on says nothing then.
 */
const GENERIC_SUCCESS = `http.response.code in {200..399} and (${HAS_RENEWED_COOKIE} or ${HAS_TOKEN}) and not (${IS_BACK} or ${IS_FORM})`;
const GENERIC_FAILURE =
  `http.response.code in {400 401 403 422 429} and not ${HAS_TOKEN} or ` +
  `http.response.code in {200 301..303} and (${IS_BACK} or ${IS_FORM}) or ` +
  `(http.response.code eq 200 or http.response.code in {301..303} and not ${HAS_SENT_COOKIE}) ` +
  `and not (${HAS_NEW_COOKIE} or ${HAS_TOKEN})`;

/** @throws {RuleError} */
export function compileOutcome(expressions: OutcomeExpressions, findList: FindList): OutcomeTests {
  const { success = GENERIC_SUCCESS, failure = GENERIC_FAILURE, proves = [], secondFactor, ...cookies } = expressions;
  const { sessionCookies, provingCookies = [], isAnywhere = false } = cookies;
  return {
    success: compileSource(success, RESPONSE_SCHEME, findList),
    failure: compileSource(failure, RESPONSE_SCHEME, findList),
    guessed: new Set(OUTCOMES.filter((outcome) => expressions[outcome] === undefined)),
    secondFactor: secondFactor === undefined ? undefined : compileSource(secondFactor, RESPONSE_SCHEME, findList),
    proves: new Set(proves),
    isSessionCookie: createNameTest(sessionCookies),
    isSentSession: createSentNameTest(sessionCookies),
    isProvingCookie: createNameTest(isAnywhere ? [] : provingCookies),
    hasProvingCookies: provingCookies.length > 0,
  };
}

type JudgedLogin = Pick<Login, 'outcome' | 'passwords'>;

/**
 * A new session of the user is a proven success, unless the answer denies it or the client may have
 * brought it. Else success is asked for, then failure, and other
 * cookies of a session say success too. Where these deny each other the outcome is unknown, and so
 * it is if two logins of one request do: one is a decoy, and what one alone tells proves nothing.
 * @param isTyped whether the session is that of the one user who was typed
 */
export function judgeOutcome(
  logins: readonly JudgedLogin[],
  exchange: Exchange,
  response: RuleResponse['response'],
  isTyped = false,
): Judgement {
  const request = { exchange, path: exchange.found?.readings[0] ?? '', response };
  const newCookies = newCookiesOf(request);
  const beginsSession = newCookies.some((name) => logins.some(({ outcome }) => outcome.isSessionCookie(name)));
  const context = RESPONSE_SCHEME.createContext(request);
  const asks = logins.some(({ outcome: { secondFactor } }) => secondFactor?.evaluate(context) === true);
  const outcomes = logins.map(({ outcome }) => toldBy(outcome, context));
  const isRefused = REFUSALS.has(response.status);
  const isDenied =
    (isRefused && !outcomes.includes('success')) || logins.some(({ outcome }, i) => saysFailure(outcome, outcomes[i]));
  const mayBeAnother = mayAnswerAnother(logins, exchange, isTyped, outcomes.includes('failure'));
  if (!isDenied && !mayBeAnother && isSessionProof(logins, newCookies, isTyped))
    return { outcome: 'success', isProven: true, beginsSession, asksSecondFactor: asks };
  const isBrought = bringsSession(exchange, logins);
  const isDeniedRenewal = isDenied && isBrought && !isTyped;
  const told = new Set(outcomes.filter((one) => one !== 'unknown'));
  // A new session says more than the generic expression, which takes a way back for a failure.
  if (beginsSession && !isDenied) told.delete('failure');
  if (hasSession(logins, response.headers)) {
    if (isRefused && !told.has('success')) told.add('failure');
    told.add('success');
  }
  const [outcome, ...others] = told;
  if (others.length > 0) return { ...UNKNOWN, beginsSession, isDeniedRenewal };
  const asksSecondFactor = outcome !== 'failure' && asks;
  if (outcome === undefined) return { ...UNKNOWN, asksSecondFactor };
  const isRefusal = outcome === 'failure' && isRefused && newCookies.length === 0;
  const isProven = logins.every(
    ({ outcome: { proves } }, i) => outcomes[i] === outcome && (isRefusal || proves.has(outcome)),
  );
  const isTold = logins.some((login, i) => outcomes[i] === 'success' && !login.outcome.guessed.has('success'));
  const isGuessed = outcome === 'success' && !isTold && !(beginsSession && !isBrought);
  return { outcome, isProven, beginsSession, asksSecondFactor, isGuessed };
}

/** What somebody has said of failures goes before what is only guessed of successes. */
function toldBy({ success, failure, guessed }: OutcomeTests, context: ResponseContext): LoginOutcome {
  const isFailureFirst = guessed.has('success') && !guessed.has('failure');
  if (isFailureFirst && failure.evaluate(context)) return 'failure';
  if (success.evaluate(context)) return 'success';
  return failure.evaluate(context) ? 'failure' : 'unknown';
}

const saysFailure = ({ guessed }: OutcomeTests, outcome: LoginOutcome | undefined): boolean =>
  outcome === 'failure' && !guessed.has('failure');

const hasSession = (logins: readonly JudgedLogin[], headers: readonly string[]): boolean =>
  liveCookies(headers).some(({ name }) => logins.some(({ outcome }) => outcome.isSessionCookie(name)));

/**
 * Whether a session in the answer may be another than that of the password: one that the client has
 * brought, which many applications renew at each answer, or, where the answer looks like a failure,
 * one that something else of the request begins, such as a cookie that remembers somebody.
 */
const mayAnswerAnother = (
  logins: readonly JudgedLogin[],
  exchange: Exchange,
  isTyped: boolean,
  looksFailed: boolean,
): boolean =>
  !isTyped &&
  (bringsSession(exchange, logins) ||
    (looksFailed &&
      (sentCookies(exchange).length > 0 || (exchange.head !== undefined && mayActByHead(exchange.head)))));

/**
 * Programs begin no session: what sets its cookie beside their password is something else, such as
 * a session that the client has already. That one may also be set again as it was, and it is of
 * another user than the one who was typed.
 */
const isSessionProof = (logins: readonly JudgedLogin[], newCookies: readonly string[], isTyped: boolean): boolean =>
  logins.every(isOfBrowser) &&
  newCookies.some((name) =>
    logins.some(({ outcome }) => outcome.isProvingCookie(name) || (isTyped && outcome.isSessionCookie(name))),
  );
