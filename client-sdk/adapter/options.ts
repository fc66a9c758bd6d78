// Options shared by all adapters: as the developer gives them, and as validated settings.

import type { LeakChecker } from '../checker.ts';
import { LookupError } from '../errors.ts';
import { quotable, unknownName } from '../names.ts';
import type { Credential } from '../verdict/inquiry.ts';
import { SIGNAL_NAMES, type SignalName, type UnknownVerdict, type Verdict } from '../verdict/verdict.ts';
import type { FieldNames, ParsedFields } from './fields.ts';
import { createHeaderName, type HeaderName } from './header-name.ts';

type Awaitable<T> = T | Promise<T>;

/** @typeParam Context the framework's object for a request */
interface SharedOptions<Context> {
  /** The credential's fields, or a function that finds it; `undefined` means none. */
  readonly fields?: FieldNames | ((context: Context) => Awaitable<Credential | undefined>);
  /** Receives each verdict, for logs and metrics. It is not awaited, and its errors are ignored. */
  readonly onResult?: (verdict: Verdict, context: Context) => unknown;
  /** Name of the header with the verdict. Default `Exposed-Credential-Check`. */
  readonly header?: string;
}

/**
 * What to do with a request whose check failed. A function that throws denies. A request that
 * cannot be read in one way is never let through unchallenged, whatever this says.
 * @param cause the error that your `fields` or `skip` threw
 */
export type OnError<Context> =
  | 'allow'
  | 'deny'
  | ((verdict: UnknownVerdict, context: Context, cause?: unknown) => Awaitable<'allow' | 'deny'>);

/** Checks when the handler asks: for logins. The default. */
interface LazyOptions {
  readonly mode?: 'annotate';
  readonly eager?: false;
  readonly skip?: never;
  readonly denyOn?: never;
  readonly onError?: never;
  readonly handler?: never;
}

/** Of a guard that checks before the handler. */
interface EarlyOptions<Context> {
  /** Returns true for a request that must not be checked. An incoming header is still removed. */
  readonly skip?: (context: Context) => Awaitable<boolean>;
}

/**
 * Checks before the handler, and sets the header: for an upstream that reads it. Every request
 * then costs a check, those with a wrong password too.
 */
type EagerOptions<Context, Handler> = EarlyOptions<Context> & {
  readonly mode?: 'annotate';
  readonly eager: true;
  readonly denyOn?: never;
} & (
    | { readonly onError?: 'allow'; readonly handler?: never }
    | { readonly onError: OnError<Context>; readonly handler?: Handler }
  );

/** Denies leaked credentials: for sign-up and password change. */
interface DenyOptions<Context, Handler> extends EarlyOptions<Context> {
  readonly mode: 'deny';
  readonly eager?: true;
  /**
   * The findings that deny, however often they were seen. Default: those whose action in the
   * checker's policy is not `allow`, which are `pair`, `similar` and `password` unless the policy
   * is changed.
   */
  readonly denyOn?: readonly SignalName[];
  /** Default: the action of the checker's policy, or `allow` if `denyOn` is given. */
  readonly onError?: OnError<Context>;
  /**
   * Answers a denied request. Default: a problem (RFC 9457) with status 422, 400 if the request
   * cannot be read in one way, or 503 if the service failed.
   */
  readonly handler?: Handler;
}

/** @typeParam Handler the framework's function that answers a request */
export type GuardOptions<Context, Handler> = SharedOptions<Context> &
  (LazyOptions | EagerOptions<Context, Handler> | DenyOptions<Context, Handler>);

/** Of a guard that always checks before what is behind it. */
export type EarlyGuardOptions<Context, Handler> = SharedOptions<Context> &
  ((Omit<EagerOptions<Context, Handler>, 'eager'> & { readonly eager?: true }) | DenyOptions<Context, Handler>);

