// Requests to a provider: no redirect is followed, and neither time nor memory is its to take.

import { Agent, type Dispatcher, request } from 'undici';
import { LOOPBACK } from '../identity-schema.ts';
import { SignInError } from './provider.ts';

/** Documents, tokens and key sets are smaller. */
const MAX_BYTES = 2 ** 20;
export const TIMEOUT_MS = 10_000;
/** Of one provider at a time. */
const CONNECTIONS = 32;

export interface FetchOptions {
  readonly method?: string | undefined;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly signal?: AbortSignal | null | undefined;
}

export type BoundedFetch = (url: string, options?: FetchOptions) => Promise<Response>;

export interface BoundedFetchOptions {
  /** PEM; default: the CAs of the platform. */
  readonly ca: string | undefined;
  /** The provider itself is on this machine, without TLS. */
  readonly isLocal: boolean;
}

/** What a provider names goes under TLS, or stays on this machine if the provider is there. */
export function isSafeAddress(url: string, isLocal: boolean): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (isLocal && protocol === 'http:' && LOOPBACK.has(hostname));
}

/** Its requests throw SignInError. */
export function createFetch({ ca, isLocal }: BoundedFetchOptions): BoundedFetch {
  const agent = new Agent({
    connections: CONNECTIONS,
    pipelining: 1,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    connect: { timeout: TIMEOUT_MS, ...(ca !== undefined && { ca }) },
  });
  return async (url, options) => {
    // Keys that anybody on the way can replace prove nothing.
    if (!isSafeAddress(url, isLocal)) throw new SignInError('invalid', 'an address without TLS');
    try {
      return await fetch(agent, url, options);
    } catch (error) {
      if (error instanceof SignInError) throw error;
      const { code } = error as { readonly code?: unknown };
      // Nobody is there, or nobody who could prove it.
      throw new SignInError('away', typeof code === 'string' ? code : 'timeout', { cause: error });
    }
  };
}

async function fetch(agent: Agent, url: string, options: FetchOptions = {}): Promise<Response> {
  // A signal of the platform's own would end each request once more, seconds after it.
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), TIMEOUT_MS);
  try {
    return await fetchUntil(agent, url, options, timeout.signal);
  } finally {
    clearTimeout(timer);
  }
}

async function fetchUntil(agent: Agent, url: string, options: FetchOptions, timeout: AbortSignal): Promise<Response> {
  const { method = 'GET', headers, body, signal } = options;
  const answer = await request(url, {
    dispatcher: agent,
    method: method as Dispatcher.HttpMethod,
    headers: Object.fromEntries(new Headers(headers as Record<string, string>)),
    body: body === undefined || body === null ? null : String(body),
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  });
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer.body) {
    length += (piece as Buffer).length;
    if (length > MAX_BYTES) throw new SignInError('invalid', 'answer too long');
    pieces.push(piece as Buffer);
  }
  const isEmpty = answer.statusCode === 204 || answer.statusCode === 304;
  return new Response(isEmpty ? null : Buffer.concat(pieces), {
    status: answer.statusCode,
    headers: Object.entries(answer.headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [value].flat().map((each) => [name, each]),
    ),
  });
}
