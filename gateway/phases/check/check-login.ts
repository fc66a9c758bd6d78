// Phase 12 of a login: its check, and what follows.
//
// What the application answered decides when: a success is checked before the answer leaves, and
// what may be one beside it. Only a failure that no client can bring about needs no check. What is
// not proven is checked within a budget, and refused beyond it: else whoever fills the budget would
// switch the check off (`take-check.ts`).

import { prefersPage } from '../../answers/answer.ts';
import type { CheckPolicy, LeakAction } from '../../checks/check-keys.ts';
import type { Checks } from '../../checks/checks.ts';
import { actionsFor } from '../../checks/on-leaked.ts';
import { type LeakVerdict, namedVerdict, worstVerdict } from '../../checks/verdict.ts';
import type { Exchange } from '../../exchange.ts';
import type { BegunLogin, Shown } from '../../handle/browsers.ts';
import type { LoginUsers } from '../../handle/handle-users.ts';
import { HANDLE_COOKIE, handleOf } from '../../handle/handles.ts';
import { isOfBrowser, isOfOneName, type Judgement, UNKNOWN } from '../../login/attempt.ts';
import type { SentName } from '../../login/sent-sessions.ts';
import type { PipelineParts } from '../../pipeline-parts.ts';
import { StateError } from '../../state/state.ts';
import { checkEvenly } from './check-first.ts';
import { type CheckedLogin, type Refused, type TakenCheck, takeCheck } from './take-check.ts';
import { toldVerdict } from './told-verdict.ts';

export interface LoginToCheck extends CheckedLogin {
  readonly judgement: Judgement;
  /** Of the session that the application begins, as it names them itself. */
  readonly sessionUsers: readonly string[];
  /** One of them alone, and for sure. */
  readonly isNamed: boolean;
  /** Cookies of the sessions that it may be in. */
  readonly sessions: readonly SentName[];
  /** Some session may be logged in, whatever the answer looks like. */
  readonly mayBeIn: boolean;
  /** It may have opened something where logins can be held back. */
  readonly mayHold: boolean;
  /** If it was taken before the login was forwarded. */
  readonly taken: TakenCheck | undefined;
}

/** What becomes of the response to a login. */
export type LoginAnswer =
  /** It leaves with more headers, names and values in turn. */
  | { readonly kind: 'release'; readonly headers: readonly string[] }
  /** Its cookies leave with a redirect instead. */
  | { readonly kind: 'redirect'; readonly location: string; readonly headers: readonly string[] }
  /** It waits for the owner of the account, and goes on at another place, if that is set. */
  | { readonly kind: 'hold'; readonly location: string | undefined; readonly headers: readonly string[] }
  | Refused;

const RELEASE: LoginAnswer = { kind: 'release', headers: [] };

/** A wrong password is not checked: strangers would use up the quota of the service. */
export async function checkLogin(exchange: Exchange, login: LoginToCheck, parts: PipelineParts): Promise<LoginAnswer> {
  const { judgement, checks, attempt } = login;
  const { outcome, isProven } = judgement;
  // A wrong password that was checked first has used its place.
  if (isProven && !(outcome === 'failure' && exchange.verdict)) login.taken?.giveBack();
  if (!checks || (outcome === 'failure' && isProven && !login.mayHold)) {
    parts.observe.login(exchange, attempt, judgement);
    // Without a service the login was seen all the same.
    if (outcome !== 'success') return RELEASE;
    parts.known.remember(exchange, attempt, checks, { header: undefined, isProven });
    return { kind: 'release', headers: await handleFor(exchange, login, undefined, parts) };
  }
  const taken = isProven ? undefined : (login.taken ?? takeCheck(exchange, { ...login, checks }, parts, judgement));
  if (taken?.kind === 'refuse') return taken;
  const ready = { ...login, checks: taken?.checks ?? checks };
  const isDenied = !isProven && login.policy.onUnknown === 'deny' && exchange.verdict === undefined;
  const refused = isDenied ? await checkEvenly(exchange, ready, parts, judgement) : undefined;
  if (refused) return refused;
  // Whatever else the answer says, its session would leave unchecked.
  return outcome === 'success' || judgement.beginsSession || login.mayHold
    ? checkRight(exchange, ready, parts)
    : checkAside(exchange, ready, parts);
}

