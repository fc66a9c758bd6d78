// The guard behind every adapter: takes a request, returns the verdict and whether to deny. It is
// independent of frameworks.

import type { LeakChecker } from '../checker.ts';
import { unknownVerdict } from '../verdict/decide.ts';
import type { Credential } from '../verdict/inquiry.ts';
import {
  SIGNAL_NAMES,
  type SignalName,
  type UnknownVerdict,
  type Verdict,
  type VerdictStatus,
} from '../verdict/verdict.ts';
import type { ParsedFields } from './fields.ts';
import type { HeaderName } from './header-name.ts';
import { assertChecker, type GuardOptions, parseGuardOptions } from './options.ts';

export type Judgement =
  | {
      /** Missing if there was nothing to check. */
      readonly verdict?: Verdict;
      readonly refusal?: undefined;
    }
  | { readonly verdict: Verdict; readonly refusal: Refusal };

export interface Guard<Context, Handler> {
  readonly header: HeaderName;
  readonly handler: Handler | undefined;
  /**
   * Never rejects: any failure becomes an `unknown` verdict, on which `onError` decides.
   * @param read finds credentials by field name, as the framework exposes them
   * @param finders creates the argument of the option `fields` if that is a function
   */
  judge(context: Context, read: ReadCredentials, finders?: FinderContext<Context>): Promise<Judgement>;
}

export type ReadCredentials = (fields: ParsedFields) => readonly Credential[] | Promise<readonly Credential[]>;
/** Creates the argument for a function in the option `fields`, if it is not the context itself. */
export type FinderContext<Context> = () => Context;

/** Worst first. A failed check may have been a pair, so it ranks next. */
const WORST: readonly VerdictStatus[] = ['pair', 'unknown', 'similar', 'password', 'username', 'clean'];

/** @throws LookupError `OPTION_MALFORMED` */
export function createGuard<Context, Handler>(
  checker: LeakChecker,
  options: GuardOptions<Context, Handler>,
): Guard<Context, Handler> {
  assertChecker(checker);
  const { fields, skip, onResult, onError, denyOn, header, handler } = parseGuardOptions(options);

  const find = async (read: ReadCredentials, finder: FinderContext<Context>): Promise<readonly Credential[]> => {
    if (typeof fields !== 'function') return read(fields);
    const credential = await fields(finder());
    return credential === undefined ? [] : [credential];
  };

  /** The verdict on each credential of a request. */
  const ask = async (
    context: Context,
    read: ReadCredentials,
    finder: FinderContext<Context>,
  ): Promise<{ verdicts: readonly Verdict[]; cause?: unknown }> => {
    const startedAt = performance.now();
    let credentials: readonly Credential[];
    try {
      if (await skip?.(context)) return { verdicts: [] };
      credentials = await find(read, finder);
    } catch (cause) {
      return {
        verdicts: [unknownVerdict('CREDENTIAL_UNREADABLE', performance.now() - startedAt, checker.policy)],
        cause,
      };
    }
    try {
      return { verdicts: await Promise.all(credentials.map((credential) => checker.check(credential))) };
    } catch (cause) {
      return { verdicts: [unknownVerdict('CHECK_FAILED', performance.now() - startedAt, checker.policy)], cause };
    }
  };

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

  return {
    header,
    handler,
    async judge(context, read, finder = () => context) {
      const { verdicts, cause } = await ask(context, read, finder);
      const verdict = worstOf(verdicts);
      if (!verdict) return {};
      observe(() => onResult?.(verdict, context));
      const found = SIGNAL_NAMES.find((name) => verdicts.some((one) => deniesFinding(one, name)));
      if (found) return { verdict, refusal: REFUSALS[found === 'username' ? 'USERNAME_LEAKED' : 'PASSWORD_LEAKED'] };
      const failed = onError
        ? isUnknown(verdict) && (await deniesFailure(verdict, context, cause))
        : verdicts.some(({ action, because }) => action !== 'allow' && because === undefined);
      return failed ? { verdict, refusal: REFUSALS.CHECK_UNAVAILABLE } : { verdict };
    },
  };
}

function worstOf(verdicts: readonly Verdict[]): Verdict | undefined {
  return [...verdicts].sort((a, b) => WORST.indexOf(a.status) - WORST.indexOf(b.status))[0];
}

function isUnknown(verdict: Verdict): verdict is UnknownVerdict {
  return verdict.status === 'unknown';
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

export type RefusalCode = 'PASSWORD_LEAKED' | 'USERNAME_LEAKED' | 'CHECK_UNAVAILABLE';

export interface Refusal {
  readonly type: `urn:credveil:problem:${string}`;
  readonly title: string;
  readonly status: number;
  /** For the person who typed the credential. */
  readonly detail: string;
  readonly code: RefusalCode;
}

export const PROBLEM_TYPE = 'application/problem+json';

/** Pair, similar and password share one text: a difference would reveal whose password leaked. */
export const REFUSALS: { readonly [code in RefusalCode]: Refusal } = {
  PASSWORD_LEAKED: {
    type: 'urn:credveil:problem:password-leaked',
    title: 'Leaked password',
    status: 422,
    detail: 'This password has appeared in a data breach, so attackers will try it. Choose another one.',
    code: 'PASSWORD_LEAKED',
  },
  USERNAME_LEAKED: {
    type: 'urn:credveil:problem:username-leaked',
    title: 'Leaked username',
    status: 422,
    detail: 'This username has appeared in a data breach. Choose another one.',
    code: 'USERNAME_LEAKED',
  },
  CHECK_UNAVAILABLE: {
    type: 'urn:credveil:problem:check-unavailable',
    title: 'Check unavailable',
    status: 503,
    detail: 'This password could not be checked against known data breaches. Try again later.',
    code: 'CHECK_UNAVAILABLE',
  },
};
