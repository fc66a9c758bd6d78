// @credveil/client/next: wraps Next.js route handlers, and serves as proxy.ts. Imports no Next.

import type { LeakChecker } from '../checker.ts';
import { DEFAULT_MAX_BODY_BYTES } from './fetch-body.ts';
import {
  type Checked,
  type DenyHandler,
  findInFetch,
  guardHandler,
  HANDLER_OPTIONS,
  type HandlerOptions,
  parseMaxBodyBytes,
  refusalResponse,
  withoutHeader,
} from './fetch-request.ts';
import { createGuard } from './guard.ts';
import { type HeaderName, replaceHeader } from './header-name.ts';
import { type EarlyGuardOptions, type GuardOptions, malformed } from './options.ts';

export type { Checked, DenyHandler } from './fetch-request.ts';
export type { AskLeaks } from './guard.ts';

/**
 * Options of a route handler's wrapper.
 * @example
 * ```ts
 * import { leakCheck, type LeakCheckOptions } from '@credveil/client/next';
 *
 * const options: LeakCheckOptions = { mode: 'deny' };
 * export const POST = leakCheck(leaks, options)(() => new Response(null, { status: 201 }));
 * ```
 */
export type LeakCheckOptions<Property extends string = 'leaks'> = GuardOptions<Request, DenyHandler> &
  HandlerOptions<Property>;

type Awaitable<T> = T | Promise<T>;

/**
 * Creates a wrapper for route handlers.
 * @throws LookupError `OPTION_MALFORMED`
 * @example
 * ```ts
 * import { leakCheck } from '@credveil/client/next';
 *
 * export const POST = leakCheck(leaks)(async (request) => {
 *   // Compare the password first.
 *   const { action } = await request.leaks();
 *   return new Response(null, { status: action === 'allow' ? 200 : 202 });
 * });
 * ```
 */
export function leakCheck<const Property extends string = 'leaks'>(
  checker: LeakChecker,
  options: LeakCheckOptions<Property> = {},
): <Incoming extends Request, Rest extends unknown[]>(
  handler: (request: Incoming & Checked<Property>, ...rest: Rest) => Awaitable<Response>,
) => (request: Incoming, ...rest: Rest) => Promise<Response> {
  return guardHandler(createGuard(checker, options, HANDLER_OPTIONS), options, clearHeader);
}

/**
 * Options of `leakProxy`.
 * @example
 * ```ts
 * import { leakProxy, type LeakProxyOptions } from '@credveil/client/next';
 * import { NextResponse } from 'next/server';
 *
 * const options: LeakProxyOptions = { next: NextResponse.next, maxBodyBytes: 4_096 };
 * export const proxy = leakProxy(leaks, options);
 * ```
 */
export type LeakProxyOptions = EarlyGuardOptions<Request, DenyHandler> &
  Pick<HandlerOptions<string>, 'maxBodyBytes'> & {
    /** `NextResponse.next`, or a function that calls it. */
    readonly next: (init: { request: { headers: Headers } }) => Response;
  };

const PROXY_OPTIONS = ['next', 'maxBodyBytes'];

/**
 * Creates the function for `proxy.ts`: handlers behind it, server actions included, get the header.
 * Every request costs a check, those with a wrong password too.
 * @throws LookupError `OPTION_MALFORMED`
 * @example
 * ```ts
 * import { leakProxy } from '@credveil/client/next';
 * import { NextResponse } from 'next/server';
 *
 * export const proxy = leakProxy(leaks, { next: NextResponse.next });
 * ```
 */
export function leakProxy(checker: LeakChecker, options: LeakProxyOptions): (request: Request) => Promise<Response> {
  if (typeof options?.next !== 'function') throw malformed('next', 'not a function', 'Pass NextResponse.next.');
  const guard = createGuard(checker, { ...options, eager: true } as GuardOptions<Request, DenyHandler>, PROXY_OPTIONS);
  const maxBodyBytes = parseMaxBodyBytes(options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES);

  return async (request) => {
    const headers = new Headers(request.headers);
    const find = () => findInFetch(guard, request, maxBodyBytes, (made) => made);
    const { verdict, refusal } = await guard.judge(request, find);
    if (refusal) return guard.handler ? guard.handler(verdict, request) : refusalResponse(refusal);
    replaceHeader(headers, guard.header, verdict?.exposedCredentialCheck);
    return options.next({ request: { headers } });
  };
}

/**
 * Removes the header in place if possible: the request stays a NextRequest, and `headers()` of
 * next/headers agrees.
 */
function clearHeader(request: Request, header: HeaderName): Request {
  try {
    replaceHeader(request.headers, header);
    return request;
  } catch {
    return withoutHeader(request, header);
  }
}
