// The checker: requests buckets from the service, and decides in this process whether a credential
// has leaked.

import type { SnapshotId } from '../protocol/brands.ts';
import { MAX_OPRF_INPUT_BYTES } from '../protocol/private-input.ts';
import type { ServiceConfig } from '../protocol/service-config.ts';
import { LookupError, reasonOf } from './errors.ts';
import type { Events } from './events.ts';
import type { PasswordFilterInfo } from './filter/cache.ts';
import { FILTER_TIMEOUT_MS } from './filter/download.ts';
import { createKeyedLookup } from './keyed-lookup.ts';
import type { Lookup } from './lookup.ts';
import type { CheckerSettings, LeakCheckerOptions, OprfSettings } from './options.ts';
import { parseOptions } from './parse-options.ts';
import { ALWAYS_CLOSED, createCircuitBreaker } from './transport/circuit-breaker.ts';
import { CONFIG_TIMEOUT_MS, type ConfigCache, createConfigCache } from './transport/config-cache.ts';
import { createDeadline, type Deadline } from './transport/deadline.ts';
import { type Credential, deriveInquiries, failAll, type Inquiry, isAsked } from './verdict/inquiry.ts';
import type { Policy, PolicyContext } from './verdict/policy.ts';
import { type Decision, decide, failuresIn, type Signals, UNASKED, type Verdict } from './verdict/verdict.ts';

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
 * holds the config, buckets and the password filter.
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
   * Has this credential leaked? If the service fails, the status is `unknown`; the call does not
   * reject.
   * @throws LookupError `ARGUMENT_MALFORMED` (as a rejection) if neither field is given, a field is
   *   not a string, or an option has the wrong type
   */
  check(credential: Credential, options?: CheckOptions): Promise<Verdict>;
  /**
   * Optional start-up test of URL, key and dataset: fetches the config and, under `oprf`, has one
   * element evaluated.
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

type Facts = ReturnType<typeof decide>;

const PASSWORD_ABSENT: Signals = { ...UNASKED, password: { result: 'absent' } };

/** The answers of one pass over the inquiries. */
interface Pass {
  readonly signals: Signals;
  readonly snapshot?: SnapshotId;
}

/**
 * Creates a checker, which sends nothing before its first call. With the option `key` it holds the
 * dataset's secret and belongs in a server process; with `publicKey` it holds no secret.
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
export function createLeakChecker(options: LeakCheckerOptions): LeakChecker {
  const { settings, secrets } = parseOptions(options);
  const lookup =
    secrets.suite === 'hmac' ? createKeyedLookup(settings, secrets.key) : loadObliviousLookup(settings, secrets);
  const { events, policy } = settings;
  const breaker = settings.circuitBreaker
    ? createCircuitBreaker(settings.circuitBreaker, (state) => events.circuit.emit({ state }))
    : ALWAYS_CLOSED;
  const configs = createConfigCache(lookup.fetchConfig, {
    maxAgeMs: settings.configMaxAgeMs,
    // The rest of the deadline is for buckets.
    maxWaitMs: Math.ceil(settings.timeoutMs / 2),
  });
  const report = createReporter(events);
  const conclude = createConclude(policy, report);

  // The facts of an absent password never change, and they are needed 300,000 times per second.
  const absentFacts = decide(PASSWORD_ABSENT, 'NOTHING_ASKED');
  const absentDecision = policy({ ...absentFacts, signals: PASSWORD_ABSENT }, {});

  return {
    policy,

    async check(credential, callOptions = {}) {
      const startedAt = performance.now();
      assertCredential(credential);
      assertPolicyContext(callOptions);
      const here = answerHere(lookup, credential, callOptions, startedAt);
      if (here) return report(absentFacts, absentDecision, here, startedAt);
      const deadline = createCallDeadline(settings.timeoutMs, callOptions);
      const inquiries = deriveInquiries(credential, lookup.maxInputBytes);
      if (!inquiries.some(isAsked)) return conclude({ signals: UNASKED }, 'NOTHING_ASKED', callOptions, startedAt);
      const pass = await breaker.run(
        deadline,
        (guarded) => askService(lookup, configs, inquiries, guarded),
        ({ signals }) => failuresIn(signals),
      );
      return conclude(pass, 'INDEX_MISSING', callOptions, startedAt);
    },

    async ready(callOptions = {}) {
      const deadline = createCallDeadline(CONFIG_TIMEOUT_MS, callOptions);
      await lookup.confirm(await configs.get(deadline), deadline);
    },

    async loadFilter(callOptions = {}) {
      return lookup.loadFilter(createCallDeadline(FILTER_TIMEOUT_MS, callOptions));
    },
  };
}

/** Asks the service, and once more if the snapshot changed: a verdict belongs to one snapshot. */
async function askService(
  lookup: Lookup,
  configs: ConfigCache,
  inquiries: readonly Inquiry[],
  deadline: Deadline,
): Promise<Pass> {
  const ask = async (config: ServiceConfig): Promise<Pass> => ({
    snapshot: config.snapshot,
    signals: { ...UNASKED, ...(await lookup.ask(inquiries, config, deadline)) },
  });
  try {
    const config = await configs.get(deadline);
    const pass = await ask(config);
    if (!snapshotChanged(pass)) return pass;
    // Only once: after that, the caller decides.
    return await ask(await configs.renew(config, deadline));
  } catch (error) {
    return { signals: { ...UNASKED, ...failAll(inquiries, reasonOf(error)) } };
  }
}

