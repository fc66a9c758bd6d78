// What an answered login comes to: its outcome, its check, how it counts, and what its client gets.

import { sendRedirect } from '../answers/answer.ts';
import type { CheckPolicy } from '../checks/check-keys.ts';
import { actionsFor } from '../checks/on-leaked.ts';
import { namedVerdict } from '../checks/verdict.ts';
import type { Exchange } from '../exchange.ts';
import { withoutCookies } from '../fields/set-cookies.ts';
import { pairsOf } from '../header-pairs.ts';
import type { Admitted, AttemptResult } from '../limits/limits.ts';
import { type Attempt, countedOutcome, type Judgement } from '../login/attempt.ts';
import type { KnownCredential } from '../login/known-credentials.ts';
import { judgeOutcome } from '../login/outcome.ts';
import { mayLogIn, sessionsOfLogin } from '../login/sent-sessions.ts';
import { isSameName } from '../login/session-user.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { Content } from '../request/collect-body.ts';
import type { GatewaySetup } from '../setup.ts';
import type { HeldResponse } from '../upstream/held-response.ts';
import { checkLogin, type LoginAnswer } from './check/check-login.ts';
import type { CheckedLogin, Refused, TakenCheck } from './check/take-check.ts';
import { sentBy } from './guard-session.ts';
import { endLogin } from './hold-login.ts';
import { isImported, likenessOf, mayBeRight, type Rise, withRise } from './hold-rise.ts';

export interface AnsweredLogin extends CheckedLogin {
  readonly content: Content | undefined;
  readonly rise: Rise | undefined;
  /** Its credential was checked before: it is no new login, unless it is refused now. */
  readonly known: KnownCredential | undefined;
  readonly admitted: Admitted;
  /** A known one that is refused now takes its place late: undefined if it has its answer. */
  readonly admit: () => Promise<Admitted | undefined>;
  /** Of a check that was taken before it was forwarded. */
  readonly taken: TakenCheck | undefined;
}

export async function judgeLogin(
  exchange: Exchange,
  held: HeldResponse,
  answered: AnsweredLogin,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const { attempt, policy, checks, content, rise, known, admitted, admit, taken } = answered;
  const { isTheirs, isSame } = await likenessOf(exchange, attempt.usernames, rise, parts);
  const sessionUsers = usersOfSession(exchange, held, rise);
  const report = setup.outcomeToken ? await parts.reports?.settle(exchange.id) : undefined;
  const told: Judgement = report
    ? { outcome: report.outcome, isProven: true }
    : judgeOutcome(attempt.logins, exchange, held, isTyped(attempt, sessionUsers));
  const judgement = rise && exchange.hold?.rules.whoami.length ? withRise(told, rise, isSame) : told;
  if (known && judgement.outcome !== 'failure') {
    await admitted.settle({ outcome: 'success', isProven: false, response: held });
    const ended = { attempt, rise, content, told, ...OF_KNOWN };
    if (await endLogin(exchange, held, ended, parts, setup)) held.release();
    return;
  }
  if (known) parts.known.forget(exchange, attempt);
  const slot = await admit();
  if (!slot) return held.discard();
  if (judgement.isDeniedRenewal) keepBack(exchange, held, parts);
  const isOfOne = sessionUsers.length === 1 && (rise === undefined || isTheirs);
  const canonical = report?.user ?? (isOfOne ? sessionUsers[0] : undefined);
  const counted = { ...judgement, outcome: countedOutcome(judgement), response: held };
  const slots = slotsOf(slot, { ...counted, ...(canonical !== undefined && { canonical }) });
  const sessions = sessionsOfLogin(exchange, attempt, held.headers);
  const mayBeIn = mayLogIn(exchange, attempt, held.headers);
  const isNamed = isTheirs && rise !== undefined && (await isImported(exchange, rise, parts));
  const isFound = isFoundBy(exchange, policy, judgement, isNamed);
  // No page and no status proves it: a right password may get them, and go on elsewhere.
  const isWrong = report?.outcome === 'failure';
  const mayHold = exchange.hold !== undefined && (rise !== undefined || mayBeRight(attempt, judgement));
  const checked = { attempt, policy, checks, judgement, sessionUsers, isNamed, sessions, mayBeIn, mayHold, taken };
  // What is held counts once it has ended.
  const before = mayHold ? undefined : await slots.settle();
  const given = await checkLogin(exchange, checked, parts);
  const answer = withHeaders(given, before ?? (given.kind === 'hold' ? [] : await slots.settle()));
  const ended = { attempt, rise, answer, content, settle: slots.settleHeld, told, isTheirs, isFound, isWrong };
  if (await endLogin(exchange, held, ended, parts, setup)) answerLogin(exchange, held, answer, parts);
}