type Checked = LoginToCheck & { readonly checks: Checks };
/** What is known of a login once it is answered. */
type Answered = Pick<LoginToCheck, 'attempt' | 'judgement' | 'sessionUsers' | 'sessions'>;

async function checkRight(exchange: Exchange, login: Checked, parts: PipelineParts): Promise<LoginAnswer> {
  const { attempt, judgement, policy, checks } = login;
  const { isProven } = judgement;
  const found = await verdictOf(exchange, login);
  const verdict = login.isNamed ? namedVerdict(found) : found;
  const told = await toldVerdict(login, verdict);
  const actions = actionsFor(told, policy);
  const isForPeople = actionsFor(verdict, policy).includes('notify');
  parts.observe.login(exchange, attempt, { ...judgement, verdict, isForPeople });
  const { changePassword } = attempt.login;
  if (login.mayHold && actionsFor(verdict, policy).includes('hold')) {
    const headers = await handleFor(exchange, login, waitingHeader(told, actions, policy), parts);
    return { kind: 'hold', location: actions.includes('redirect') ? changePassword : undefined, headers };
  }
  if (verdict.status === 'unknown') {
    // Nothing that a client sends lets a login pass without its check.
    if (verdict.isOfRequest) return { kind: 'refuse', code: 'LOGIN_UNREADABLE' };
    if (policy.onUnknown === 'deny') return { kind: 'refuse', code: 'LOGIN_UNCHECKED' };
  } else if (judgement.outcome === 'success') {
    const header = actions.includes('header') ? told.header : undefined;
    parts.known.remember(exchange, attempt, checks, { header, isProven });
  }
  const headers = await handleFor(exchange, login, waitingHeader(told, actions, policy), parts);
  // Who only guesses would see whether a pair has leaked.
  if (isProven && actions.includes('redirect') && changePassword !== undefined && isNavigation(exchange))
    return { kind: 'redirect', location: changePassword, headers };
  return { kind: 'release', headers };
}

/**
 * Somebody who types an e-mail address, or a spelling that only the application knows, is a user
 * whose pair may have leaked under the application's own name.
 */
async function verdictOf({ verdict }: Exchange, { attempt, sessionUsers, checks }: Checked): Promise<LeakVerdict> {
  const { usernames, passwords } = attempt;
  // Of a name in another spelling, the operator may know more names than of this one.
  const others = sessionUsers.filter((user) => !usernames.includes(user));
  if (verdict === undefined) return checks.check({ usernames: [...usernames, ...others], passwords });
  return others.length === 0 ? verdict : worstVerdict([verdict, await checks.check({ usernames: others, passwords })]);
}

/** Where no session says who it was, the one name that was typed does. */
function usersOf(
  { application, realm }: Exchange,
  { attempt, sessionUsers, judgement }: Answered,
  { limits }: PipelineParts,
): LoginUsers {
  const { outcome, isProven, beginsSession = false } = judgement;
  const namesUsers = application?.sessions?.namesUsers === true;
  const told = namesUsers ? sessionUsers : attempt.usernames;
  // Of a name that anybody may type, somebody could end the trust in browsers of others.
  const isKnown = outcome === 'success' && (isProven || (namesUsers && beginsSession));
  const accounts = application && limits && isKnown ? told.map((name) => limits.nameOf(realm, name)) : [];
  const [account, ...others] = new Set(accounts);
  return {
    ofSession: sessionUsers,
    typed: sessionUsers.length === 0 && isOfOneName(attempt) ? attempt.usernames : [],
    account: others.length === 0 ? account : undefined,
  };
}

/** No answer came, perhaps since the client left: the application may have taken the password. */
export function checkUnanswered(
  exchange: Exchange,
  { attempt }: CheckedLogin,
  { checks }: TakenCheck,
  parts: PipelineParts,
) {
  const { observe } = parts;
  const check = async (): Promise<void> => {
    const verdict = exchange.verdict ?? (await checks.check(attempt));
    observe.login(exchange, attempt, { ...UNKNOWN, verdict });
  };
  check().catch((error: unknown) => observe.failed(exchange, error));
}

/**
 * An application that asks for a second factor answers a right password in a way that is neither
 * success nor failure, and what looks like a failure may be the client's own doing. The answer
 * leaves at once, so that its time tells nothing; the verdict waits for the next request.
 */
