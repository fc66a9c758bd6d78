// @credveil/client/better-auth: a plugin that checks verified sign-ins and new passwords.

import type { BetterAuthPlugin, GenericEndpointContext } from 'better-auth';
import { APIError, createAuthMiddleware, getSessionFromCtx, isAPIError } from 'better-auth/api';
import { deleteSessionCookie } from 'better-auth/cookies';
import { isTooLong } from '../../protocol/normalize.ts';
import type { LeakChecker } from '../checker.ts';
import type { SignalName, Verdict } from '../verdict/verdict.ts';
import { withoutHeader } from './fetch-request.ts';
import { type Reading, readFields } from './fields.ts';
import { createGuard, type Found, type Judgement } from './guard.ts';
import { replaceHeader } from './header-name.ts';
import { assertNames, malformed, type OnError } from './options.ts';
import { REFUSALS } from './refusals.ts';

type Context = GenericEndpointContext;
type Awaitable<T> = T | Promise<T>;
type Mode = 'annotate' | 'deny';

/**
 * The session that a sign-in has just created. Missing while a second factor is pending.
 * @example
 * ```ts
 * import { leakCheck, type NewSession } from '@credveil/client/better-auth';
 *
 * const userOf = (session: NewSession): string | undefined => session?.user.id;
 * const onSignIn = (_verdict: unknown, session: NewSession) => userOf(session);
 * const plugin = leakCheck({ checker: leaks, onSignIn });
 * ```
 */
export type NewSession = Context['context']['newSession'];

/**
 * Options of the plugin.
 * @example
 * ```ts
 * import { leakCheck, type LeakCheckOptions } from '@credveil/client/better-auth';
 *
 * const options: LeakCheckOptions = { checker: leaks, signIn: 'deny', denyOn: ['pair'] };
 * const plugin = leakCheck(options);
 * ```
 */
export interface LeakCheckOptions {
  readonly checker: LeakChecker;
  /**
   * For a sign-in whose password was verified: `annotate` calls `onSignIn`; `deny` also ends the
   * session and answers 403. Default `annotate`.
   */
  readonly signIn?: Mode;
  /** For sign-up, password change and password reset. Default `deny`, which answers 422. */
  readonly newPassword?: Mode;
  /**
   * Receives the verdict on a sign-in whose password was verified, before the response is sent.
   * This is the place for a step-up. If it throws, for example an APIError, the plugin ends the
   * session and the sign-in fails with that error.
   */
  readonly onSignIn?: (verdict: Verdict, session: NewSession, ctx: Context) => unknown;
  /** The findings that deny. Default: those whose action in the checker's policy is not `allow`. */
  readonly denyOn?: readonly SignalName[];
  /**
   * What to do with a request whose check failed. Default: the action of the checker's policy, or
   * `allow` if `denyOn` is given.
   */
  readonly onError?: OnError<Context>;
  /** Returns true for a request that must not be checked. */
  readonly skip?: (ctx: Context) => Awaitable<boolean>;
  /** Receives each verdict, for logs and metrics. It is not awaited, and its errors are ignored. */
  readonly onResult?: (verdict: Verdict, ctx: Context) => unknown;
  /** Name of the header with the verdict. Default `Exposed-Credential-Check`. */
  readonly header?: string;
}

type ErrorCodes = {
  readonly [code in 'PASSWORD_LEAKED' | 'CREDENTIAL_UNREADABLE' | 'CHECK_UNAVAILABLE']: { code: code; message: string };
};

const ERROR_CODES: ErrorCodes = {
  PASSWORD_LEAKED: { code: 'PASSWORD_LEAKED', message: REFUSALS.PASSWORD_LEAKED.detail },
  CREDENTIAL_UNREADABLE: { code: 'CREDENTIAL_UNREADABLE', message: REFUSALS.CREDENTIAL_UNREADABLE.detail },
  CHECK_UNAVAILABLE: { code: 'CHECK_UNAVAILABLE', message: REFUSALS.CHECK_UNAVAILABLE.detail },
};

