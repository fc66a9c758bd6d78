// @credveil/client/fetch: the guard around a handler that takes a Request and gives a Response.

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
  /** Where a handler finds the verdict on its request. Default `leaks`. */
  readonly property?: Property;
  /** How much of a body is read at most; a longer one is `unknown`. Default 65,536. */
  readonly maxBodyBytes?: number;
};

/** The verdict is missing where there was nothing to check. */
export type Checked<Property extends string = 'leaks'> = { readonly [name in Property]: Verdict | undefined };

/**
 * Makes a guard that goes around handlers: `const checked = leakCheck(leaks)`, then `checked(handler)`. A handler gets a
 * request of its own, of which it can read the body.
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
