// Policy: the action for a verdict. It sets which findings count, from what count, and what a
// failure means.

import { MAX_TIMES_SEEN, roundTimes } from '../../protocol/metadata.ts';
import { assertCheckOptions } from '../arguments.ts';
import { OF_THE_REQUEST, type UnknownReason } from '../errors.ts';
import { assertNames, malformed, parseInteger } from '../option-values.ts';
import { failuresIn, hasFailed } from './decide.ts';
import {
  type Action,
  type Decision,
  SIGNAL_NAMES,
  type Sighting,
  type Signal,
  type SignalName,
  type Signals,
  type Verdict,
} from './verdict.ts';

/** Mildest first. */
const ACTIONS: readonly Action[] = ['allow', 'challenge', 'deny'];

/**
 * The action for each finding. Default: `challenge`, except for a username alone, which is `allow`.
 */
type FindingActions = { readonly [name in SignalName]?: Action };

/**
 * The option `policy`: an action for each finding, and the limits below.
 * @example
 * ```ts
 * import { createLeakChecker, type PolicyOptions } from '@credveil/client';
 *
 * const policy: PolicyOptions = { pair: 'deny', minTimesSeen: { password: 10 }, onError: 'deny' };
 * const leaks = createLeakChecker({ url, key, policy });
 * const { action } = await leaks.check({ username, password });
 * console.log(action); // deny
 * ```
 */
export interface PolicyOptions extends FindingActions {
  /**
   * Minimum times a finding must have been seen to count. Default 1. Rounded down to a step of
   * `timesSeen`. Without a count, each finding counts.
   */
  readonly minTimesSeen?: { readonly [name in SignalName]?: number };
  /**
   * The action if a question that matters has no answer since the service failed, its quota
   * included. Default `allow`; `deny` fails closed. What the request itself causes (a field too
   * long, empty, or not readable in one way) is at least `challenge`, whatever this says.
   */
  readonly onError?: Action;
}

/**
 * Facts of the user that a policy takes into account.
 * @example
 * ```ts
 * import type { PolicyContext } from '@credveil/client';
 *
 * const user: PolicyContext = { passwordChangedAt: new Date('2024-05-01') };
 * const verdict = await leaks.check({ username, password });
 * const { action } = leaks.policy(verdict, user);
 * ```
 */
export interface PolicyContext {
  /**
   * When the account's password was last changed. A username that leaked before then, and not
   * since, does not count if the dataset records when it leaked.
   */
  readonly passwordChangedAt?: Date | null | undefined;
}

/**
 * A pure function: the same verdict and context give the same decision.
 * @example
 * ```ts
 * import { createPolicy, type Policy } from '@credveil/client';
 *
 * const policies: Record<'login' | 'signUp', Policy> = {
 *   login: createPolicy(),
 *   signUp: createPolicy({ password: 'deny' }),
 * };
 * const verdict = await leaks.check({ password });
 * console.log(policies.login(verdict).action, policies.signUp(verdict).action); // challenge deny
 * ```
 */
export type Policy = (verdict: Judged, context?: PolicyContext) => Decision;

/** The members of a verdict that a policy looks at. */
type Judged = Pick<Verdict, 'status' | 'signals'> & { readonly reason?: UnknownReason | undefined };

const DEFAULT_ACTIONS: { readonly [name in SignalName]: Action } = {
  pair: 'challenge',
  similar: 'challenge',
  password: 'challenge',
  username: 'allow',
};

/**
 * Creates a policy for existing verdicts, so that one checker serves a login and a sign-up.
 * @throws LookupError `OPTION_MALFORMED`
 * @example
 * ```ts
 * import { createPolicy } from '@credveil/client';
 *
 * const signUp = createPolicy({ password: 'deny', onError: 'deny' });
 * const { action, because } = signUp(await leaks.check({ password }));
 * console.log(action, because); // deny password
 * ```
 */
export function createPolicy(options: PolicyOptions = {}): Policy {
  assertNames(options, ['minTimesSeen', 'onError', ...SIGNAL_NAMES], 'policy.');
  const { minTimesSeen = {}, onError = 'allow' } = options;
  assertNames(minTimesSeen, SIGNAL_NAMES, 'policy.minTimesSeen.');
  const rules = SIGNAL_NAMES.map((name) => ({
    name,
    action: parseAction(options[name] ?? DEFAULT_ACTIONS[name]),
    least: parseTimes(minTimesSeen[name] ?? 1),
  }));
  const atFailure = parseAction(onError);

  return ({ status, signals, reason }, context = {}) => {
    assertCheckOptions(context);
    const { passwordChangedAt } = context;
    const counts = (name: SignalName, signal: Signal, least: number): boolean =>
      signal.result === 'found' &&
      (signal.timesSeen === undefined || signal.timesSeen >= least) &&
      !(name === 'username' && passwordChangedAt && leakedBefore(signal, passwordChangedAt));
    const found = rules
      .filter(({ name, least }) => counts(name, signals[name], least))
      .reduce<Decision>(
        (strictest, { name, action }) => (isStricter(action, strictest.action) ? { action, because: name } : strictest),
        { action: 'allow' },
      );
    // A failure matters only if its question could have led to a stricter action than the findings.
    const failed = rules.some(
      ({ name, action }) => signals[name].result === 'unknown' && isStricter(action, found.action),
    );
    const askedNothing = status === 'unknown' && SIGNAL_NAMES.every((name) => signals[name].result === 'unasked');
    const decision = (failed || askedNothing) && isStricter(atFailure, found.action) ? { action: atFailure } : found;
    // Whoever sends a credential that cannot be checked chose to: no service failed.
    return isOfTheRequest(signals, reason) ? strictestOf([decision, { action: 'challenge' }]) : decision;
  };
}

/**
 * The strictest of several decisions; the first of equal ones.
 * @param decisions at least one
 */
export function strictestOf(decisions: readonly Decision[]): Decision {
  return decisions.reduce((strictest, next) => (isStricter(next.action, strictest.action) ? next : strictest));
}

/** Whether the sender of a credential caused a failure. */
export function isOfTheRequest(signals: Signals, reason: UnknownReason | undefined): boolean {
  const isOf = (cause: UnknownReason | undefined): boolean => cause !== undefined && OF_THE_REQUEST.has(cause);
  return isOf(reason) || (hasFailed(signals) && failuresIn(signals).some(isOf));
}

function isStricter(a: Action, b: Action): boolean {
  return ACTIONS.indexOf(a) > ACTIONS.indexOf(b);
}

/**
 * Sources are dated by month, in any time zone. A month is over everywhere at noon UTC on the first
 * day of the next one. A leak that may be later than the change counts.
 */
function leakedBefore({ newestLeak }: Sighting, changedAt: Date): boolean {
  const [, year, month] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(newestLeak ?? '') ?? [];
  return Date.UTC(Number(year), Number(month), 1, 12) <= changedAt.getTime();
}

function parseAction(action: unknown): Action {
  const known = ACTIONS.find((name) => name === action);
  if (!known) throw malformed('policy', 'an action is not allow, challenge or deny', 'Omit it to use the default.');
  return known;
}

/**
 * A dataset records counts rounded to steps, so a threshold is rounded the same way. Otherwise it
 * would drop counts that reach it.
 */
function parseTimes(times: unknown): number {
  return roundTimes(parseInteger('policy.minTimesSeen', times, 1, MAX_TIMES_SEEN));
}
