// @credveil/client/better-auth: a plugin that checks verified sign-ins and new passwords.

import type { BetterAuthPlugin, GenericEndpointContext } from 'better-auth';
import { APIError, createAuthMiddleware, getSessionFromCtx, isAPIError } from 'better-auth/api';
import { deleteSessionCookie } from 'better-auth/cookies';
import type { LeakChecker } from '../checker.ts';
import type { Credential } from '../verdict/inquiry.ts';
import type { SignalName, Verdict } from '../verdict/verdict.ts';
import { withoutHeader } from './fetch-request.ts';
import { credentialsIn } from './fields.ts';
import { createGuard, REFUSALS } from './guard.ts';
import { replaceHeader } from './header-name.ts';
import type { OnError } from './options.ts';

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

type ErrorCodes = { readonly [code in 'PASSWORD_LEAKED' | 'CHECK_UNAVAILABLE']: { code: code; message: string } };

const ERROR_CODES: ErrorCodes = {
  PASSWORD_LEAKED: { code: 'PASSWORD_LEAKED', message: REFUSALS.PASSWORD_LEAKED.detail },
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
  const { checker, signIn = 'annotate', newPassword = 'deny', onSignIn, denyOn, ...shared } = options;
  const guardOf = (mode: Mode) =>
    createGuard<Context, never>(checker, {
      ...shared,
      mode: 'deny',
      ...(mode === 'annotate' ? { denyOn: [] } : denyOn && { denyOn }),
    });
  const signIns = guardOf(signIn);
  const newPasswords = guardOf(newPassword);
  const { header } = signIns;

  const beforeNewPassword = createAuthMiddleware(async (ctx) => {
    const place = NEW_PASSWORDS.get(ctx.path);
    const credentials = place && (await credentialsOf(ctx, place));
    if (!credentials) return;
    const { refusal } = await newPasswords.judge(ctx, credentials);
    if (refusal?.code === 'CHECK_UNAVAILABLE')
      throw APIError.from('SERVICE_UNAVAILABLE', ERROR_CODES.CHECK_UNAVAILABLE);
    if (refusal) throw APIError.from('UNPROCESSABLE_ENTITY', { code: refusal.code, message: refusal.detail });
  });

  const afterSignIn = createAuthMiddleware(async (ctx) => {
    const place = SIGN_INS.get(ctx.path);
    // A wrong password: a response that depended on the verdict would reveal which guesses leaked.
    if (!place || isAPIError(ctx.context.returned)) return;
    const { verdict, refusal } = await signIns.judge(ctx, () => readFields(ctx.body, place));
    if (!verdict) return;
    if (ctx.headers) replaceHeader(ctx.headers, header, verdict.exposedCredentialCheck);
    try {
      await onSignIn?.(verdict, ctx.context.newSession, ctx);
      if (refusal?.code === 'CHECK_UNAVAILABLE')
        throw APIError.from('SERVICE_UNAVAILABLE', ERROR_CODES.CHECK_UNAVAILABLE);
      if (refusal) throw APIError.from('FORBIDDEN', { code: refusal.code, message: MUST_RESET });
    } catch (error) {
      await endSession(ctx);
      throw error;
    }
  });

  return {
    id: 'credveil',
    onRequest: async (request) => ({ request: withoutHeader(request, header) }),
    hooks: {
      before: [{ matcher: ({ path = '' }) => NEW_PASSWORDS.has(path), handler: beforeNewPassword }],
      after: [{ matcher: ({ path = '' }) => SIGN_INS.has(path), handler: afterSignIn }],
    },
    $ERROR_CODES: ERROR_CODES,
  };
}

function readFields(body: unknown, { username, password }: CredentialPlace): readonly Credential[] {
  return credentialsIn(body, { username: username === undefined ? [] : [username], password });
}

/** Undefined if the endpoint needs a session and the request has none: the endpoint refuses it. */
async function credentialsOf(ctx: Context, place: CredentialPlace): Promise<(() => readonly Credential[]) | undefined> {
  if (place.username !== 'session') return () => readFields(ctx.body, place);
  const session = await getSessionFromCtx(ctx);
  if (!session) return undefined;
  const { email: username } = session.user;
  return () => readFields(ctx.body, { password: place.password }).map(({ password }) => ({ username, password }));
}

/** Like Better Auth's two-factor plugin: deletes the cookie and the stored session. */
async function endSession(ctx: Context): Promise<void> {
  const { newSession, internalAdapter } = ctx.context;
  deleteSessionCookie(ctx, true);
  if (newSession) await internalAdapter.deleteSession(newSession.session.token);
  ctx.context.setNewSession(null);
}

interface CredentialPlace {
  /** The field with the username; `session` if the username comes from the session. */
  readonly username?: string | undefined;
  readonly password: string;
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
  ['/change-password', { username: 'session', password: 'newPassword' }],
  ['/reset-password', { password: 'newPassword' }],
  ['/email-otp/reset-password', { username: 'email', password: 'password' }],
  ['/phone-number/reset-password', { username: 'phoneNumber', password: 'newPassword' }],
  ['/admin/create-user', { username: 'email', password: 'password' }],
  ['/admin/set-user-password', { password: 'newPassword' }],
]);
