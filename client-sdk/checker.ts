// The checker: requests buckets from the service, and decides in this process whether a credential
// has leaked.

import type { SnapshotId } from '../protocol/brands.ts';
import type { RewriteUsername } from '../protocol/username-rules.ts';
import { assertCallOptions, assertCheckOptions, assertCredential, createCallDeadline } from './arguments.ts';
import { LookupError, reasonOf } from './errors.ts';
import type { Events } from './events.ts';
import { orExplain } from './explain.ts';
import { FILTER_TIMEOUT_MS, type PasswordFilterInfo } from './filter/filter-cache.ts';
import { createKeyedLookup } from './keyed-lookup.ts';
import type { Lookup } from './lookup.ts';
import { loadObliviousLookup } from './oblivious-lookup.ts';
import type { LeakCheckerOptions } from './options.ts';
import { parseOptions } from './parse-options.ts';
import { type CurrentSnapshot, createCurrentSnapshot, SNAPSHOT_TIMEOUT_MS } from './publication/current-snapshot.ts';
import { assertFresh, type Snapshot } from './publication/snapshot.ts';
import { ALWAYS_CLOSED, createCircuitBreaker } from './transport/circuit-breaker.ts';
import type { Deadline } from './transport/deadline.ts';
import { takeTurn } from './turns.ts';
import { decide, type Facts, failedSignals, failuresIn, mergeSignals, worstOf } from './verdict/decide.ts';
import { type Credential, deriveInquiries, failAll, isAsked, spellingsOf } from './verdict/inquiry.ts';
import { type Policy, type PolicyContext, strictestOf } from './verdict/policy.ts';
import { type Decision, type Signals, UNASKED, type Verdict, type VerdictFacts } from './verdict/verdict.ts';
import type { Inquiries, Watch } from './watch/watched.ts';

/**
 * Options of every call.
 * @example
 * ```ts
 * import type { CallOptions } from '@credveil/client';
 *
 * const options: CallOptions = { signal: AbortSignal.timeout(2_000) };
 * await leaks.ready(options);
 * ```
 */
