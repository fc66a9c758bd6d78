// POSTs to an endpoint that may be anything: it may hang, redirect, drip, or be somewhere internal.

import dns from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { type Allowed, hostOf, isInternal, isLoopbackAddress } from './addresses.ts';

/** The bounds of a request, in milliseconds and bytes. */
export interface PostLimits {
  /** Until the connection stands, its name and TLS included. */
  readonly connectMs: number;
  /** From then until the headers of the answer are read. */
  readonly headersMs: number;
  /** Until the rest of the answer is read; it is dropped. */
  readonly bodyMs: number;
  readonly bodyBytes: number;
}

export const POST_LIMITS: PostLimits = { connectMs: 5000, headersMs: 15_000, bodyMs: 2000, bodyBytes: 1 << 16 };

/** A status, or the code of why there is none. */
export type Posted =
  | { readonly status: number; readonly retryAfter: string | undefined }
  | { readonly status?: undefined; readonly failure: string };

export interface Endpoint {
  post(headers: { readonly [name: string]: string }, body: string, signal: AbortSignal): Promise<Posted>;
  close(): void;
}

export interface EndpointOptions {
  readonly url: URL;
  readonly allowed: Allowed;
  /** PEM of a CA instead of the platform's. */
  readonly ca?: string;
  readonly maxSockets: number;
  readonly limits?: PostLimits;
}

/** Redirects are not followed, and no proxy is used. */
export function createEndpoint({ url, allowed, ca, maxSockets, limits = POST_LIMITS }: EndpointOptions): Endpoint {
  const isPlain = url.protocol === 'http:';
  const host = hostOf(url);
  const isAllowed = (address: string): boolean =>
    // Without TLS, anybody on the way could read the events.
    (!isPlain || isLoopbackAddress(address)) &&
    (!isInternal(address) || allowed.hasHost(host) || allowed.hasAddress(address));
  const options = { keepAlive: true, maxSockets, lookup: createLookup(isAllowed) };
  const agent = isPlain
    ? new http.Agent(options)
    : new https.Agent({ ...options, rejectUnauthorized: true, ...(ca !== undefined && { ca }) });
  const start = isPlain ? http.request : https.request;
  const attempt = (headers: { readonly [name: string]: string }, body: string, signal: AbortSignal) =>
    exchange(
      () =>
        start(url, {
          method: 'POST',
          agent,
          signal,
          headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        }),
      body,
      limits,
    );
  return {
    post: async (headers, body, signal) => {
      // A literal address needs no lookup.
      if (isIP(host) !== 0 && !isAllowed(host)) return { failure: 'INTERNAL_ADDRESS' };
      const posted = await attempt(headers, body, signal);
      // The other end closed a connection that was idle.
      return posted === 'stale' ? again(await attempt(headers, body, signal)) : posted;
    },
    close: () => agent.destroy(),
  };
}

const again = (posted: Posted | 'stale'): Posted => (posted === 'stale' ? { failure: 'CONNECTION_LOST' } : posted);

/** Only addresses that are allowed; the socket connects to one of them. */
function createLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const usable = addresses.filter(({ address }) => isAllowed(address));
      const [first] = usable;
      if (first === undefined) return callback(Object.assign(new Error('internal address'), { code: INTERNAL }), '', 0);
      if (options.all) return callback(null, usable);
      callback(null, first.address, first.family);
    });
  };
}

const INTERNAL = 'CREDVEIL_INTERNAL_ADDRESS';

function exchange(start: () => http.ClientRequest, body: string, limits: PostLimits): Promise<Posted | 'stale'> {
  return new Promise((resolve) => {
    let request: http.ClientRequest;
    let timer: NodeJS.Timeout | undefined;
    const allow = (ms: number, end: () => void): void => {
      clearTimeout(timer);
      timer = setTimeout(end, ms);
    };
    const finish = (posted: Posted | 'stale'): void => {
      clearTimeout(timer);
      resolve(posted);
    };
    const expire = (): void => {
      finish({ failure: 'TIMEOUT' });
      request.destroy();
    };
    try {
      request = start();
    } catch {
      return finish({ failure: 'REQUEST_FAILED' });
    }
    allow(limits.connectMs, expire);
    request.on('socket', (socket) => {
      const connected = (): void => allow(limits.headersMs, expire);
      if (!socket.connecting) return connected();
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      finish(isStale ? 'stale' : { failure: nameFailure(error) });
    });
    request.on('response', (response) => {
      finish({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
      dropBody(request, response, limits);
    });
    // 101: no other protocol is spoken.
    request.on('upgrade', ({ statusCode = 101 }, socket) => {
      finish({ status: statusCode, retryAfter: undefined });
      socket.destroy();
    });
    // Whatever the reason, nothing follows.
    request.on('close', () => finish({ failure: 'CONNECTION_LOST' }));
    request.end(body);
  });
}

/** The status is the answer. What follows is read so that the connection can serve again. */
function dropBody(request: http.ClientRequest, response: http.IncomingMessage, limits: PostLimits): void {
  let bytes = 0;
  const timer = setTimeout(() => request.destroy(), limits.bodyMs);
  response.on('data', (block: Buffer) => {
    bytes += block.length;
    if (bytes > limits.bodyBytes) request.destroy();
  });
  response.on('error', () => {});
  response.on('close', () => clearTimeout(timer));
}

const FAILURES: { readonly [code: string]: string } = {
  [INTERNAL]: 'INTERNAL_ADDRESS',
  ABORT_ERR: 'ABORTED',
  ECONNREFUSED: 'CONNECTION_REFUSED',
  ECONNRESET: 'CONNECTION_LOST',
  EPIPE: 'CONNECTION_LOST',
  ENOTFOUND: 'NAME_NOT_FOUND',
  EAI_AGAIN: 'NAME_NOT_FOUND',
  ETIMEDOUT: 'TIMEOUT',
};

/** A message may hold anything; a code is the platform's own. */
function nameFailure(error: NodeJS.ErrnoException): string {
  const { code = '' } = error;
  const known = FAILURES[code];
  if (known !== undefined) return known;
  if (code.startsWith('HPE_')) return 'ANSWER_MALFORMED';
  return /CERT|TLS|SSL|UNABLE_TO|SELF_SIGNED/.test(code) ? 'TLS_FAILED' : 'CONNECTION_FAILED';
}
