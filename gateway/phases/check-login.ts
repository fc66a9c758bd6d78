// Phase 12 of a login: its check, once the application found the password right, and what follows.

import { worstOf } from '../../client-sdk/verdict/decide.ts';
import { partyOf } from '../addresses/party.ts';
import { prefersPage } from '../answers/answer.ts';
import type { CheckPolicy, LeakAction } from '../checks/check-keys.ts';
import type { Checks, LeakVerdict } from '../checks/checks.ts';
import { actionsFor } from '../checks/on-leaked.ts';
import { waitForSlot } from '../checks/slot.ts';
import type { Exchange } from '../exchange.ts';
import type { LoginUsers } from '../handle/handle-users.ts';
import { HANDLE_COOKIE } from '../handle/handles.ts';
import { type Attempt, isOfBrowser, type LoginOutcome } from '../login/attempt.ts';
import { isSameName } from '../login/session-user.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { StateError } from '../state/state.ts';

export interface LoginToCheck {
  readonly attempt: Attempt;
  readonly outcome: LoginOutcome;
  /** Of the session that the application begins, as it names them itself. */
  readonly sessionUsers: readonly string[];
  readonly policy: CheckPolicy;
  /** Undefined without `leaks`. */
  readonly checks: Checks | undefined;
}

/** What becomes of the response to a login. */
export type LoginAnswer =
  /** It leaves with more headers, names and values in turn. */
  | { readonly kind: 'release'; readonly headers: readonly string[] }
  /** Its cookies leave with a redirect instead. */
  | { readonly kind: 'redirect'; readonly location: string; readonly headers: readonly string[] }
  | { readonly kind: 'refuse'; readonly code: 'LOGIN_UNREADABLE' | 'LOGIN_UNCHECKED' };

const OVER_BUDGET: LeakVerdict = { status: 'unknown', reason: 'CHECK_BUDGET' };
const RELEASE: LoginAnswer = { kind: 'release', headers: [] };

/**
 * `header: before`: the application gets the verdict with the login, at a moment that does not
 * depend on it.
 */
export async function checkBefore(
  exchange: Exchange,
  { attempt, policy, checks }: Omit<LoginToCheck, 'outcome' | 'sessionUsers'>,
) {
  if (policy.header === 'after' || !checks) return;
  // Not the beginning of the request: a client chooses when its body comes.
  const startedAt = performance.now();
  const verdict = await checks.checkEvenly(attempt);
  await waitForSlot(startedAt);
  exchange.verdict = verdict;
  if (verdict.header !== undefined && actionsFor(verdict.status, policy).includes('header'))
    exchange.toOrigin.push('Exposed-Credential-Check', verdict.header);
}

/** A wrong password is not checked: strangers would use up the quota of the service. */
export async function checkLogin(exchange: Exchange, login: LoginToCheck, parts: PipelineParts): Promise<LoginAnswer> {
  const { outcome, checks, attempt } = login;
  if (outcome === 'success' && checks) return checkRight(exchange, { ...login, checks }, parts);
  if (outcome === 'unknown' && checks) return checkAside(exchange, { ...login, checks }, parts);
  parts.observe.login(exchange, attempt, { outcome });
  // Without a service the login was seen all the same.
  if (outcome !== 'success') return RELEASE;
  parts.known.remember(exchange, attempt, checks, undefined);
  return { kind: 'release', headers: await handleFor(exchange, login, undefined, parts) };
}

type Checked = LoginToCheck & { readonly checks: Checks };

async function checkRight(exchange: Exchange, login: Checked, parts: PipelineParts): Promise<LoginAnswer> {
  const { attempt, policy, checks } = login;
  const verdict = await verdictOf(exchange, login);
  const actions = actionsFor(verdict.status, policy);
  parts.observe.login(exchange, attempt, { outcome: 'success', verdict, isForPeople: actions.includes('notify') });
  if (verdict.status === 'unknown') {
    // Nothing that a client sends lets a login pass without its check.
    if (verdict.isOfRequest) return { kind: 'refuse', code: 'LOGIN_UNREADABLE' };
    if (policy.onUnknown === 'deny') return { kind: 'refuse', code: 'LOGIN_UNCHECKED' };
  } else {
    parts.known.remember(exchange, attempt, checks, actions.includes('header') ? verdict.header : undefined);
  }
  const headers = await handleFor(exchange, login, waitingHeader(verdict, actions, policy), parts);
  const { changePassword } = attempt.login;
  if (actions.includes('redirect') && changePassword !== undefined && isNavigation(exchange))
    return { kind: 'redirect', location: changePassword, headers };
  return { kind: 'release', headers };
}