const MUST_RESET = 'This password has appeared in a data breach, so attackers will try it. Reset it to sign in.';

/**
 * Creates a better-auth plugin that checks verified sign-ins and new passwords.
 * @throws LookupError `OPTION_MALFORMED`
 * @example
 * ```ts
 * import { leakCheck } from '@credveil/client/better-auth';
 * import { betterAuth } from 'better-auth';
 *
 * export const auth = betterAuth({
 *   emailAndPassword: { enabled: true },
 *   plugins: [leakCheck({ checker: leaks })],
 * });
 * ```
 */
export function leakCheck(options: LeakCheckOptions): BetterAuthPlugin & { id: 'credveil'; $ERROR_CODES: ErrorCodes } {
  assertNames(options, OPTIONS);
  const { checker, signIn = 'annotate', newPassword = 'deny', onSignIn, denyOn, ...shared } = options;
  const guardOf = (mode: Mode) => {
    if (mode === 'deny') return createGuard<Context, never>(checker, { ...shared, mode, ...(denyOn && { denyOn }) });
    return createGuard<Context, never>(checker, { ...shared, mode, onError: shared.onError ?? 'allow', eager: true });
  };
  if (denyOn !== undefined && signIn !== 'deny' && newPassword !== 'deny')
    throw malformed('denyOn', 'has no effect without mode deny', "Set signIn or newPassword to 'deny', or omit it.");
  const signIns = guardOf(signIn);
  const newPasswords = guardOf(newPassword);
  const { header } = signIns;

  const beforeNewPassword = createAuthMiddleware(async (ctx) => {
    const place = newPasswordIn(ctx);
    const usernames = place && (await usernamesOf(ctx, place));
    if (!usernames) return;
    const find = () =>
      newPasswords.find(
        () => readBody(ctx.body, place, usernames),
        () => ctx,
      );
    assertServed(await newPasswords.judge(ctx, find), 'UNPROCESSABLE_ENTITY');
  });

  const afterSignIn = createAuthMiddleware(async (ctx) => {
    const place = SIGN_INS.get(ctx.path);
    // A wrong password: a response that depended on the verdict would reveal which guesses leaked.
    if (!place || isAPIError(ctx.context.returned)) return;
    const find = (): Promise<Found> =>
      signIns.find(
        () => readBody(ctx.body, place, namesOf(ctx.context.newSession?.user)),
        () => ctx,
      );
    const judgement = await signIns.judge(ctx, find);
    const { verdict } = judgement;
    if (!verdict) return;
    if (ctx.headers) replaceHeader(ctx.headers, header, verdict.exposedCredentialCheck);
    try {
      await onSignIn?.(verdict, ctx.context.newSession, ctx);
      assertServed(judgement, 'FORBIDDEN', MUST_RESET);
    } catch (error) {
      await endSession(ctx);
      throw error;
    }
  });

  return {
    id: 'credveil',
    onRequest: async (request) => ({ request: withoutHeader(request, header) }),
    hooks: {
      before: [{ matcher: (ctx) => newPasswordIn(ctx) !== undefined, handler: beforeNewPassword }],
      after: [{ matcher: ({ path = '' }) => SIGN_INS.has(path), handler: afterSignIn }],
    },
    $ERROR_CODES: ERROR_CODES,
  };
}

const OPTIONS = ['checker', 'signIn', 'newPassword', 'onSignIn', 'denyOn', 'onError', 'skip', 'onResult', 'header'];

