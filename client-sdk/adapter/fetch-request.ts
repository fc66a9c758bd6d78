// Passes one fetch request through the guard: replaces the header, and keeps the body whole for the
// handler.

import type { Credential } from '../verdict/inquiry.ts';
import { boundedCopy, discard, readingsOf, streamed } from './fetch-body.ts';
import { credentialsIn, type ParsedFields, unreadable } from './fields.ts';
import { type Guard, type Judgement, PROBLEM_TYPE, type Refusal } from './guard.ts';
import { type HeaderName, replaceHeader } from './header-name.ts';
import { malformed } from './options.ts';

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
