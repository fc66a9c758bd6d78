// Phase 7 and what follows it for a login: its body read, judged by rules, sent to the application,
// and the response held until it is known what became of it.

import { sendRedirect } from '../answers/answer.ts';
import { Refusal } from '../answers/kinds.ts';
import type { CheckPolicy } from '../checks/check-keys.ts';
import { actionsFor } from '../checks/on-leaked.ts';
import { namedVerdict } from '../checks/verdict.ts';
import type { Exchange } from '../exchange.ts';
import { withoutCookies } from '../fields/set-cookies.ts';
import { pairsOf } from '../header-pairs.ts';
import type { Admitted, AttemptFacts, AttemptResult } from '../limits/limits.ts';
import { type Attempt, countedOutcome, isOfFields, type Judgement, type Login, UNKNOWN } from '../login/attempt.ts';
import type { Candidate } from '../login/find-login.ts';
import type { KnownCredential } from '../login/known-credentials.ts';
import { judgeOutcome } from '../login/outcome.ts';
import { type LoginReading, readLogin } from '../login/read-login.ts';
import { mayLogIn, sessionsOfLogin } from '../login/sent-sessions.ts';
import { isSameName } from '../login/session-user.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { Content } from '../request/collect-body.ts';
import type { GatewaySetup } from '../setup.ts';
import type { HeldResponse } from '../upstream/held-response.ts';
import { isBlocked } from './apply-actions.ts';
import { checkFirst } from './check/check-first.ts';
import { checkLogin, checkUnanswered, type LoginAnswer } from './check/check-login.ts';
import { checksFor } from './check/known-names.ts';
import { withFoundNames, withOtherNames } from './check/other-names.ts';
import { passVerdict } from './check/pass-verdict.ts';
import type { Refused, TakenCheck } from './check/take-check.ts';
import { passForm } from './enter-hold.ts';
import { forwardLogin, forwardRequest } from './forward-request.ts';
import { forwardUnread, isRiseRefused } from './forward-unread.ts';
import { guardOf, sentBy } from './guard-session.ts';
import { endLogin, lockLogin } from './hold-login.ts';
import {
  countedForm,
  isImported,
  isOwnForm,
  likenessOf,
  mayBeRight,
  type Rise,
  riseOf,
  withRise,
} from './hold-rise.ts';
import { admitKnown, admitLogin, isUnreadableLimited } from './limit-login.ts';
import { readContent, readsBody, UNREAD } from './login-body.ts';
import { refuseLate, screenOf } from './screen-body.ts';

export async function handleLogin(
  exchange: Exchange,
  target: string,
  candidates: readonly Candidate[],
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const { content: before } = exchange;
  const isRead = readsBody(exchange, candidates);
  const read = isRead ? (before ?? (await readContent(exchange, candidates, parts, setup))) : undefined;
  if (read === 'gone') {
    parts.observe.forwarded(exchange, { failure: 'CLIENT_GONE' });
    return;
  }
  const { party } = exchange;
  if (parts.scanCosts.isSpent(party)) throw new Refusal('OVERLOADED', { close: true });
  const reading = parts.scanCosts.measure(party, read?.bytes.length ?? 0, () => readLogin(exchange, candidates, read));
  const content = read === UNREAD ? undefined : (read ?? before);
  if (await isRefused(exchange, reading, parts)) return;
  exchange.attempt = attemptOf(reading);
  if (isBlocked(exchange, parts)) return;
  const { hides } = reading;
  if (hides && exchange.hold && (!exchange.attempt || isOfFields(exchange.attempt))) {
    const facts = { usernames: exchange.attempt?.typed ?? [], findMember: reading.findMember };
    return forwardUnread(exchange, { target, content, login: hides, facts }, parts, setup);
  }
  if (!exchange.attempt) {
    const screen = screenOf(exchange, reading, parts, setup);
    const late = content && (await screen?.takeBeginning(content));
    if (late) {
      await refuseLate(exchange, late, parts);
      return;
    }
    await passVerdict(exchange, parts);
    if (!exchange.response.destroyed) forwardRequest(exchange, target, parts, setup, { content, screen });
    return;
  }
  const facts = { usernames: exchange.attempt.typed, findMember: reading.findMember };
  const attempt = await withOtherNames(exchange, exchange.attempt, reading.otherTexts(), parts);
  const known = parts.known.find(exchange, attempt, checksFor(exchange, parts, setup));
  const admitted = await admitKnown(exchange, facts, known, parts);
  const found = { target, content, attempt, hides, facts, known };
  if (admitted) await forwardAndCheck(exchange, { ...found, admitted }, parts, setup);
}

interface FoundLogin {
  readonly target: string;
  readonly content: Content | undefined;
  readonly attempt: Attempt;
  /** Of which it may have the fields beside it, in what cannot be read. */
  readonly hides: Login | undefined;
  readonly facts: Omit<AttemptFacts, 'exchange'>;
  /** Its credential was checked before: it is no new login, unless it is refused now. */
  readonly known: KnownCredential | undefined;
  readonly admitted: Admitted;
}

