// Which web pages may read answers, and under which host names: CORS and DNS rebinding.
//
// A server that only its own machine reaches, and that asks for no key, would else be open to every
// page that a browser on that machine shows.

import type { IncomingMessage } from 'node:http';
import type { HeaderBlock } from './headers.ts';
import { ProblemError } from './problem.ts';

export interface BrowserRules {
  /** Origins whose pages may read answers; `*` is any. Default: any, and none while guarded. */
  readonly allowedOrigins?: readonly string[];
  /**
   * Names of the server beside those of loopback; `*` is any. Default: any, and none while guarded.
   */
  readonly allowedHosts?: readonly string[];
}

export interface BrowserGate {
  /**
   * The headers by which a browser decides whether the page of this request may read the answer.
   */
  originHeaders(request: IncomingMessage): HeaderBlock;
  /** @throws ProblemError `HOST_REFUSED` */
  assertHost(request: IncomingMessage): void;
}

const ANY: HeaderBlock = ['Access-Control-Allow-Origin', '*'];
const BY_ORIGIN: HeaderBlock = ['Vary', 'Origin'];
const NONE: HeaderBlock = [];
/** Names that a browser resolves to its own machine, whatever a name server answers. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

export const isLoopback = (host: string): boolean => LOOPBACK.test(host === '::1' ? '[::1]' : host);

/** @param isGuarded whether the server asks for no key, and only its own machine reaches it */
export function createBrowserGate(
  { allowedOrigins = [], allowedHosts = [] }: BrowserRules,
  isGuarded: () => boolean,
): BrowserGate {
  const origins = new Set(allowedOrigins);
  const hosts = new Set(allowedHosts.map((host) => host.toLowerCase()));
  /** The last Host that passed: clients send the same one each time. */
  let passed: string | undefined;

  const isAllowed = (authority: string): boolean => {
    const name = hostName(authority);
    return LOOPBACK.test(name) || hosts.has(name);
  };
  return {
    originHeaders: ({ headers: { origin } }) => {
      if (origins.size === 0) return isGuarded() ? NONE : ANY;
      if (origins.has('*')) return ANY;
      return origin !== undefined && origins.has(origin)
        ? ['Access-Control-Allow-Origin', origin, ...BY_ORIGIN]
        : BY_ORIGIN;
    },
    assertHost: ({ headers: { host }, url = '' }) => {
      if (hosts.has('*') || (hosts.size === 0 && !isGuarded())) return;
      const target = url.startsWith('/') ? undefined : /^https?:\/\/([^/?]*)/i.exec(url)?.[1];
      if (host !== undefined && host !== passed) {
        if (!isAllowed(host)) throw new ProblemError('HOST_REFUSED', { close: true });
        passed = host;
      }
      if (target !== undefined && !isAllowed(target)) throw new ProblemError('HOST_REFUSED', { close: true });
    },
  };
}

/** In lower case, without the port and without the dot of the root. */
const hostName = (authority: string): string => authority.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
