// Options that all adapters share: what a developer gives, and what is made of it once it has been checked.

import type { LeakChecker } from '../checker.ts';
import { LookupError } from '../errors.ts';
import type { Credential } from '../verdict/inquiry.ts';
import { SIGNAL_NAMES, type SignalName, type UnknownVerdict, type Verdict } from '../verdict/verdict.ts';
import type { FieldNames, ParsedFields } from './fields.ts';
import { createHeaderName, type HeaderName } from './header-name.ts';

type Awaitable<T> = T | Promise<T>;

/** @typeParam Context what the framework knows a request by */
interface SharedOptions<Context> {
  /** Where in the body the credential is, or a function that finds it and gives `undefined` where there is none. */
  readonly fields?: FieldNames | ((context: Context) => Awaitable<Credential | undefined>);
  /** True for a request that is not to be checked. A copy of the header is removed all the same. */
  readonly skip?: (context: Context) => Awaitable<boolean>;
  /** Sees each verdict, for logs and metrics. It is not waited for, and what it throws is dropped. */
  readonly onResult?: (verdict: Verdict, context: Context) => unknown;
  /** Default `Exposed-Credential-Check`. */
  readonly header?: string;
}

/**
 * What becomes of a request whose check failed; one that throws denies.
 * @param cause what your own `fields` or `skip` threw
 */
export type OnError<Context> =
  | 'allow'
  | 'deny'
  | ((verdict: UnknownVerdict, context: Context, cause?: unknown) => Awaitable<'allow' | 'deny'>);

/** Tells what runs behind of the verdict: for logins. The default. */
interface AnnotateOptions {
  readonly mode?: 'annotate';
  readonly denyOn?: never;
}

/** Lets nothing that leaked pass: for sign-up and password change. */
interface DenyOptions<Context, Handler> {
  readonly mode: 'deny';
  /**
   * Which findings deny, however often they were seen. Default those for which the checker's policy does not say
   * `allow`: `pair`, `similar` and `password`.
   */
  readonly denyOn?: readonly SignalName[];
  /** Default what the checker's policy says; `allow` where `denyOn` is given. */
  readonly onError?: OnError<Context>;
  /** Answers a request that is denied. Default a problem (RFC 9457) with status 422, or 503 where the check failed. */
  readonly handler?: Handler;
}

/** @typeParam Handler answers in the way of the framework */
export type GuardOptions<Context, Handler> = SharedOptions<Context> &
  (
    | (AnnotateOptions & { readonly onError?: 'allow'; readonly handler?: never })
    | (AnnotateOptions & { readonly onError: OnError<Context>; readonly handler?: Handler })
    | DenyOptions<Context, Handler>
  );

export interface GuardSettings<Context, Handler> {
  readonly fields: ParsedFields | ((context: Context) => Awaitable<Credential | undefined>);
  readonly skip: ((context: Context) => Awaitable<boolean>) | undefined;
  readonly onResult: ((verdict: Verdict, context: Context) => unknown) | undefined;
  /** Undefined where the policy of the checker decides, as for `denyOn`. */
  readonly onError: OnError<Context> | undefined;
  readonly denyOn: readonly SignalName[] | undefined;
  readonly handler: Handler | undefined;
  readonly header: HeaderName;
}

const DEFAULT_HEADER = 'Exposed-Credential-Check';
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export function malformed(option: string, why: string, hint: string): LookupError {
  return new LookupError('OPTION_MALFORMED', `option ${option}: ${why}`, hint);
}

/** @throws LookupError `OPTION_MALFORMED` */
export function assertChecker(checker: unknown): asserts checker is LeakChecker {
  const { check, policy } = (checker ?? {}) as Partial<LeakChecker>;
  if (typeof check !== 'function' || typeof policy !== 'function')
    throw malformed('checker', 'not a checker', 'Give what createLeakChecker returns.');
}

/** @throws LookupError `OPTION_MALFORMED` */
export function parseGuardOptions<Context, Handler>(
  options: GuardOptions<Context, Handler>,
): GuardSettings<Context, Handler> {
  if (typeof options !== 'object' || options === null) throw malformed('options', 'not an object', 'Leave them out.');
  const { mode = 'annotate', header = DEFAULT_HEADER } = options;
  const denyOn = mode === 'deny' ? options.denyOn : [];
  const onError = options.onError ?? (denyOn && 'allow');
  if (mode !== 'annotate' && mode !== 'deny')
    throw malformed('mode', 'neither annotate nor deny', 'Leave it out to annotate.');
  if (denyOn !== undefined && !(Array.isArray(denyOn) && denyOn.every((name) => SIGNAL_NAMES.includes(name))))
    throw malformed('denyOn', 'not a list of findings', 'Give some of pair, similar, password and username.');
  if (onError !== undefined && onError !== 'allow' && onError !== 'deny' && typeof onError !== 'function')
    throw malformed('onError', 'none of allow, deny and a function', 'Leave it out to allow.');
  if (typeof header !== 'string' || !TOKEN.test(header))
    throw malformed('header', 'not an HTTP field name', 'Leave it out to use the default.');
  for (const name of ['skip', 'onResult', 'handler'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw malformed(name, 'not a function', 'Leave it out, or give a function.');
  return {
    fields: typeof options.fields === 'function' ? options.fields : parseFieldNames(options.fields ?? {}),
    skip: options.skip,
    onResult: options.onResult,
    onError,
    denyOn,
    handler: options.handler,
    header: createHeaderName(header),
  };
}

function parseFieldNames(fields: FieldNames): ParsedFields {
  const { username = ['username', 'email'], password = 'password' } = fields;
  const usernames = typeof username === 'string' ? [username] : username;
  if (!Array.isArray(usernames) || ![...usernames, password].every((name) => typeof name === 'string' && name !== ''))
    throw malformed(
      'fields',
      'not names of fields',
      "Give { username: 'user.email', password: 'pass' } or a function.",
    );
  return { username: usernames, password };
}

/** @throws LookupError `OPTION_MALFORMED` */
export function parseProperty(property: unknown): string {
  if (typeof property !== 'string' || property === '')
    throw malformed('property', 'not a name', 'Leave it out to use the default.');
  return property;
}