/** @throws APIError if the guard refuses the request */
function assertServed({ refusal }: Judgement, ifLeaked: 'FORBIDDEN' | 'UNPROCESSABLE_ENTITY', text?: string): void {
  if (!refusal) return;
  const { code, detail } = refusal;
  if (code === 'CHECK_UNAVAILABLE' || code === 'CREDENTIAL_UNREADABLE')
    throw APIError.from(code === 'CHECK_UNAVAILABLE' ? 'SERVICE_UNAVAILABLE' : 'BAD_REQUEST', ERROR_CODES[code]);
  throw APIError.from(ifLeaked, { code, message: text ?? detail });
}

/**
 * The credential in a body, with further names of the account. better-auth hashes a password in
 * NFKC: one typed in other characters is the same to it, so both are read.
 */
function readBody(body: unknown, { username, password }: CredentialPlace, names: readonly string[]): Reading {
  const reading = readFields(body, { usernames: username ? [[username]] : [], password: [password] });
  return {
    ...reading,
    usernames: [...new Set([...reading.usernames, ...names])],
    passwords: [
      ...new Set(reading.passwords.flatMap((text) => [text, ...(isTooLong(text) ? [] : [text.normalize('NFKC')])])),
    ],
  };
}

/** The names that a user can sign in with, of better-auth and its plugins. */
function namesOf(user: object | undefined): readonly string[] {
  const { email, username, phoneNumber } = (user ?? {}) as { readonly [name: string]: unknown };
  return [email, username, phoneNumber].flatMap((name) => (typeof name === 'string' && name !== '' ? [name] : []));
}

/**
 * The names in the body and of the session's user. Undefined if the endpoint needs a session and
 * the request has none: the endpoint refuses it.
 */
async function usernamesOf(ctx: Context, { session }: CredentialPlace): Promise<readonly string[] | undefined> {
  const { body } = ctx as { body?: { data?: object } };
  const names = [...namesOf(body), ...namesOf(body?.data)];
  if (!session) return names;
  const found = await getSessionFromCtx(ctx).catch(() => null);
  if (!found && session === 'needed') return undefined;
  return [...names, ...namesOf(found?.user)];
}

/** Like Better Auth's two-factor plugin: deletes the cookie and the stored session. */
async function endSession(ctx: Context): Promise<void> {
  const { newSession, internalAdapter } = ctx.context;
  deleteSessionCookie(ctx, true);
  if (newSession) await internalAdapter.deleteSession(newSession.session.token);
  ctx.context.setNewSession(null);
}

interface CredentialPlace {
  /** The field with the username that the endpoint reads. */
  readonly username?: string;
  readonly password: string;
  /** Whether names come from the session too, and whether the endpoint refuses without one. */
  readonly session?: 'needed' | 'optional';
}

/** A Map, so that no path matches a property that objects inherit. */
type Places = ReadonlyMap<string, CredentialPlace>;

const SIGN_INS: Places = new Map([
  ['/sign-in/email', { username: 'email', password: 'password' }],
  ['/sign-in/username', { username: 'username', password: 'password' }],
  ['/sign-in/phone-number', { username: 'phoneNumber', password: 'password' }],
]);

const NEW_PASSWORDS: Places = new Map([
  ['/sign-up/email', { username: 'email', password: 'password' }],
  ['/change-password', { password: 'newPassword', session: 'needed' }],
  ['/reset-password', { password: 'newPassword' }],
  ['/email-otp/reset-password', { username: 'email', password: 'password' }],
  ['/phone-number/reset-password', { username: 'phoneNumber', password: 'newPassword' }],
  ['/admin/create-user', { username: 'email', password: 'password' }],
  ['/admin/set-user-password', { password: 'newPassword' }],
]);

/**
 * Where an endpoint gets a new password; endpoints without a path and of other plugins included.
 */
function newPasswordIn({ path = '', body }: { path?: string; body?: unknown }): CredentialPlace | undefined {
  const isNamed = typeof body === 'object' && body !== null && Object.hasOwn(body, 'newPassword');
  return NEW_PASSWORDS.get(path) ?? (isNamed ? { password: 'newPassword', session: 'optional' } : undefined);
}
