// The place in the budget of checks that a login needs whose outcome may prove nothing.

import type { CheckPolicy } from '../../checks/check-keys.ts';
import type { Checks } from '../../checks/checks.ts';
import type { LeakVerdict } from '../../checks/verdict.ts';
import type { Exchange } from '../../exchange.ts';
import { type Attempt, isOfFields, type Judgement, UNKNOWN } from '../../login/attempt.ts';
import type { PipelineParts } from '../../pipeline-parts.ts';

/** What checks a login that may prove nothing. */
export interface TakenCheck {
  readonly kind: 'taken';
  readonly checks: Checks;
  /** It needs no place, since its outcome is proven, or since there is nothing to check. */
  giveBack(): void;
}

/** Why a login is refused whose check is missing, or has found what nobody could confirm. */
export interface Refused {
  readonly kind: 'refuse';
  readonly code: 'LOGIN_UNCHECKED' | 'LOGIN_UNREADABLE' | 'CHECKS_SPENT' | 'LOGIN_HELD';
  readonly retryAfterS?: number;
}

export interface CheckedLogin {
  readonly attempt: Attempt;
  readonly policy: CheckPolicy;
  /** Undefined without `leaks`. */
  readonly checks: Checks | undefined;
}

const NO_CHECK: LeakVerdict = { status: 'unknown', reason: 'CHECK_BUDGET' };
const free = (checks: Checks): TakenCheck => ({ kind: 'taken', checks, giveBack: () => {} });

/** @returns what checks a login that proves nothing, or why it is refused */
export function takeCheck(
  exchange: Exchange,
  { attempt, policy, checks }: CheckedLogin & { readonly checks: Checks },
  { checkBudget, observe }: PipelineParts,
  judgement: Judgement = UNKNOWN,
): TakenCheck | Refused {
  const { application } = exchange;
  // Those that pages may send are all one party: they take nothing from logins that people send.
  const party = isOfFields(attempt) ? 'fields' : exchange.party;
  if (exchange.verdict !== undefined) return free(checks);
  const { unknownChecks: perMinute } = policy;
  if (perMinute === 0) return free({ ...checks, check: async () => NO_CHECK });
  const answer = checkBudget.take({ application: application?.name ?? '', party, perMinute });
  if (answer.isTaken) return { kind: 'taken', checks, giveBack: answer.giveBack };
  if (answer.isNew) observe.checksSpent(exchange);
  observe.login(exchange, attempt, { ...judgement, verdict: NO_CHECK });
  if (answer.spent === 'application') return { kind: 'refuse', code: 'LOGIN_UNCHECKED' };
  return { kind: 'refuse', code: 'CHECKS_SPENT', retryAfterS: Math.ceil(answer.retryAfterMs / 1_000) };
}