/**
 * Answers for a password alone that the filter does not contain. It waits for nothing, so it needs
 * no deadline.
 */
function answerHere(
  lookup: Lookup,
  { username, password }: Credential,
  options: CallOptions,
  now: number,
): Pass | undefined {
  if (!password || username !== undefined || isAborted(options)) return undefined;
  const snapshot = lookup.absentIn(password, now);
  return snapshot && { snapshot, signals: PASSWORD_ABSENT };
}

/** Assembles the verdict and emits its event. */
type Report = (facts: Facts, decision: Decision, pass: Pass, startedAt: number) => Verdict;

function createReporter(events: Events): Report {
  return (facts, decision, { signals, snapshot }, startedAt) => {
    const durationMs = performance.now() - startedAt;
    if (events.verdict.isHeard()) {
      const { status, reason } = facts;
      const failures = failuresIn(signals);
      events.verdict.emit({ status, action: decision.action, ...(reason && { reason }), failures, durationMs });
    }
    return snapshot === undefined
      ? { ...facts, ...decision, durationMs, signals }
      : { ...facts, ...decision, snapshot, durationMs, signals };
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
    const facts = decide(pass.signals, ifUnasked);
    return report(facts, policy({ ...facts, signals: pass.signals }, context), pass, startedAt);
  };
}

function snapshotChanged({ signals }: Pass): boolean {
  return Object.values(signals).some((signal) => signal.result === 'unknown' && signal.reason === 'SNAPSHOT_CHANGED');
}

function argumentMalformed(why: string, hint: string, cause?: unknown): LookupError {
  return new LookupError('ARGUMENT_MALFORMED', why, hint, { cause });
}

function assertCredential(credential: unknown): void {
  if (typeof credential !== 'object' || credential === null)
    throw argumentMalformed('the credential is not an object', 'Pass { username, password }, or one of the two.');
  const { username, password } = credential as Record<string, unknown>;
  for (const field of [username, password])
    if (field !== undefined && typeof field !== 'string')
      throw argumentMalformed(
        'a username or password is not a string',
        'Check the types of the form fields or of the parsed body.',
      );
  if (username === undefined && password === undefined)
    throw argumentMalformed('neither username nor password is given', 'Pass at least one of them.');
}

/** Also true for a value that is not a signal: createCallDeadline rejects that. */
function isAborted({ signal }: CallOptions): boolean {
  return signal !== undefined && !(signal instanceof AbortSignal && !signal.aborted);
}

function assertPolicyContext({ passwordChangedAt: changedAt }: CheckOptions): void {
  if (changedAt !== undefined && changedAt !== null && !(changedAt instanceof Date))
    throw argumentMalformed('passwordChangedAt is not a Date', 'Omit it if it is unknown.');
}

function createCallDeadline(timeoutMs: number, { signal }: CallOptions): Deadline {
  try {
    return createDeadline(timeoutMs, signal);
  } catch (cause) {
    throw argumentMalformed('signal is not an AbortSignal', 'Pass the signal of an AbortController.', cause);
  }
}

export function loadObliviousLookup(settings: CheckerSettings, oprf: OprfSettings): Lookup {
  const loading = import('./oprf/lookup.ts').then(({ createObliviousLookup }) => createObliviousLookup(settings, oprf));
  // Awaiters get the rejection; this only silences the unhandled one.
  loading.catch(() => {});
  const loaded = (deadline: Deadline): Promise<Lookup> => deadline.race(() => loading);
  return {
    maxInputBytes: MAX_OPRF_INPUT_BYTES,
    fetchConfig: async (deadline) => (await loaded(deadline)).fetchConfig(deadline),
    confirm: async (config, deadline) => (await loaded(deadline)).confirm(config, deadline),
    loadFilter: async (deadline) => (await loaded(deadline)).loadFilter(deadline),
    // The service has to evaluate the password first.
    absentIn: () => undefined,
    ask: async (inquiries, config, deadline) => (await loaded(deadline)).ask(inquiries, config, deadline),
  };
}