function checkAside(exchange: Exchange, login: Checked, parts: PipelineParts): LoginAnswer {
  const { attempt, judgement, policy, checks } = login;
  const { application, isSecure } = exchange;
  const { browsers, observe } = parts;
  observe.judged(exchange, attempt, judgement);
  const check = async (): Promise<LeakVerdict> => {
    const verdict = exchange.verdict ?? (await checks.check(attempt));
    const isTold = judgement.outcome !== 'failure' || verdict.status === 'unknown' || login.mayBeIn;
    observe.login(exchange, attempt, { ...judgement, ...(isTold && { verdict }) });
    return verdict;
  };
  const failed = (error: unknown): void => observe.failed(exchange, error);
  if (!browsers || !application || !isOfBrowser(attempt.login)) {
    check().catch(failed);
    return RELEASE;
  }
  const handle = browsers.reserve();
  const finish = async (): Promise<void> => {
    const verdict = await check();
    if (verdict.status === 'unknown' && verdict.isOfRequest) return;
    const told = await toldVerdict(login, verdict);
    const header = waitingHeader(told, actionsFor(told, policy), policy);
    await browsers.finish(exchange.realm, handle, begunOf(exchange, login, header, parts));
  };
  finish().catch(failed);
  return { kind: 'release', headers: ['Set-Cookie', HANDLE_COOKIE.format(handle, isSecure)] };
}

/** With `header: before` the application has it already. */
const waitingHeader = ({ header }: LeakVerdict, actions: readonly LeakAction[], { header: when }: CheckPolicy) =>
  when === 'after' && actions.includes('header') ? header : undefined;

/**
 * Who guesses, and sees what the application does about a header, would learn whether a pair has
 * leaked. Where a cookie tells a session, the verdict waits until there is one; a success does so
 * where every session has that cookie.
 */
function begunOf(exchange: Exchange, login: Answered, header: LeakVerdict['header'], parts: PipelineParts): BegunLogin {
  const { outcome, isProven, beginsSession = false, isDeniedRenewal = false } = login.judgement;
  const mayHaveNoCookie = !login.attempt.login.outcome.hasProvingCookies;
  const isBegun = beginsSession && !isDeniedRenewal;
  const isRight = isProven || isBegun || (outcome === 'success' && mayHaveNoCookie);
  const isSure = isRight || exchange.application?.sessions === undefined;
  const users = usersOf(exchange, login, parts);
  const { judgement, sessions } = login;
  const isOfNobody = exchange.application?.sessions?.namesUsers === true && login.sessionUsers.length === 0;
  const shows = shownBy(judgement, isOfNobody);
  const isComplete = beginsSession && !judgement.asksSecondFactor;
  const awaitsSession = exchange.application?.sessions?.namesUsers === false && shows !== 'nothing' && !isComplete;
  return { header, isSure, users, sessions, shows, awaitsSession, before: handleOf(exchange) };
}

/**
 * What may be a guess shows nothing: whoever sends it chooses the name. So does a session that the
 * answer denies, or that should name its user and names none (`isOfNobody`).
 */
function shownBy(judgement: Judgement, isOfNobody: boolean): Shown {
  const { outcome, isProven, beginsSession, isDeniedRenewal, asksSecondFactor } = judgement;
  if (outcome === 'success' && isProven) return 'password';
  if (beginsSession && !isDeniedRenewal && !isOfNobody) return 'password';
  return asksSecondFactor ? 'step' : 'nothing';
}

/** Without the state a browser has no handle, and the login goes on. */
async function handleFor(
  exchange: Exchange,
  login: Answered,
  header: LeakVerdict['header'],
  parts: PipelineParts,
): Promise<string[]> {
  const { browsers } = parts;
  const { application, isSecure } = exchange;
  if (!browsers || !application || !isOfBrowser(login.attempt.login)) return [];
  try {
    const handle = await browsers.begin(exchange.realm, begunOf(exchange, login, header, parts));
    return ['Set-Cookie', HANDLE_COOKIE.format(handle, isSecure)];
  } catch (error) {
    if (error instanceof StateError) return [];
    throw error;
  }
}

/** A program would take the page of a redirect for the answer to its login. */
function isNavigation({ message: { headers } }: Exchange): boolean {
  const mode = headers['sec-fetch-mode'];
  return mode === undefined ? prefersPage(headers.accept) : mode === 'navigate';
}
