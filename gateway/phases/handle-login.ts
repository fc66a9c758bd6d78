// Phase 7 and what follows it for a login: its body read, judged by rules, sent to the application,
// and the response held until it is known what became of it.

import { Refusal } from '../answers/kinds.ts';
import type { Exchange } from '../exchange.ts';
import type { Admitted, AttemptFacts } from '../limits/limits.ts';
import { type Attempt, isOfFields, type Judgement, type Login, UNKNOWN } from '../login/attempt.ts';
import { type Candidate, isAtPlace } from '../login/find-login.ts';
import type { KnownCredential } from '../login/known-credentials.ts';
import { judgeOutcome } from '../login/outcome.ts';
import { type LoginReading, readLogin } from '../login/read-login.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import type { Content } from '../request/collect-body.ts';
import type { GatewaySetup } from '../setup.ts';
import { isBlocked } from './apply-actions.ts';
import { checkFirst } from './check/check-first.ts';
import { checkUnanswered } from './check/check-login.ts';
import { checksFor } from './check/known-names.ts';
import { withFoundNames, withOtherNames } from './check/other-names.ts';
import { passVerdict } from './check/pass-verdict.ts';
import type { TakenCheck } from './check/take-check.ts';
import { passForm } from './enter-hold.ts';
import { forwardLogin, forwardRequest } from './forward-request.ts';
import { forwardUnread, isRiseRefused } from './forward-unread.ts';
import { guardOf } from './guard-session.ts';
import { lockLogin } from './hold-login.ts';
import { countedForm, isOwnForm, riseOf, wasSignedIn } from './hold-rise.ts';
import { answerRefused, judgeLogin } from './judge-login.ts';
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
    const facts = { usernames: exchange.attempt?.typed ?? [], findMember: reading.findMember, isOfFields: true };
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
  const { typed: usernames } = exchange.attempt;
  const facts = { usernames, findMember: reading.findMember, isOfFields: isOfFields(exchange.attempt) };
  const attempt = await withOtherNames(exchange, exchange.attempt, reading.otherTexts(), parts);
  const known = parts.known.find(exchange, attempt, checksFor(exchange, parts, setup));
  const admitted = await admitKnown(exchange, facts, known, parts);
  const found = { target, content, attempt, hides, facts, known, isCheckedLate: isLate(exchange, attempt) };
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
  /** It is checked once it has signed somebody in. */
  readonly isCheckedLate: boolean;
  readonly admitted: Admitted;
}

async function forwardAndCheck(
  exchange: Exchange,
  found: FoundLogin,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const { attempt, known, isCheckedLate, admitted } = found;
  const policy = exchange.application?.config.login;
  if (!policy) return;
  if (known?.header !== undefined) exchange.toOrigin.push('Exposed-Credential-Check', known.header);
  const login = { attempt, policy, checks: checksFor(exchange, parts, setup) };
  const taken = known || isCheckedLate ? undefined : await checkFirst(exchange, login, parts);
  if (taken?.kind === 'refuse') {
    // It was no attempt: nobody compared a password. Who guesses still learns that one has leaked.
    await admitted.settle(taken.code === 'LOGIN_HELD' ? UNKNOWN : { outcome: 'success', isProven: false });
    answerRefused(exchange, taken, parts);
    return;
  }
  if (setup.outcomeToken !== undefined) {
    await parts.reports?.expect(exchange.id);
    exchange.toOrigin.push('Credveil-Attempt', exchange.id);
  }
  try {
    if (await lockLogin(exchange, attempt, parts, setup)) await forwardAndJudge(exchange, found, taken, parts, setup);
    else await admitted.settle(UNKNOWN);
  } finally {
    await exchange.hold?.giveUp();
  }
}

async function forwardAndJudge(
  exchange: Exchange,
  found: FoundLogin,
  taken: TakenCheck | undefined,
  parts: PipelineParts,
  setup: GatewaySetup,
): Promise<void> {
  const { target, content, attempt, facts, known, isCheckedLate, admitted } = found;
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
    if (isOfFields(attempt) && !rise && (isCheckedLate || wasSignedIn(exchange))) {
      if (!exchange.verdict) taken?.giveBack();
      await admitted.settle({ ...countedForm(exchange, attempt, held), response: held });
      return passForm(exchange, held, parts, setup);
    }
    if (await isRiseRefused(exchange, held, { ...found, rise }, parts)) return void (await admitted.settle(UNKNOWN));
    const late = isCheckedLate && !known ? await checkFirst(exchange, login, parts) : undefined;
    if (late?.kind === 'refuse') {
      held.discard();
      await admitted.settle(UNKNOWN);
      return answerRefused(exchange, late, parts);
    }
    const admit = async () => (known?.isProven ? admitLogin(exchange, facts, parts) : admitted);
    const judged = {
      ...login,
      attempt: withFoundNames(attempt, exchange.verdict),
      content,
      rise,
      known,
      admitted,
      admit,
    };
    await judgeLogin(exchange, held, { ...judged, taken: taken ?? late }, parts, setup);
  } catch (error) {
    held.discard();
    throw error;
  }
}

/**
 * Many a form has fields of a login, and pictures make browsers send such: those that have signed
 * somebody in are checked, before anything of the answer leaves. At the place of a login, a page
 * between may sign in whom such a request has named, without another password.
 */
const isLate = (exchange: Exchange, attempt: Attempt): boolean => isOfFields(attempt) && !isAtPlace(exchange);

const isProvenFailure = ({ outcome, isProven }: Judgement): boolean => outcome === 'failure' && isProven;

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
