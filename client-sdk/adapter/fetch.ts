// @credveil/client/fetch: the guard around a handler that takes a Request and returns a Response.

import type { LeakChecker } from '../checker.ts';
import {
  type Checked,
  type DenyHandler,
  guardHandler,
  HANDLER_OPTIONS,
  type HandlerOptions,
  withoutHeader,
} from './fetch-request.ts';
import { createGuard } from './guard.ts';
import type { GuardOptions } from './options.ts';

export type { Checked, DenyHandler } from './fetch-request.ts';
export type { AskLeaks } from './guard.ts';

/**
 * Options of the wrapper.
 * @example
 * ```ts
 * import { leakCheck, type LeakCheckOptions } from '@credveil/client/fetch';
 *
 * const options: LeakCheckOptions<'exposure'> = { property: 'exposure', maxBodyBytes: 4_096 };
 * const checked = leakCheck(leaks, options);
 * ```
 */
export type LeakCheckOptions<Property extends string = 'leaks'> = GuardOptions<Request, DenyHandler> &
  HandlerOptions<Property>;

type Awaitable<T> = T | Promise<T>;

/**
 * Creates a wrapper for handlers: `const checked = leakCheck(leaks)`, then `checked(handler)`. The
 * handler gets a separate Request, whose body is unread, with `request.leaks()`.
 * @throws LookupError `OPTION_MALFORMED`
 * @example
 * ```ts
 * import { leakCheck } from '@credveil/client/fetch';
 *
 * const login = leakCheck(leaks)(async (request) => {
 *   // Compare the password first.
 *   const { action } = await request.leaks();
 *   return new Response(null, { status: action === 'allow' ? 200 : 202 });
 * });
 * ```
 */
export function leakCheck<const Property extends string = 'leaks'>(
  checker: LeakChecker,
  options: LeakCheckOptions<Property> = {},
): <Rest extends unknown[]>(
  handler: (request: Request & Checked<Property>, ...rest: Rest) => Awaitable<Response>,
) => (request: Request, ...rest: Rest) => Promise<Response> {
  return guardHandler(createGuard(checker, options, HANDLER_OPTIONS), options, withoutHeader);
}
