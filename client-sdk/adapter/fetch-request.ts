// Passes one fetch request through the guard: replaces the header, and keeps the body whole for the
// handler.

import type { Verdict } from '../verdict/verdict.ts';
import {
  boundedCopy,
  DEFAULT_MAX_BODY_BYTES,
  discard,
  isDecodable,
  type ParsedBody,
  parseBody,
  streamed,
} from './fetch-body.ts';
import { mergeReadings, NOTHING, type ParsedFields, type Reading, readFields, readForm, unreadable } from './fields.ts';
import type { AskLeaks, Found, Guard } from './guard.ts';
import { type HeaderName, replaceHeader } from './header-name.ts';
import { malformed, parseProperty } from './options.ts';
import { PROBLEM_TYPE, type Refusal } from './refusals.ts';

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

/**
 * Finds the credential of `request` by copies of its body, which stays whole. Call it before the
 * handler: afterwards the body is used up.
 */
export async function findInFetch<Context, Handler>(
  guard: Guard<Context, Handler>,
  request: Request,
  maxBodyBytes: number,
  contextOf: (request: Request) => Context,
): Promise<Found> {
  const copies: Request[] = [];
  const copy = (): Request => {
    const made = boundedCopy(request, maxBodyBytes);
    copies.push(made);
    return made;
  };
  const found = await guard.find(
    async (fields) => readBody(await parseBody(copy()), request.url, fields),
    () => contextOf(copy()),
  );
  copies.forEach(discard);
  return found;
}

/** What a handler may read in a parsed body, and in the query beside it. */
export function readBody({ objects, forms, ...body }: ParsedBody, url: string, fields: ParsedFields): Reading {
  const readings = [
    ...objects.map((source) => readFields(source, fields)),
    ...forms.map((form) => readForm(form, fields)),
  ];
  const different = new Set(readings.filter(isPresent).map((reading) => JSON.stringify(reading)));
  const ambiguous = different.size > 1 ? 'the body has two different readings' : undefined;
  const { search, searchParams } = new URL(url);
  const query = readForm(searchParams, fields);
  const isExact = query.usernames.length + query.passwords.length === 0 || isDecodable(search);
  return mergeReadings([
    ...readings,
    { ...NOTHING, ...body, unreadable: body.unreadable ?? ambiguous },
    isExact ? query : { ...query, doubt: 'the query is malformed' },
  ]);
}

function isPresent({ passwords, unreadable: why }: Reading): boolean {
  return passwords.length > 0 || why !== undefined;
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
  /** The property of the request that asks for the verdict. Default `leaks`. */
  readonly property?: Property;
  /**
   * Maximum bytes of a body to read; the credential of a longer one is unreadable. Default 65,536.
   */
  readonly maxBodyBytes?: number;
}

export const HANDLER_OPTIONS = ['property', 'maxBodyBytes'];

/**
 * The property that a handler's request has.
 * @example
 * ```ts
 * import { type Checked, leakCheck } from '@credveil/client/fetch';
 *
 * // Once the password has been verified:
 * const statusFor = async (request: Checked): Promise<number> =>
 *   (await request.leaks()).action === 'allow' ? 200 : 202;
 * const login = leakCheck(leaks)(
 *   async (request) => new Response(null, { status: await statusFor(request) }),
 * );
 * ```
 */
export type Checked<Property extends string = 'leaks'> = { readonly [name in Property]: AskLeaks };

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
      const find = once(() => findInFetch(guard, request, maxBodyBytes, (made) => made));
      const { verdict, refusal } = guard.isEager ? await guard.judge(request, find) : {};
      if (verdict && refusal) return guard.handler ? guard.handler(verdict, request) : refusalResponse(refusal);
      replaceHeader(request.headers, guard.header, verdict?.exposedCredentialCheck);
      // The handler uses up the body.
      if (!guard.isEager) await find();
      const value = guard.createAsk(request, find, verdict);
      Object.defineProperty(request, property, { value, enumerable: true, configurable: true });
      return handler(request as Handled & Checked<Property>, ...rest);
    };
}

/** Calls `make` at the first call only. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
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
