// @credveil/client/next: wraps Next.js route handlers, and serves as proxy.ts. Imports no Next.

import type { LeakChecker } from '../checker.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { DEFAULT_MAX_BODY_BYTES } from './fetch-body.ts';
import { judgeFetch, parseMaxBodyBytes, refusalResponse, withoutHeader } from './fetch-request.ts';
import { createGuard } from './guard.ts';
import { type HeaderName, replaceHeader } from './header-name.ts';
import { type GuardOptions, malformed, parseProperty } from './options.ts';

type Awaitable<T> = T | Promise<T>;
export type DenyHandler = (verdict: Verdict, request: Request) => Awaitable<Response>;

interface BodyOptions {
  /** Maximum bytes of a body to read; a longer body makes the verdict `unknown`. Default 65,536. */
  readonly maxBodyBytes?: number;
}

export type LeakCheckOptions<Property extends string = 'leaks'> = GuardOptions<Request, DenyHandler> &
  BodyOptions & {
    /** The property of the request that holds the verdict. Default `leaks`. */
    readonly property?: Property;
  };

/** The verdict is undefined if there was nothing to check. */
export type Checked<Property extends string = 'leaks'> = { readonly [name in Property]: Verdict | undefined };

/**
 * Creates a wrapper for route handlers: `export const POST = leakCheck(leaks)(handler)`.
 * @throws LookupError `OPTION_MALFORMED`
 */
export function leakCheck<const Property extends string = 'leaks'>(
  checker: LeakChecker,
  options: LeakCheckOptions<Property> = {},
) {
  const guard = createGuard(checker, options);
  const property = parseProperty(options.property ?? 'leaks');
  const maxBodyBytes = parseMaxBodyBytes(options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES);

  return <Incoming extends Request, Rest extends unknown[]>(
    handler: (request: Incoming & Checked<Property>, ...rest: Rest) => Awaitable<Response>,
  ): ((request: Incoming, ...rest: Rest) => Promise<Response>) =>
    async (incoming, ...rest) => {
      const request = clearHeader(incoming, guard.header);
      const { verdict, refusal } = await judgeFetch(guard, request, maxBodyBytes, (made) => made);
      if (refusal) return guard.handler ? guard.handler(verdict, request) : refusalResponse(refusal);
      replaceHeader(request.headers, guard.header, verdict?.exposedCredentialCheck);
      Object.defineProperty(request, property, { value: verdict, enumerable: true, configurable: true });
      return handler(request as Incoming & Checked<Property>, ...rest);
    };
}

export type LeakProxyOptions = GuardOptions<Request, DenyHandler> &
  BodyOptions & {
    /** `NextResponse.next`, or a function that calls it. */
    readonly next: (init: { request: { headers: Headers } }) => Response;
  };

/**
 * Creates the function for `proxy.ts`: handlers behind it, server actions included, get the header.
 * @throws LookupError `OPTION_MALFORMED`
 */
export function leakProxy(checker: LeakChecker, options: LeakProxyOptions): (request: Request) => Promise<Response> {
  const guard = createGuard(checker, options);
  const maxBodyBytes = parseMaxBodyBytes(options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES);
  if (typeof options.next !== 'function') throw malformed('next', 'not a function', 'Pass NextResponse.next.');

  return async (request) => {
    const headers = new Headers(request.headers);
    const { verdict, refusal } = await judgeFetch(guard, request, maxBodyBytes, (made) => made);
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
