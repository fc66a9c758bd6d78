// The checker: asks the service for buckets and decides in this process whether a credential has leaked.

import type { SnapshotId } from '../protocol/brands.ts';
import { MAX_OPRF_INPUT_BYTES } from '../protocol/private-input.ts';
import type { ServiceConfig } from '../protocol/service-config.ts';
import { LookupError, reasonOf } from './errors.ts';
import type { Events } from './events.ts';
import type { PasswordFilterInfo } from './filter/cache.ts';
import { FILTER_TIMEOUT_MS } from './filter/download.ts';
import { createKeyedLookup } from './keyed-lookup.ts';
import type { Lookup } from './lookup.ts';
import { type CheckerSettings, type LeakCheckerOptions, type OprfSettings, parseOptions } from './options.ts';
import { ALWAYS_CLOSED, createCircuitBreaker } from './transport/circuit-breaker.ts';
import { CONFIG_TIMEOUT_MS, type ConfigCache, createConfigCache } from './transport/config-cache.ts';
import { createDeadline, type Deadline } from './transport/deadline.ts';
import { type Credential, deriveInquiries, failAll, type Inquiry, isAsked } from './verdict/inquiry.ts';
import type { Policy, PolicyContext } from './verdict/policy.ts';
import { type Decision, decide, failuresIn, type Signals, UNASKED, type Verdict } from './verdict/verdict.ts';

export interface CallOptions {
  /** Ends the wait early: `check` then gives `unknown` with reason `ABORTED`, `ready` rejects with that code. */
  readonly signal?: AbortSignal | undefined;
}

/** What of one check is not its credential. */
export interface CheckOptions extends CallOptions, PolicyContext {}

export interface LeakChecker {
  /**
   * Has this credential leaked? Trouble with the service gives the status `unknown`, never a rejection.
   * @throws LookupError `ARGUMENT_MALFORMED` (as a rejection) where neither field is given or one is not a string, or an
   *   option is of another type
   */
  check(credential: Credential, options?: CheckOptions): Promise<Verdict>;
  /**
   * Fetches the config, and under `oprf` has the known answer evaluated, to learn at start-up whether URL, key and
   * dataset belong together. Not required.
   * @throws LookupError (as a rejection) with the reason that a check would give
   */
  ready(options?: CallOptions): Promise<void>;
  /**
   * Waits until the password filter is there and verified, which the first check begins but does not wait for. With it
   * called at start-up, no check has to ask for a bucket because it came too early. Not required.
   * @throws LookupError (as a rejection) with the reason why there is no filter
   */
  loadFilter(options?: CallOptions): Promise<PasswordFilterInfo>;
  /** What the option `policy` says of a verdict, for one that did not come from `check`. */
  readonly policy: Policy;
}

type Facts = ReturnType<typeof decide>;

const PASSWORD_ABSENT: Signals = { ...UNASKED, password: { result: 'absent' } };

/** What one pass over the inquiries found. */
interface Pass {
  readonly signals: Signals;
  readonly snapshot?: SnapshotId;
}

/**
 * Makes a checker; nothing is sent before the first call. With the option `key` it holds the secret of the dataset, so it
 * belongs into a server process; with `publicKey` it holds none.
 * @throws LookupError `OPTION_MALFORMED`, `KEY_MALFORMED`
 */
export function createLeakChecker(options: LeakCheckerOptions): LeakChecker {
  const { settings, secrets } = parseOptions(options);
  const lookup =
    secrets.suite === 'hmac' ? createKeyedLookup(settings, secrets.key) : loadObliviousLookup(settings, secrets);
  const { events, policy } = settings;
  const breaker = settings.circuitBreaker
    ? createCircuitBreaker(settings.circuitBreaker, (state) => events.circuit.emit({ state }))
    : ALWAYS_CLOSED;
  const configs = createConfigCache(lookup.fetchConfig, settings.configMaxAgeMs);
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

/** Asks the service, again if its snapshot changed meanwhile: a verdict is about one snapshot. */
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
    // Once: after that it is the caller's turn.
    return await ask(await configs.renew(config, deadline));
  } catch (error) {
    return { signals: { ...UNASKED, ...failAll(inquiries, reasonOf(error)) } };
  }
}

/** The pass of a lone password that the filter does not hold. It waits for nothing, so it needs no deadline. */
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

/** Makes the verdict and emits its event. */
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

/** Decides status and action from what a pass found. */
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
    throw argumentMalformed('the credential is not an object', 'Give { username, password } or one of the two.');
  const { username, password } = credential as Record<string, unknown>;
  for (const field of [username, password])
    if (field !== undefined && typeof field !== 'string')
      throw argumentMalformed('a username or password is not a string', 'Check the type of what a form or body holds.');
  if (username === undefined && password === undefined)
    throw argumentMalformed('neither username nor password is given', 'Give at least one of them.');
}

/** Also where the signal is none, which is for createCallDeadline to say. */
function isAborted({ signal }: CallOptions): boolean {
  return signal !== undefined && !(signal instanceof AbortSignal && !signal.aborted);
}

function assertPolicyContext({ passwordChangedAt: changedAt }: CheckOptions): void {
  if (changedAt !== undefined && changedAt !== null && !(changedAt instanceof Date))
    throw argumentMalformed('passwordChangedAt is not a Date', 'Leave it out where it is not known.');
}

function createCallDeadline(timeoutMs: number, { signal }: CallOptions): Deadline {
  try {
    return createDeadline(timeoutMs, signal);
  } catch (cause) {
    throw argumentMalformed('signal is not an AbortSignal', 'Give the signal of an AbortController.', cause);
  }
}

export function loadObliviousLookup(settings: CheckerSettings, oprf: OprfSettings): Lookup {
  const loading = import('./oprf/lookup.ts').then(({ createObliviousLookup }) => createObliviousLookup(settings, oprf));
  // Who waits for it gets the error; until then it is no unhandled one.
  loading.catch(() => {});
  const loaded = (deadline: Deadline): Promise<Lookup> => deadline.race(() => loading);
  return {
    maxInputBytes: MAX_OPRF_INPUT_BYTES,
    fetchConfig: async (deadline) => (await loaded(deadline)).fetchConfig(deadline),
    confirm: async (config, deadline) => (await loaded(deadline)).confirm(config, deadline),
    loadFilter: async (deadline) => (await loaded(deadline)).loadFilter(deadline),
    // The service has to evaluate first.
    absentIn: () => undefined,
    ask: async (inquiries, config, deadline) => (await loaded(deadline)).ask(inquiries, config, deadline),
  };
}