/**
 * Somebody who types an e-mail address, or a spelling that only the application knows, is a user
 * whose pair may have leaked under the application's own name.
 */
async function verdictOf({ verdict }: Exchange, { attempt, sessionUsers, checks }: Checked): Promise<LeakVerdict> {
  const { usernames, passwords } = attempt;
  const others = sessionUsers.filter((user) => !usernames.some((name) => isSameName(name, user)));
  if (verdict === undefined) return checks.check({ usernames: [...usernames, ...others], passwords });
  return others.length === 0 ? verdict : worstOf([verdict, await checks.check({ usernames: others, passwords })]);
}

/** Where no session says who it was, all that was typed may be the user's name. */
function usersOf(
  { application }: Exchange,
  { attempt, sessionUsers, outcome }: Pick<LoginToCheck, 'attempt' | 'sessionUsers' | 'outcome'>,
  { limits }: PipelineParts,
): LoginUsers {
  const told = application?.sessions?.namesUsers ? sessionUsers : attempt.usernames;
  const accounts = new Set(application && limits ? told.map((name) => limits.nameOf(application.name, name)) : []);
  const [account] = outcome === 'success' && accounts.size === 1 ? accounts : [];
  return {
    ofSession: sessionUsers,
    typed: sessionUsers.length > 0 ? [] : attempt.usernames,
    account,
  };
}

const handleOf = ({ head, isSecure }: Exchange): string | undefined =>
  head && HANDLE_COOKIE.in(head.ownCookies, isSecure);

/**
 * An application that asks for a second factor answers a right password in a way that is neither
 * success nor failure. The answer leaves at once, so that its time tells nothing; the verdict waits
 * for the next request.
 */
function checkAside(exchange: Exchange, login: Checked, parts: PipelineParts): LoginAnswer {
  const { attempt, policy, checks } = login;
  const { application, client, isSecure } = exchange;
  const { browsers } = parts;
  if (!browsers || !application || !isOfBrowser(attempt.login)) {
    parts.observe.login(exchange, attempt, { outcome: 'unknown' });
    return RELEASE;
  }
  const question = {
    application: application.name,
    party: partyOf(client),
    perMinute: policy.unknownChecks,
  };
  const mayCheck = exchange.verdict !== undefined || parts.unknownChecks.take(question);
  parts.observe.login(exchange, attempt, { outcome: 'unknown', ...(!mayCheck && { verdict: OVER_BUDGET }) });
  const handle = browsers.reserve();
  const finish = async (): Promise<void> => {
    const verdict = mayCheck ? (exchange.verdict ?? (await checks.check(attempt))) : OVER_BUDGET;
    if (verdict.status === 'unknown' && (verdict.isOfRequest || policy.onUnknown === 'deny')) return;
    const header = waitingHeader(verdict, actionsFor(verdict.status, policy), policy);
    await browsers.finish(application.name, handle, {
      header,
      users: usersOf(exchange, login, parts),
      before: handleOf(exchange),
    });
  };
  finish().catch((error) => parts.observe.failed(exchange, error));
  return { kind: 'release', headers: ['Set-Cookie', HANDLE_COOKIE.format(handle, isSecure)] };
}

/** With `header: before` the application has it already. */
const waitingHeader = ({ header }: LeakVerdict, actions: readonly LeakAction[], { header: when }: CheckPolicy) =>
  when === 'after' && actions.includes('header') ? header : undefined;

/** Without the state a browser has no handle, and the login goes on. */
async function handleFor(
  exchange: Exchange,
  login: Pick<LoginToCheck, 'attempt' | 'sessionUsers' | 'outcome'>,
  header: LeakVerdict['header'],
  parts: PipelineParts,
): Promise<string[]> {
  const { browsers } = parts;
  const { application, isSecure } = exchange;
  if (!browsers || !application || !isOfBrowser(login.attempt.login)) return [];
  try {
    const begun = { header, users: usersOf(exchange, login, parts), before: handleOf(exchange) };
    const handle = await browsers.begin(application.name, begun);
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
