// The guard behind every adapter, independent of frameworks: checks the credential of a request
// when its handler asks, or before the handler, and then may refuse the request.

import type { CheckOptions, LeakChecker } from '../checker.ts';
import { unknownVerdict, worstOf } from '../verdict/decide.ts';
import type { Credential } from '../verdict/inquiry.ts';
import { isOfTheRequest, strictestOf } from '../verdict/policy.ts';
import { SIGNAL_NAMES, type SignalName, type UnknownVerdict, type Verdict } from '../verdict/verdict.ts';
import { boundReading, credentialOf, type ParsedFields, type Reading } from './fields.ts';
import type { HeaderName } from './header-name.ts';
import { assertChecker, type GuardOptions, type GuardSettings, parseGuardOptions } from './options.ts';
import { REFUSALS, type Refusal } from './refusals.ts';

/**
 * Asks whether the credential of a request has leaked. Call it once the password has been verified:
 * before that, each wrong password would cost a check, and the answer could reveal which guesses
 * are known.
 *
 * Without arguments it checks what the request has in the guard's fields. Pass the credential that
 * the handler compared if it is another one: trimmed, or with all names of the account.
 * @example
 * ```ts
 * import type { AskLeaks } from '@credveil/client/express';
 *
 * const needsSecondFactor = async (ask: AskLeaks): Promise<boolean> =>
 *   (await ask({ usernames: [username, '+4915112345678'], password })).action !== 'allow';
 * console.log(await needsSecondFactor((credential) => leaks.check(credential ?? {}))); // true
 * ```
 */
export type AskLeaks = (credential?: Credential, options?: CheckOptions) => Promise<Verdict>;

/** What a guard knows of the credential of a request. */
export interface Found {
  /** All that a handler may read, for one check. */
  readonly credential?: Credential | undefined;
  /** Whether it may read anything else. */
  readonly isUnreadable: boolean;
  /** Whether there is a body. */
  readonly isSent?: boolean | undefined;
  /** The error that a function of the application threw. */
  readonly cause?: unknown;
}

export type Judgement =
  | {
      /** Missing if there was nothing to check. */
      readonly verdict?: Verdict;
      readonly refusal?: undefined;
    }
  | { readonly verdict: Verdict; readonly refusal: Refusal };

/** Finds a credential by field names, as the framework exposes them. */
export type ReadFields = (fields: ParsedFields) => Reading | Promise<Reading>;

export interface Guard<Context, Handler> {
  readonly header: HeaderName;
  readonly handler: Handler | undefined;
  /** Whether requests are judged before their handler. */
  readonly isEager: boolean;
  /** Undefined if the option `fields` is a function. */
  readonly fields: ParsedFields | undefined;
  /**
   * Never rejects: what cannot be read is `isUnreadable`.
   * @param contextOf creates the argument of the option `fields` if that is a function
   */
  find(read: ReadFields, contextOf: () => Context): Promise<Found>;
  /** Never rejects: any failure becomes an `unknown` verdict, on which `onError` decides. */
  judge(context: Context, find: () => Found | Promise<Found>): Promise<Judgement>;
  /** @param judged the verdict before the handler, which the handler then gets */
  createAsk(context: Context, find: () => Found | Promise<Found>, judged?: Verdict): AskLeaks;
}

/** @throws LookupError `OPTION_MALFORMED` */
export function createGuard<Context, Handler>(
  checker: LeakChecker,
  options: GuardOptions<Context, Handler>,
  more: readonly string[] = [],
): Guard<Context, Handler> {
  assertChecker(checker);
  const settings = parseGuardOptions(options, more);
  const { fields, skip, onResult, header, handler, isEager, isDenying } = settings;
  const refuse = createRefuse(settings);

  const answer = createAnswer(checker);

  const observed = (verdict: Verdict, context: Context): Verdict => {
    observe(() => onResult?.(verdict, context));
    return verdict;
  };

  return {
    header,
    handler,
    isEager,
    fields: typeof fields === 'function' ? undefined : fields,

    async find(read, contextOf) {
      try {
        if (typeof fields === 'function') {
          return { credential: await fields(contextOf()), isUnreadable: false };
        }
        const reading = boundReading(await read(fields), fields);
        const { unreadable, isSent } = reading;
        return { credential: credentialOf(reading), isUnreadable: unreadable !== undefined, isSent };
      } catch (cause) {
        return { isUnreadable: true, cause };
      }
    },

    async judge(context, find) {
      const found = await findUnlessSkipped(() => skip?.(context), find);
      const answers = (isDenying && answerUnasked(checker, found)) || (await answer(found));
      if (answers.verdicts.length === 0) return {};
      const verdict = observed(combine(answers.verdicts), context);
      const refusal = await refuse(answers, context);
      return refusal ? { verdict, refusal } : { verdict };
    },

    createAsk(context, find, judged) {
      const ask = async (options?: CheckOptions): Promise<Verdict> => {
        const found = await find();
        // The handler found the password right, so there is one.
        const isUnreadable = found.isUnreadable || found.credential === undefined;
        const { verdicts } = await answer({ ...found, isUnreadable }, options);
        return observed(combine(verdicts), context);
      };
      let asked = judged && Promise.resolve(judged);
      return async (credential, options) => {
        if (credential !== undefined) return observed(await checker.check(credential, options), context);
        if (options !== undefined) return ask(options);
        asked ??= ask();
        return asked;
      };
    },
  };
}

