// Phase 10 of a login: what has to be done about its check before it is sent to the application.
//
// An application may log a session in that the client has brought, and may use it for another
// request at the same moment. What is refused once it was forwarded has no cookie of it, and the
// client needs none. So a login that may prove nothing takes its place in the budget first, and
// with `onUnknown: deny` its whole check.

import type { CheckPolicy } from '../../checks/check-keys.ts';
import { actionsFor } from '../../checks/on-leaked.ts';
import { waitForSlot } from '../../checks/slot.ts';
import { UNREADABLE } from '../../checks/verdict.ts';
import type { Exchange } from '../../exchange.ts';
import { type Attempt, actsAtOnce, type Judgement, UNKNOWN } from '../../login/attempt.ts';
import { PRESETS } from '../../login/preset.ts';
import { bringsSession, bringsTooMany, sentCookies } from '../../login/sent-sessions.ts';
import type { PipelineParts } from '../../pipeline-parts.ts';
import { type CheckedLogin, type Refused, type TakenCheck, takeCheck } from './take-check.ts';

/** @returns undefined if a place in the budget is taken once the outcome is known to need one */
export async function checkFirst(
  exchange: Exchange,
  login: CheckedLogin,
  parts: PipelineParts,
): Promise<TakenCheck | Refused | undefined> {
  const { attempt, checks, policy } = login;
  if (!checks) return undefined;
  if (!checks.isReadable(attempt) || bringsTooMany(exchange, attempt)) {
    parts.observe.login(exchange, attempt, { ...UNKNOWN, verdict: UNREADABLE });
    return { kind: 'refuse', code: 'LOGIN_UNREADABLE' };
  }
  const isBefore = policy.header === 'before';
  // Nothing of it could be held back once it was done.
  const isHeldFirst = exchange.hold !== undefined && actsAtOnce(attempt);
  // Checked behind its answer, a right one alone would end what its browser had.
  const needsNoPlace = isBefore || (!exchange.hold && isProofSure(exchange, attempt, policy));
  const taken = needsNoPlace ? undefined : takeCheck(exchange, { ...login, checks }, parts);
  if (taken?.kind === 'refuse') return taken;
  if (!isBefore && !isHeldFirst && !(taken && policy.onUnknown === 'deny')) return taken;
  const refused = await checkEvenly(exchange, login, parts);
  const { verdict } = exchange;
  if (!refused && isHeldFirst && verdict && actionsFor(verdict, policy).includes('hold')) {
    parts.observe.login(exchange, attempt, { ...UNKNOWN, verdict });
    const { application } = exchange;
    parts.people?.holds?.events.held(exchange, application?.name ?? '', attempt.login.name, 'refused');
    return { kind: 'refuse', code: 'LOGIN_HELD' };
  }
  if (isBefore && verdict?.header !== undefined && actionsFor(verdict, policy).includes('header'))
    exchange.toOrigin.push('Exposed-Credential-Check', verdict.header);
  return refused ?? taken;
}

/**
 * A check whose time does not depend on what it finds: who guesses sees when the request goes on.
 * @returns why the login is refused
 */
export async function checkEvenly(
  exchange: Exchange,
  { attempt, policy, checks }: CheckedLogin,
  { observe }: PipelineParts,
  judgement: Judgement = UNKNOWN,
): Promise<Refused | undefined> {
  if (!checks) return undefined;
  // Not the beginning of the request: a client chooses when its body comes.
  const startedAt = performance.now();
  const verdict = await checks.checkEvenly(attempt);
  await waitForSlot(startedAt);
  exchange.verdict = verdict;
  const { status, isOfRequest, missing } = verdict;
  const isDenied = policy.onUnknown === 'deny' && (status === 'unknown' || missing !== undefined);
  if (!isOfRequest && !isDenied) return undefined;
  // Where half of the service is away, a guess that the other half found would pass, and tell.
  const told = status === 'unknown' ? verdict : { status: 'unknown' as const, ...(missing && { reason: missing }) };
  observe.login(exchange, attempt, { ...judgement, verdict: told });
  return { kind: 'refuse', code: isOfRequest ? 'LOGIN_UNREADABLE' : 'LOGIN_UNCHECKED' };
}

/**
 * Whether a right password brings a proof, or else no session: where the answer has to have its
 * cookie, and the client has brought nothing that could be logged in instead. With `deny` the word
 * of an operator does not suffice, since that cookie may stand beside another session: only presets
 * whose applications begin a new one at each login.
 */
function isProofSure(exchange: Exchange, { logins }: Attempt, { onUnknown }: CheckPolicy): boolean {
  const cookies = sentCookies(exchange);
  const isOfPresets = logins.every(({ preset }) => preset !== undefined && PRESETS.get(preset)?.sessionUser);
  const mayAllow = onUnknown === 'allow';
  if (!isOfPresets && !(mayAllow && logins.some(({ outcome }) => outcome.hasProvingCookies)))
    return mayAllow && cookies.length === 0 && logins.every(({ outcome }) => outcome.proves.has('success'));
  return !bringsSession(exchange, logins);
}