export interface GuardSettings<Context, Handler> {
  readonly fields: ParsedFields | ((context: Context) => Awaitable<Credential | undefined>);
  readonly isEager: boolean;
  /** Whether the mode is `deny`. */
  readonly isDenying: boolean;
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

const OPTIONS = ['fields', 'mode', 'eager', 'skip', 'denyOn', 'onError', 'handler', 'onResult', 'header'];

/** A misspelled option must not go unnoticed. @throws LookupError `OPTION_MALFORMED` */
export function assertNames(options: object, known: readonly string[], within = ''): void {
  const unknown = unknownName(options, known, 'options');
  if (unknown) throw malformed(within + quotable(unknown), 'unknown', unknown.hint);
}

/**
 * @param more names of options that the adapter itself reads
 * @throws LookupError `OPTION_MALFORMED`
 */
export function parseGuardOptions<Context, Handler>(
  options: GuardOptions<Context, Handler>,
  more: readonly string[],
): GuardSettings<Context, Handler> {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw malformed('options', 'not an object', 'Pass an object, or omit it to use the defaults.');
  assertNames(options, [...OPTIONS, ...more]);
  const { mode = 'annotate', header = DEFAULT_HEADER, eager = mode === 'deny' } = options;
  if (mode !== 'annotate' && mode !== 'deny')
    throw malformed('mode', 'neither annotate nor deny', 'Omit it to annotate.');
  const isDenying = mode === 'deny';
  if (typeof eager !== 'boolean' || (isDenying && !eager))
    throw malformed('eager', 'not a boolean, or false with mode deny', 'Omit it to use the default.');
  assertEffective(options, isDenying, eager);
  const denyOn = isDenying ? options.denyOn : [];
  const onError = options.onError ?? (denyOn && 'allow');
  if (denyOn !== undefined && !(Array.isArray(denyOn) && denyOn.every((name) => SIGNAL_NAMES.includes(name))))
    throw malformed('denyOn', 'not a list of findings', 'List any of pair, similar, password and username.');
  if (isDenying && denyOn?.length === 0)
    throw malformed('denyOn', 'empty, so that nothing is denied', 'List findings, or use eager: true to deny none.');
  if (onError !== undefined && onError !== 'allow' && onError !== 'deny' && typeof onError !== 'function')
    throw malformed('onError', 'neither allow, deny nor a function', 'Omit it to use the default.');
  if (typeof header !== 'string' || !TOKEN.test(header))
    throw malformed('header', 'not an HTTP field name', 'Omit it to use the default.');
  for (const name of ['skip', 'onResult', 'handler'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw malformed(name, 'not a function', 'Omit it, or pass a function.');
  return {
    fields: typeof options.fields === 'function' ? options.fields : parseFieldNames(options.fields ?? {}),
    isEager: eager,
    isDenying,
    skip: options.skip,
    onResult: options.onResult,
    onError,
    denyOn,
    handler: options.handler,
    header: createHeaderName(header),
  };
}

/** An option without effect is a mistake: its author expects one. */
function assertEffective(options: object, isDenying: boolean, isEager: boolean): void {
  const given = options as { readonly [name: string]: unknown };
  if (!isDenying && given.denyOn !== undefined)
    throw malformed('denyOn', 'has no effect without mode deny', "Add mode: 'deny', or omit it.");
  for (const name of ['skip', 'onError', 'handler'])
    if (!isEager && given[name] !== undefined)
      throw malformed(
        name,
        'has no effect if the handler asks',
        "Omit it: the checker's option policy decides. Or add eager: true or mode: 'deny'.",
      );
}

function parseFieldNames(given: FieldNames): ParsedFields {
  const hint = "Pass { username: ['user', 'email'], password: 'pass' } or a function; a string is one literal name.";
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw malformed('fields', 'not field names', hint);
  assertNames(given, ['username', 'usernames', 'password'], 'fields.');
  const { username, usernames, password = 'password' } = given;
  if (username !== undefined && usernames !== undefined)
    throw malformed('fields', 'both username and usernames', 'Pass all of them in usernames.');
  const all: unknown = usernames ?? (username === undefined ? ['username', 'email'] : [username]);
  if (!Array.isArray(all) || all.length === 0) throw malformed('fields', 'usernames is not a list of names', hint);
  const parsePath = (path: unknown): readonly string[] => {
    const names: unknown[] = Array.isArray(path) ? path : [path];
    if (names.length === 0 || !names.every((name) => typeof name === 'string' && name !== ''))
      throw malformed('fields', 'not field names', hint);
    return names as string[];
  };
  return { usernames: all.map(parsePath), password: parsePath(password) };
}

/** @throws LookupError `OPTION_MALFORMED` */
export function parseProperty(property: unknown): string {
  if (typeof property !== 'string' || property === '')
    throw malformed('property', 'not a property name', 'Omit it to use the default.');
  return property;
}
