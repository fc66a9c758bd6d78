// Phase 10 of a login: its place in the budget of checks, before it is sent to the application.
//
// An application may log a session in that the client has brought. What is refused once it was
// forwarded has no cookie of it, and the client needs none.

import { partyOf } from '../addresses/party.ts';
import type { CheckPolicy } from '../checks/check-keys.ts';
import type { Checks, LeakVerdict } from '../checks/checks.ts';
import type { Exchange } from '../exchange.ts';
import { headerValues } from '../header-pairs.ts';
import { type Attempt, type Judgement, UNKNOWN } from '../login/attempt.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { urlDecode } from '../rules/functions/text.ts';

/** What checks a login that may prove nothing. */
export interface TakenCheck {
  readonly kind: 'taken';
  readonly checks: Checks;
  /** It needs no place, since its outcome is proven, or since there is nothing to check. */
  giveBack(): void;
}

export interface Spent {
  readonly kind: 'refuse';
  readonly code: 'LOGIN_UNCHECKED' | 'CHECKS_SPENT';
  readonly headers?: readonly string[];
}

export interface CheckedLogin {
  readonly attempt: Attempt;
  readonly policy: CheckPolicy;
  /** Undefined without `leaks`. */
  readonly checks: Checks | undefined;
}

const NO_CHECK: LeakVerdict = { status: 'unknown', reason: 'CHECK_BUDGET' };
const free = (checks: Checks): TakenCheck => ({ kind: 'taken', checks, giveBack: () => {} });

/** @returns undefined if the place is taken once the outcome is known to need it */
export function takeFirst(exchange: Exchange, login: CheckedLogin, parts: PipelineParts) {
  const { attempt, checks } = login;
  return checks && !isProofSure(exchange, attempt) ? takeCheck(exchange, { ...login, checks }, parts) : undefined;
}

/** @returns what checks a login that proves nothing, or why it is refused */
export function takeCheck(
  exchange: Exchange,
  { attempt, policy, checks }: CheckedLogin & { readonly checks: Checks },
  { checkBudget, observe }: PipelineParts,
  judgement: Judgement = UNKNOWN,
): TakenCheck | Spent {
  const { application, client } = exchange;
  if (exchange.verdict !== undefined) return free(checks);
  const { unknownChecks: perMinute } = policy;
  if (perMinute === 0) return free({ ...checks, check: async () => NO_CHECK });
  const answer = checkBudget.take({ application: application?.name ?? '', party: partyOf(client), perMinute });
  if (answer.isTaken) return { kind: 'taken', checks, giveBack: answer.giveBack };
  if (answer.isNew) observe.checksSpent(exchange);
  observe.login(exchange, attempt, { ...judgement, verdict: NO_CHECK });
  if (answer.spent === 'application') return { kind: 'refuse', code: 'LOGIN_UNCHECKED' };
  const seconds = Math.ceil(answer.retryAfterMs / 1_000);
  return { kind: 'refuse', code: 'CHECKS_SPENT', headers: ['Retry-After', String(seconds)] };
}

/**
 * Whether a right password brings a proof, or else no session: where the answer has to have its
 * cookie, and the client has brought none that could be logged in instead.
 */
function isProofSure(exchange: Exchange, { logins }: Attempt): boolean {
  const brought = cookieNamesOf(exchange);
  const hasCookies =
    exchange.application?.sessions?.namesUsers === true || logins.some(({ outcome }) => outcome.hasProvingCookies);
  if (!hasCookies) return brought.length === 0 && logins.every(({ outcome }) => outcome.proves.has('success'));
  return !brought.some((name) => logins.some(({ outcome }) => outcome.isSessionCookie(name)));
}

/** As they are written, and as PHP reads them. */
const cookieNamesOf = ({ head }: Exchange): readonly string[] =>
  headerValues(head?.headers ?? [], 'cookie')
    .flatMap((value) => value.split(';'))
    .map((pair) => pair.slice(0, Math.max(0, pair.indexOf('='))).trim())
    .filter((name) => name !== '')
    .flatMap((name) => [name, urlDecode(name).trim().replace(/[ .[]/g, '_')]);
