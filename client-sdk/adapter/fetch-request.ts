// Passes one fetch request through the guard: replaces the header, and keeps the body whole for the
// handler.

import type { Credential } from '../verdict/inquiry.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { boundedCopy, DEFAULT_MAX_BODY_BYTES, discard, readingsOf, streamed } from './fetch-body.ts';
import { credentialsIn, type ParsedFields, unreadable } from './fields.ts';
import { type Guard, type Judgement, PROBLEM_TYPE, type Refusal } from './guard.ts';
import { type HeaderName, replaceHeader } from './header-name.ts';
import { malformed, parseProperty } from './options.ts';

/**
 * The same request with the same body, without the incoming header. Unlike an incoming request, the
 * result is always mutable.
 */
export function withoutHeader(request: Request, header: HeaderName): Request {
  const headers = new Headers(request.headers);
  replaceHeader(headers, header);
  if (!request.bodyUsed) return new Request(request, { headers });
  const body = new ReadableStream({ start: (controller) => controller.error(unreadable('the body was already read')) });
  return new Request(request.url, streamed({ method: request.method, headers, body }));
}

/** Judges `request` by copies of its body, which stays whole. */
export async function judgeFetch<Context, Handler>(
  guard: Guard<Context, Handler>,
  request: Request,
  maxBodyBytes: number,
  contextOf: (request: Request) => Context,
): Promise<Judgement> {
  const copies: Request[] = [];
  const copy = (): Request => {
    const made = boundedCopy(request, maxBodyBytes);
    copies.push(made);
    return made;
  };
  const judgement = await guard.judge(
    contextOf(request),
    async (fields) => credentialsOf(await readingsOf(copy()), fields),
    () => contextOf(copy()),
  );
  copies.forEach(discard);
  return judgement;
}

/** @throws CredentialUnreadable if the readings of one body disagree */
export function credentialsOf(readings: readonly object[], fields: ParsedFields): readonly Credential[] {
  const found = readings.map((reading) => credentialsIn(reading, fields)).filter(({ length }) => length > 0);
  const [first = [], ...others] = found;
  if (others.some((other) => JSON.stringify(other) !== JSON.stringify(first)))
    throw unreadable('the body has two different readings');
  return first;
}

type Awaitable<T> = T | Promise<T>;

/**
 * The option `handler`: answers a denied request.
 * @example
 * ```ts
 * import { type DenyHandler, leakCheck } from '@credveil/client/fetch';
 *
 * const handler: DenyHandler = ({ because }) =>
 *   Response.json({ error: 'choose another password', because }, { status: 409 });
 * const signUp = leakCheck(leaks, { mode: 'deny', handler })(() => new Response());
 * ```
 */
export type DenyHandler = (verdict: Verdict, request: Request) => Awaitable<Response>;

export interface HandlerOptions<Property extends string> {
  /** The property of the request that holds the verdict. Default `leaks`. */
  readonly property?: Property;
  /** Maximum bytes of a body to read; a longer body makes the verdict `unknown`. Default 65,536. */
  readonly maxBodyBytes?: number;
}

/**
 * The property that a handler's request has. The verdict is undefined if there was nothing to
 * check.
 * @example
 * ```ts
 * import { type Checked, leakCheck } from '@credveil/client/fetch';
 *
 * const statusFor = ({ leaks }: Checked): number => (leaks?.status === 'pair' ? 202 : 200);
 * const login = leakCheck(leaks)((request) => new Response(null, { status: statusFor(request) }));
 * ```
 */
export type Checked<Property extends string = 'leaks'> = { readonly [name in Property]: Verdict | undefined };

/**
 * Wraps request handlers in a guard.
 * @param prepare returns the request to judge and to handle, without the incoming header
 * @throws LookupError `OPTION_MALFORMED`
 */
export function guardHandler<Incoming extends Request, Property extends string>(
  guard: Guard<Request, DenyHandler>,
  options: HandlerOptions<Property>,
  prepare: (request: Incoming, header: HeaderName) => Request,
) {
  const property = parseProperty(options.property ?? 'leaks');
  const maxBodyBytes = parseMaxBodyBytes(options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES);

  return <Handled extends Incoming, Rest extends unknown[]>(
    handler: (request: Handled & Checked<Property>, ...rest: Rest) => Awaitable<Response>,
  ): ((request: Handled, ...rest: Rest) => Promise<Response>) =>
    async (incoming, ...rest) => {
      const request = prepare(incoming, guard.header);
      const { verdict, refusal } = await judgeFetch(guard, request, maxBodyBytes, (made) => made);
      if (refusal) return guard.handler ? guard.handler(verdict, request) : refusalResponse(refusal);
      replaceHeader(request.headers, guard.header, verdict?.exposedCredentialCheck);
      Object.defineProperty(request, property, { value: verdict, enumerable: true, configurable: true });
      return handler(request as Handled & Checked<Property>, ...rest);
    };
}

export function refusalResponse(refusal: Refusal): Response {
  return new Response(JSON.stringify(refusal), {
    status: refusal.status,
    headers: { 'content-type': PROBLEM_TYPE, 'cache-control': 'no-store' },
  });
}

/** @throws LookupError `OPTION_MALFORMED` */
export function parseMaxBodyBytes(maxBodyBytes: unknown): number {
  if (typeof maxBodyBytes !== 'number' || !Number.isInteger(maxBodyBytes) || maxBodyBytes < 1)
    throw malformed('maxBodyBytes', 'not a positive integer', 'Omit it to use the default.');
  return maxBodyBytes;
}