export interface CallOptions {
  /**
   * Ends the wait early: `check` then returns `unknown` with the reason `ABORTED`, and the other
   * calls reject with that code.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Per-call options of a check.
 * @example
 * ```ts
 * import type { CheckOptions } from '@credveil/client';
 *
 * const options: CheckOptions = { passwordChangedAt: new Date('2024-05-01') };
 * const { action } = await leaks.check({ username, password }, options);
 * console.log(action); // challenge
 * ```
 */
export interface CheckOptions extends CallOptions, PolicyContext {}

/**
 * Checks credentials against one service. Create one per process, with `createLeakChecker`: it
 * holds the snapshot's statement, buckets and the password filter.
 * @example
 * ```ts
 * import type { LeakChecker } from '@credveil/client';
 *
 * async function isNewPasswordLeaked(leaks: LeakChecker, password: string): Promise<boolean> {
 *   return (await leaks.check({ password })).status === 'password';
 * }
 * console.log(await isNewPasswordLeaked(leaks, 'credveil-canary')); // true
 * ```
 */
export interface LeakChecker {
  /**
   * Has this credential leaked? If anything fails, the status is `unknown`; the call does not
   * reject.
   * @throws LookupError `ARGUMENT_MALFORMED` (as a rejection) if neither field is given, a field is
   *   not a string, an option has the wrong type, or a name is unknown
   */
  check(credential: Credential, options?: CheckOptions): Promise<Verdict>;
  /**
   * Optional start-up test of URL and pinned line: fetches head and statement and, under `oprf`,
   * has one element evaluated.
   * @throws LookupError (as a rejection) whose code is the reason that a check would return
   */
  ready(options?: CallOptions): Promise<void>;
  /**
   * Waits until the password filter is loaded and verified. Optional: the first check starts the
   * download too, but does not wait for it and requests buckets until the filter is complete.
   * @throws LookupError (as a rejection) whose code is the reason why there is no filter
   */
  loadFilter(options?: CallOptions): Promise<PasswordFilterInfo>;
  /** Evaluates the option `policy` again, for example once the user is known. */
  readonly policy: Policy;
}

const PASSWORD_ABSENT: Signals = { ...UNASKED, password: { result: 'absent' } };

/** The answers to one pass over the inquiries: for each spelling of the credential, its signals. */
interface Pass {
  readonly answers: readonly [Signals, ...Signals[]];
  readonly snapshot?: SnapshotId;
  /** Of a checker that is watched. */
  readonly watched?: Pick<VerdictFacts, 'watchTag'> | undefined;
}

/**
 * Creates a checker, which sends nothing before its first call. With the option `key` it holds the
 * dataset's secret and belongs in a server process; with `trust` alone it holds no secret.
 * @throws LookupError `OPTION_MALFORMED`, `KEY_MALFORMED`
 * @example
 * ```ts
 * import { createLeakChecker } from '@credveil/client';
 *
 * const leaks = createLeakChecker({ url, key });
 *
 * // Once the password has been verified:
 * const { status, action } = await leaks.check({ username, password });
 * console.log(status, action); // pair challenge
 * ```
 */
export function createLeakChecker(options: LeakCheckerOptions): LeakChecker;
/** @internal For `watch/`. */
export function createLeakChecker(options: LeakCheckerOptions, watch?: Watch): LeakChecker;
export function createLeakChecker(options: LeakCheckerOptions, watch?: Watch): LeakChecker {
  const { settings, secrets } = parseOptions(options);
  const lookup =
    secrets.suite === 'hmac' ? createKeyedLookup(settings, secrets) : loadObliviousLookup(settings, secrets);
  const { events, policy } = settings;
  const breaker = settings.circuitBreaker
    ? createCircuitBreaker(settings.circuitBreaker, (state) => events.circuit.emit({ state }))
    : ALWAYS_CLOSED;
  // The rest of the deadline is for buckets.
  const renewal = { maxAgeMs: settings.headMaxAgeMs, maxWaitMs: Math.ceil(settings.timeoutMs / 2) };
  const snapshots = createCurrentSnapshot(lookup.fetchSnapshot, renewal, events);
  const report = createReporter(events);
  const conclude = createConclude(policy, report);

  // The facts of an absent password never change, and they are needed 300,000 times per second.
  const absentFacts = decide(PASSWORD_ABSENT, 'NOTHING_ASKED');
  const absentDecision = policy({ ...absentFacts, signals: PASSWORD_ABSENT }, {});

  const answer = async (credential: Credential, callOptions: CheckOptions, startedAt: number): Promise<Verdict> => {
    const deadline = createCallDeadline(settings.timeoutMs, callOptions);
    const derive = (rewrite?: RewriteUsername): Inquiries =>
      spellingsOf(credential)
        .map((spelling) => deriveInquiries(spelling, lookup.maxInputBytes, rewrite))
        .filter((asked) => asked.some(isAsked));
    const inquiries = derive();
    if (inquiries.length === 0) return conclude({ answers: [UNASKED] }, 'NOTHING_ASKED', callOptions, startedAt);
    const pass = await breaker.run(
      deadline,
      (guarded) => askService(lookup, snapshots, inquiries, derive, guarded, watch),
      ({ answers }) => failuresIn(...answers),
    );
    return conclude(pass, 'INDEX_MISSING', callOptions, startedAt);
  };

  return {
    policy,

    async check(credential, callOptions = {}) {
      const startedAt = await takeTurn();
      assertCredential(credential);
      assertCheckOptions(callOptions);
      try {
        const here = answerHere(lookup, snapshots.peek(startedAt), credential, callOptions, startedAt);
        return here
          ? report(absentFacts, absentDecision, here, startedAt)
          : await answer(credential, callOptions, startedAt);
      } catch (error) {
        // The one that is left is a signal that is none.
        if (error instanceof LookupError) throw error;
        // A defect, of this package or of its platform: no login fails with it.
        return conclude({ answers: [failedSignals('CHECK_FAILED')] }, 'NOTHING_ASKED', callOptions, startedAt);
      }
    },

    async ready(callOptions = {}) {
      assertCallOptions(callOptions);
      const deadline = createCallDeadline(SNAPSHOT_TIMEOUT_MS, callOptions);
      await orExplain(async () => lookup.confirm(await snapshots.get(deadline), deadline));
    },

    async loadFilter(callOptions = {}) {
      assertCallOptions(callOptions);
      const deadline = createCallDeadline(FILTER_TIMEOUT_MS, callOptions);
      return orExplain(async () => lookup.loadFilter(await snapshots.get(deadline), deadline));
    },
  };
}

/**
 * Asks the service, and once more if the snapshot changed: a verdict belongs to one snapshot.
 * @param derive derives the inquiries again, under a dataset's rules for usernames
 */
async function askService(
  lookup: Lookup,
  snapshots: CurrentSnapshot,
  inquiries: Inquiries,
  derive: (rewrite: RewriteUsername) => Inquiries,
  deadline: Deadline,
  watch?: Watch,
): Promise<Pass> {
  const inquiriesFor = ({ rewrite }: Snapshot): Inquiries => (rewrite ? derive(rewrite) : inquiries);
  const passOf = (answers: readonly Partial<Signals>[]): Pick<Pass, 'answers'> => ({
    answers: answers.map((signals) => ({ ...UNASKED, ...signals })) as [Signals, ...Signals[]],
  });
  const ask = async (snapshot: Snapshot): Promise<Pass> => {
    const asked = inquiriesFor(snapshot);
    const watched = watch?.(asked, snapshot);
    // Spellings share their buckets' requests.
    const answers = (watched?.inquiries ?? asked).map((one) => lookup.ask(one, snapshot, deadline));
    const pass = passOf(await allOf(answers));
    return { ...pass, snapshot: snapshot.snapshot, watched: watched?.conclude(pass.answers) };
  };
  try {
    let snapshot = await snapshots.get(deadline);
    let pass = await ask(snapshot);
    if (snapshotChanged(pass)) {
      // Only once: after that, the caller decides.
      snapshot = await snapshots.renew(snapshot, deadline);
      pass = await ask(snapshot);
    }
    assertFresh(snapshot);
    return pass;
  } catch (error) {
    return passOf(inquiries.map((asked) => failAll(asked, reasonOf(error))));
  }
}

/**
 * Answers for a password alone that the filter does not contain. It waits for nothing, so it needs
 * no deadline.
 */
function answerHere(
  lookup: Lookup,
  snapshot: Snapshot | undefined,
  { username, usernames, password }: Credential,
  options: CallOptions,
  now: number,
): Pass | undefined {
  if (!snapshot || !password || (username ?? usernames) !== undefined) return undefined;
  if (password.includes('\0') || isAborted(options) || !lookup.isAbsent(password, snapshot, now)) return undefined;
  return { snapshot: snapshot.snapshot, answers: [PASSWORD_ABSENT] };
}

/** Assembles the verdict and emits its event. */
type Report = (facts: Facts, decision: Decision, pass: Pass, startedAt: number) => Verdict;

function createReporter(events: Events): Report {
  return (facts, decision, { answers, snapshot, watched }, startedAt) => {
    const durationMs = performance.now() - startedAt;
    if (events.verdict.isHeard() || events.quota.isHeard()) {
      const { status, reason } = facts;
      const { action } = decision;
      const failures = failuresIn(...answers);
      events.verdict.emit({ status, action, ...(reason && { reason }), failures, durationMs });
      if (failures.includes('QUOTA_EXCEEDED')) events.quota.emit({ action });
    }
    const signals = mergeSignals(answers);
    return snapshot === undefined
      ? { ...facts, ...decision, durationMs, signals }
      : { ...facts, ...decision, ...watched, snapshot, durationMs, signals };
  };
}

/** Decides status and action from the answers of a pass. */
type Conclude = (
  pass: Pass,
  ifUnasked: Parameters<typeof decide>[1],
  context: PolicyContext,
  startedAt: number,
) => Verdict;

function createConclude(policy: Policy, report: Report): Conclude {
  return (pass, ifUnasked, context, startedAt) => {
    const decided = pass.answers.map((signals) => {
      const facts = decide(signals, ifUnasked);
      return { status: facts.status, facts, decision: policy({ ...facts, signals }, context) };
    });
    // The status names the worst finding; the action follows from all answers.
    const worst = worstOf(decided);
    const decision = strictestOf([worst, ...decided].map((one) => one.decision));
    return report(worst.facts, decision, pass, startedAt);
  };
}

/** Like Promise.all, without its cost for the usual single one. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const [first] = promises;
  return promises.length === 1 && first ? [await first] : Promise.all(promises);
}

function snapshotChanged({ answers }: Pass): boolean {
  return failuresIn(...answers).includes('SNAPSHOT_CHANGED');
}

/** Also true for a value that is not a signal: createCallDeadline rejects that. */
function isAborted({ signal }: CallOptions): boolean {
  return signal !== undefined && !(signal instanceof AbortSignal && !signal.aborted);
}
