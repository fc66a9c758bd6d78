// Phase 12 of a login: its check, once the application found the password right, and what follows.

import { partyOf } from '../addresses/party.ts';
import { prefersPage } from '../answers/answer.ts';
import type { CheckPolicy, LeakAction } from '../checks/check-keys.ts';
import type { Checks, LeakVerdict } from '../checks/checks.ts';
import { actionsFor } from '../checks/on-leaked.ts';
import { waitForSlot } from '../checks/slot.ts';
import type { Exchange } from '../exchange.ts';
import { HANDLE_COOKIE } from '../handle/handles.ts';
import { type Attempt, isOfBrowser, type LoginOutcome } from '../login/attempt.ts';
import type { PipelineParts } from '../pipeline-parts.ts';
import { StateError } from '../state/state.ts';

export interface LoginToCheck {
  readonly attempt: Attempt;
  readonly outcome: LoginOutcome;
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
export async function checkBefore(exchange: Exchange, { attempt, policy, checks }: Omit<LoginToCheck, 'outcome'>) {
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
  return { kind: 'release', headers: await handleFor(exchange, attempt, undefined, parts) };
}

type Checked = LoginToCheck & { readonly checks: Checks };

async function checkRight(exchange: Exchange, login: Checked, parts: PipelineParts): Promise<LoginAnswer> {
  const { attempt, policy, checks } = login;
  const verdict = exchange.verdict ?? (await checks.check(attempt));
  const actions = actionsFor(verdict.status, policy);
  parts.observe.login(exchange, attempt, { outcome: 'success', verdict, isForPeople: actions.includes('notify') });
  if (verdict.status === 'unknown') {
    // Nothing that a client sends lets a login pass without its check.
    if (verdict.isOfRequest) return { kind: 'refuse', code: 'LOGIN_UNREADABLE' };
    if (policy.onUnknown === 'deny') return { kind: 'refuse', code: 'LOGIN_UNCHECKED' };
  } else {
    parts.known.remember(exchange, attempt, checks, actions.includes('header') ? verdict.header : undefined);
  }
  const headers = await handleFor(exchange, attempt, waitingHeader(verdict, actions, policy), parts);
  const { changePassword } = attempt.login;
  if (actions.includes('redirect') && changePassword !== undefined && isNavigation(exchange))
    return { kind: 'redirect', location: changePassword, headers };
  return { kind: 'release', headers };
}

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
    await browsers.finish(application.name, handle, { header });
  };
  finish().catch((error) => parts.observe.failed(exchange, error));
  return { kind: 'release', headers: ['Set-Cookie', HANDLE_COOKIE.format(handle, isSecure)] };
}

/** With `header: before` the application has it already. */
const waitingHeader = ({ header }: LeakVerdict, actions: readonly LeakAction[], { header: when }: CheckPolicy) =>
  when === 'after' && actions.includes('header') ? header : undefined;

/** Without the state a browser has no handle, and the login goes on. */
async function handleFor(
  { application, isSecure }: Exchange,
  attempt: Attempt,
  header: LeakVerdict['header'],
  { browsers }: PipelineParts,
): Promise<string[]> {
  if (!browsers || !application || !isOfBrowser(attempt.login)) return [];
  try {
    const handle = await browsers.begin(application.name, { header });
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