async function forwardAndCheck(
  exchange: Exchange,
  found: FoundLogin,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const { attempt, known, admitted } = found;
  const policy = exchange.application?.config.login;
  if (!policy) return;
  const login = { attempt, policy, checks: checksFor(exchange, parts, setup) };
  if (known?.header !== undefined) exchange.toOrigin.push('Exposed-Credential-Check', known.header);
  const taken = known ? undefined : await checkFirst(exchange, login, parts);
  if (taken?.kind === 'refuse') {
    // It was no attempt: nobody compared a password. Who guesses still learns that one has leaked.
    await admitted.settle(taken.code === 'LOGIN_HELD' ? UNKNOWN : { outcome: 'success', isProven: false });
    refuse(exchange, taken, parts);
    return;
  }
  if (setup.outcomeToken !== undefined) {
    await parts.reports?.expect(exchange.id);
    exchange.toOrigin.push('Credveil-Attempt', exchange.id);
  }
  try {
    if (await lockLogin(exchange, attempt, parts, setup))
      await forwardAndJudge(
        exchange,
        { ...found, attempt: withFoundNames(attempt, exchange.verdict), taken },
        parts,
        setup,
      );
    else await admitted.settle(UNKNOWN);
  } finally {
    await exchange.hold?.giveUp();
  }
}

async function forwardAndJudge(
  exchange: Exchange,
  found: FoundLogin & { readonly taken: TakenCheck | undefined },
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const { target, content, attempt, facts, known, admitted, taken } = found;
  const policy = exchange.application?.config.login;
  if (!policy) return;
  const login = { attempt, policy, checks: checksFor(exchange, parts, setup) };
  const held = await forwardLogin(exchange, target, content, parts, setup);
  if (!held) {
    await admitted.settle(UNKNOWN);
    if (taken) checkUnanswered(exchange, login, taken, parts);
    return;
  }
  try {
    // A credential that begins no session has nothing to do with one that begins here.
    if (!attempt.logins.some(({ beginsSession }) => beginsSession) && (await guardOf(exchange, parts)?.refuses(held))) {
      if (!exchange.verdict) taken?.giveBack();
      await admitted.settle(UNKNOWN);
      return;
    }
    const isFailure = () => isProvenFailure(judgeOutcome(attempt.logins, exchange, held));
    const rise = await riseOf(exchange, held, { isOwnForm: isOwnForm(exchange, attempt), isFailure });
    if (isOfFields(attempt) && !rise) {
      await admitted.settle({ ...countedForm(exchange, attempt, held), response: held });
      return passForm(exchange, held, parts, setup);
    }
    if (await isRiseRefused(exchange, held, { ...found, rise }, parts)) return void (await admitted.settle(UNKNOWN));
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
    const slot = known?.isProven ? await admitLogin(exchange, facts, parts) : admitted;
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
    const checked = { ...login, judgement, sessionUsers, isNamed, sessions, mayBeIn, mayHold, taken };
    // What is held counts once it has ended.
    const before = mayHold ? undefined : await slots.settle();
    const given = await checkLogin(exchange, checked, parts);
    const answer = withHeaders(given, before ?? (given.kind === 'hold' ? [] : await slots.settle()));
    const ended = { attempt, rise, answer, content, settle: slots.settleHeld, told, isTheirs, isFound, isWrong };
    if (await endLogin(exchange, held, ended, parts, setup)) answerLogin(exchange, held, answer, parts);
  } catch (error) {
    held.discard();
    throw error;
  }
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

const isProvenFailure = ({ outcome, isProven }: Judgement): boolean => outcome === 'failure' && isProven;

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
  if (answer.kind === 'refuse') refuse(exchange, answer, parts);
  if (answer.kind !== 'redirect') return;
  const cookies = pairsOf(held.headers).filter(([name]) => name.toLowerCase() === 'set-cookie');
  sendRedirect(exchange.response, 303, answer.location, [...cookies.flat(), ...answer.headers]);
  parts.observe.answered(exchange, 'REDIRECTED');
}

function refuse(exchange: Exchange, { code, retryAfterS }: Refused, { observe }: PipelineParts): void {
  exchange.answer(code, { retryAfterS });
  observe.answered(exchange, code);
}

/** @returns whether the client has its answer */
async function isRefused(exchange: Exchange, reading: LoginReading, parts: PipelineParts): Promise<boolean> {
  if (reading.kind !== 'refused') return false;
  const { code, login, why } = reading;
  // Many other forms have such fields: what could be read of it is checked.
  if (login.isElsewhere && code !== 'LOGIN_TOO_LARGE') return false;
  const isPassed = exchange.application?.logins.passesUnreadable === true;
  parts.observe.unreadable(exchange, login.name, why, isPassed);
  if (isPassed) return false;
  if (await isUnreadableLimited(exchange, parts)) return true;
  exchange.answer(code);
  parts.observe.answered(exchange, code);
  return true;
}

const attemptOf = (reading: LoginReading): Attempt | undefined =>
  reading.kind === 'none' ? undefined : reading.attempt;