/** Checks all that was found. Never rejects. */
type Answer = (found: Found, options?: CheckOptions) => Promise<Answers>;

function createAnswer(checker: LeakChecker): Answer {
  return async ({ credential, isUnreadable, cause }, options) => {
    const startedAt = performance.now();
    const unknown = (reason: 'CREDENTIAL_UNREADABLE' | 'CHECK_FAILED') =>
      unknownVerdict(reason, performance.now() - startedAt, checker.policy);
    const unread = isUnreadable ? [unknown('CREDENTIAL_UNREADABLE')] : [];
    try {
      const checked = credential === undefined ? [] : [await checker.check(credential, options)];
      return { verdicts: [...unread, ...checked], cause };
    } catch (failure) {
      // The application's `fields` gave what is no credential, which its sender may have chosen.
      return { verdicts: [...unread, unknown('CHECK_FAILED')], cause: cause ?? failure };
    }
  };
}

/**
 * In mode `deny`: the answer to what is refused whatever a check would find, so that it costs none.
 * A body without a password is refused too: its field may have another name than the guard's.
 */
function answerUnasked(checker: LeakChecker, { credential, isUnreadable, isSent, cause }: Found): Answers | undefined {
  const isMissing = credential === undefined && isSent;
  // Of the option `fields`, which read a field that is not there.
  const isUndefined = credential && 'password' in credential && credential.password === undefined;
  if (!isUnreadable && !isMissing && !isUndefined) return undefined;
  const reason = isUnreadable ? 'CREDENTIAL_UNREADABLE' : 'NOTHING_ASKED';
  return { verdicts: [unknownVerdict(reason, 0, checker.policy)], cause };
}

async function findUnlessSkipped(skip: () => unknown, find: () => Found | Promise<Found>): Promise<Found> {
  try {
    if (await skip()) return { isUnreadable: false };
  } catch (cause) {
    return { isUnreadable: true, cause };
  }
  return find();
}

/** The verdicts on all that a handler may read; `CREDENTIAL_UNREADABLE` if that may not be all. */
interface Answers {
  readonly verdicts: readonly Verdict[];
  readonly cause?: unknown;
}

/** The worst finding, with the strictest action: an unreadable field takes back no finding. */
function combine(verdicts: readonly Verdict[]): Verdict {
  const worst = worstOf(verdicts);
  const { action, because } = strictestOf([
    worst,
    ...verdicts,
    ...(verdicts.some(({ signals, reason }) => isOfTheRequest(signals, reason))
      ? [{ action: 'challenge' } as const]
      : []),
  ]);
  const { because: _, ...facts } = worst;
  return { ...facts, action, ...(because && { because }) };
}

/** Decides whether to refuse a request, and how. */
function createRefuse<Context, Handler>({ denyOn, onError, isDenying }: GuardSettings<Context, Handler>) {
  const deniesFinding = (verdict: Verdict, name: SignalName): boolean =>
    denyOn ? denyOn.includes(name) && isFound(verdict, name) : verdict.because === name;

  const deniesFailure = async (verdict: UnknownVerdict, context: Context, cause: unknown): Promise<boolean> => {
    if (typeof onError !== 'function') return onError === 'deny';
    try {
      return (await onError(verdict, context, cause)) !== 'allow';
    } catch {
      return true;
    }
  };

  return async ({ verdicts, cause }: Answers, context: Context): Promise<Refusal | undefined> => {
    const found = SIGNAL_NAMES.find((name) => verdicts.some((one) => deniesFinding(one, name)));
    if (found) return REFUSALS[found === 'username' ? 'USERNAME_LEAKED' : 'PASSWORD_LEAKED'];
    const failed = verdicts.flatMap((verdict) => failureOf(verdict) ?? []);
    const [worst] = failed;
    const isDenied = onError
      ? worst !== undefined && (await deniesFailure(worst, context, cause))
      : verdicts.some(({ action, because }) => action !== 'allow' && because === undefined);
    if (verdicts.some(({ signals, reason }) => isOfTheRequest(signals, reason)))
      return isDenying || isDenied ? REFUSALS.CREDENTIAL_UNREADABLE : undefined;
    return isDenied ? REFUSALS.CHECK_UNAVAILABLE : undefined;
  };
}

/** The failure of a verdict, also behind a finding on another username. */
function failureOf(verdict: Verdict): UnknownVerdict | undefined {
  if (verdict.status === 'unknown') return verdict;
  if (verdict.status === 'clean') return undefined;
  const { action, durationMs, signals } = verdict;
  const worse = SIGNAL_NAMES.slice(0, SIGNAL_NAMES.indexOf(verdict.status)).map((name) => signals[name]);
  const failed = worse.find((signal) => signal.result === 'unknown');
  return failed && { status: 'unknown', reason: failed.reason, action, durationMs, signals };
}

/** A finding stands even next to a more serious one, or if a more serious question failed. */
function isFound({ status, signals }: Verdict, name: SignalName): boolean {
  return status !== 'clean' && signals[name].result === 'found';
}

/** Calls a listener that must not break a login. */
function observe(listener: () => unknown): void {
  const call = async (): Promise<unknown> => listener();
  call().catch(() => {});
}
