// @credveil/client/fetch: the guard around a handler that takes a Request and returns a Response.

import type { LeakChecker } from '../checker.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { DEFAULT_MAX_BODY_BYTES } from './fetch-body.ts';
import { judgeFetch, parseMaxBodyBytes, refusalResponse, withoutHeader } from './fetch-request.ts';
import { createGuard } from './guard.ts';
import { replaceHeader } from './header-name.ts';
import { type GuardOptions, parseProperty } from './options.ts';

type Awaitable<T> = T | Promise<T>;
export type DenyHandler = (verdict: Verdict, request: Request) => Awaitable<Response>;

export type LeakCheckOptions<Property extends string = 'leaks'> = GuardOptions<Request, DenyHandler> & {
  /** The property of the request that holds the verdict. Default `leaks`. */
  readonly property?: Property;
  /** Maximum bytes of a body to read; a longer body makes the verdict `unknown`. Default 65,536. */
  readonly maxBodyBytes?: number;
};

/** The verdict is undefined if there was nothing to check. */
export type Checked<Property extends string = 'leaks'> = { readonly [name in Property]: Verdict | undefined };

/**
 * Creates a wrapper for handlers: `const checked = leakCheck(leaks)`, then `checked(handler)`. The
 * handler gets a separate Request, whose body is unread.
 * @throws LookupError `OPTION_MALFORMED`
 */
export function leakCheck<const Property extends string = 'leaks'>(
  checker: LeakChecker,
  options: LeakCheckOptions<Property> = {},
) {
  const guard = createGuard(checker, options);
  const property = parseProperty(options.property ?? 'leaks');
  const maxBodyBytes = parseMaxBodyBytes(options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES);

  return <Rest extends unknown[]>(
    handler: (request: Request & Checked<Property>, ...rest: Rest) => Awaitable<Response>,
  ): ((request: Request, ...rest: Rest) => Promise<Response>) =>
    async (incoming, ...rest) => {
      const request = withoutHeader(incoming, guard.header);
      const { verdict, refusal } = await judgeFetch(guard, request, maxBodyBytes, (made) => made);
      if (refusal) return guard.handler ? guard.handler(verdict, request) : refusalResponse(refusal);
      replaceHeader(request.headers, guard.header, verdict?.exposedCredentialCheck);
      Object.defineProperty(request, property, { value: verdict, enumerable: true, configurable: true });
      return handler(request as Request & Checked<Property>, ...rest);
    };
}