/** What was checked before is no new login. */
const OF_KNOWN = {
  answer: { kind: 'release', headers: [] } satisfies LoginAnswer,
  settle: async (): Promise<void> => undefined,
  ...{ isTheirs: false, isFound: false, isWrong: false },
};

/** A held login that was released is no success of its own: its release is. */
const slotsOf = (slot: Admitted, result: AttemptResult) => ({
  settle: () => slot.settle(result),
  settleHeld: async (isReleased: boolean): Promise<void> => {
    const outcome = isReleased ? 'success' : 'failure';
    await slot.settle({ ...result, outcome, isProven: !isReleased });
  },
});

/** By the verdict from before it was forwarded. */
function isFoundBy({ verdict }: Exchange, policy: CheckPolicy, judgement: Judgement, isNamed: boolean): boolean {
  if (verdict === undefined || judgement.asksSecondFactor === true) return false;
  return actionsFor(isNamed ? namedVerdict(verdict) : verdict, policy).includes('hold');
}

const usersOfSession = (
  { application }: Exchange,
  { headers }: HeldResponse,
  rise: Rise | undefined,
): readonly string[] =>
  rise && rise.users.length > 0 ? rise.users : (application?.sessions?.sessionOf(headers)?.users ?? []);

/**
 * Who is in already, and types a wrong password, stays in by the cookie that he has: one in its
 * place would let somebody in whose verdict waits, if the answer only looks like a failure.
 */
function keepBack(exchange: Exchange, held: HeldResponse, { observe }: PipelineParts): void {
  const session = exchange.application?.sessions?.sessionOf(held.headers, sentBy(exchange));
  if (!session || session.unnamed.size === 0) return;
  held.changeHeaders((headers) => withoutCookies(headers, session.unnamed));
  observe.keptBack(exchange);
}

/** Whether a session is of the one user whom all names of a login name. */
const isTyped = ({ typed }: Attempt, [user, ...others]: readonly string[]): boolean =>
  user !== undefined && others.length === 0 && typed.every((name) => isSameName(name, user));

/** What is refused gets no cookie. */
const withHeaders = (answer: LoginAnswer, more: readonly string[]): LoginAnswer =>
  answer.kind === 'refuse' ? answer : { ...answer, headers: [...answer.headers, ...more] };

/** Phase 13. The session of a login that is led elsewhere stays. */
function answerLogin(exchange: Exchange, held: HeldResponse, answer: LoginAnswer, parts: PipelineParts): void {
  if (answer.kind === 'release') {
    held.release(answer.headers);
    return;
  }
  held.discard();
  if (answer.kind === 'refuse') answerRefused(exchange, answer, parts);
  if (answer.kind !== 'redirect') return;
  const cookies = pairsOf(held.headers).filter(([name]) => name.toLowerCase() === 'set-cookie');
  sendRedirect(exchange.response, 303, answer.location, [...cookies.flat(), ...answer.headers]);
  parts.observe.answered(exchange, 'REDIRECTED');
}

export function answerRefused(exchange: Exchange, { code, retryAfterS }: Refused, { observe }: PipelineParts): void {
  exchange.answer(code, { retryAfterS });
  observe.answered(exchange, code);
}
