// Options shared by all adapters: as the developer gives them, and as validated settings.

import type { LeakChecker } from '../checker.ts';
import { LookupError } from '../errors.ts';
import type { Credential } from '../verdict/inquiry.ts';
import { SIGNAL_NAMES, type SignalName, type UnknownVerdict, type Verdict } from '../verdict/verdict.ts';
import type { FieldNames, ParsedFields } from './fields.ts';
import { createHeaderName, type HeaderName } from './header-name.ts';

type Awaitable<T> = T | Promise<T>;

/** @typeParam Context the framework's object for a request */
interface SharedOptions<Context> {
  /** The credential's fields in the body, or a function that finds it; `undefined` means none. */
  readonly fields?: FieldNames | ((context: Context) => Awaitable<Credential | undefined>);
  /** Returns true for a request that must not be checked. An incoming header is still removed. */
  readonly skip?: (context: Context) => Awaitable<boolean>;
  /** Receives each verdict, for logs and metrics. It is not awaited, and its errors are ignored. */
  readonly onResult?: (verdict: Verdict, context: Context) => unknown;
  /** Name of the header with the verdict. Default `Exposed-Credential-Check`. */
  readonly header?: string;
}

/**
 * What to do with a request whose check failed. A function that throws denies.
 * @param cause the error that your `fields` or `skip` threw
 */
export type OnError<Context> =
  | 'allow'
  | 'deny'
  | ((verdict: UnknownVerdict, context: Context, cause?: unknown) => Awaitable<'allow' | 'deny'>);

/** Passes the verdict to the handler: for logins. The default. */
interface AnnotateOptions {
  readonly mode?: 'annotate';
  readonly denyOn?: never;
}

/** Denies leaked credentials: for sign-up and password change. */
interface DenyOptions<Context, Handler> {
  readonly mode: 'deny';
  /**
   * The findings that deny, however often they were seen. Default: those whose action in the
   * checker's policy is not `allow`, which are `pair`, `similar` and `password` unless the policy
   * is changed.
   */
  readonly denyOn?: readonly SignalName[];
  /** Default: the action of the checker's policy, or `allow` if `denyOn` is given. */
  readonly onError?: OnError<Context>;
  /**
   * Answers a denied request. Default: a problem (RFC 9457) with status 422, or 503 if the check
   * failed.
   */
  readonly handler?: Handler;
}

/** @typeParam Handler the framework's function that answers a request */
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
  /** Undefined, like `denyOn`, if the checker's policy decides. */
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
    throw malformed('checker', 'not a checker', 'Pass the result of createLeakChecker.');
}

/** @throws LookupError `OPTION_MALFORMED` */
export function parseGuardOptions<Context, Handler>(
  options: GuardOptions<Context, Handler>,
): GuardSettings<Context, Handler> {
  if (typeof options !== 'object' || options === null)
    throw malformed('options', 'not an object', 'Pass an object, or omit it to use the defaults.');
  const { mode = 'annotate', header = DEFAULT_HEADER } = options;
  const denyOn = mode === 'deny' ? options.denyOn : [];
  const onError = options.onError ?? (denyOn && 'allow');
  if (mode !== 'annotate' && mode !== 'deny')
    throw malformed('mode', 'neither annotate nor deny', 'Omit it to annotate.');
  if (denyOn !== undefined && !(Array.isArray(denyOn) && denyOn.every((name) => SIGNAL_NAMES.includes(name))))
    throw malformed('denyOn', 'not a list of findings', 'List any of pair, similar, password and username.');
  if (onError !== undefined && onError !== 'allow' && onError !== 'deny' && typeof onError !== 'function')
    throw malformed('onError', 'neither allow, deny nor a function', 'Omit it to use the default.');
  if (typeof header !== 'string' || !TOKEN.test(header))
    throw malformed('header', 'not an HTTP field name', 'Omit it to use the default.');
  for (const name of ['skip', 'onResult', 'handler'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw malformed(name, 'not a function', 'Omit it, or pass a function.');
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
    throw malformed('fields', 'not field names', "Pass { username: 'user.email', password: 'pass' } or a function.");
  return { username: usernames, password };
}

/** @throws LookupError `OPTION_MALFORMED` */
export function parseProperty(property: unknown): string {
  if (typeof property !== 'string' || property === '')
    throw malformed('property', 'not a property name', 'Omit it to use the default.');
  return property;
}
