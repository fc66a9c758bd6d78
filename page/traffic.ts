// Records everything the page sends and receives, at the call to fetch.
//
// It stays in memory, limited to the latest exchanges.

/** Loading datasets, testing the server's key, or checking a credential. */
export type Phase = 'start' | 'trust' | 'check';

export interface Exchange {
  readonly phase: Phase;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly sent: Uint8Array;
  /** Undefined if no answer arrived. */
  readonly status?: number;
  readonly received: Uint8Array;
  /** From `performance.now()`. */
  readonly endedAt: number;
}

export interface Traffic {
  /** The platform's fetch, recorded. Adds the client key if one is set. */
  readonly fetch: typeof fetch;
  /** The newest last. */
  readonly exchanges: readonly Exchange[];
  /** For servers with a list of clients. */
  clientKey: string | undefined;
  phase: Phase;
}

/** Several times what one check makes. */
const MAX_EXCHANGES = 60;

/** @param onExchange called after each exchange */
export function createTraffic(onExchange: () => void = () => {}): Traffic {
  const exchanges: Exchange[] = [];
  const record = (exchange: Omit<Exchange, 'endedAt'>): void => {
    exchanges.push({ ...exchange, endedAt: performance.now() });
    if (exchanges.length > MAX_EXCHANGES) exchanges.shift();
    onExchange();
  };
  const traffic: Traffic = {
    exchanges,
    clientKey: undefined,
    phase: 'start',
    async fetch(input, init = {}) {
      const { pathname, search } = new URL(String(input), document.baseURI);
      const { method = 'GET', body } = init;
      const { phase } = traffic;
      const asked = {
        phase,
        method,
        target: `${pathname}${search}`,
        sent: body instanceof Uint8Array ? body : new Uint8Array(0),
      };
      const headers = new Headers(init.headers);
      if (traffic.clientKey) headers.set('authorization', `Bearer ${traffic.clientKey}`);
      let response: Response;
      try {
        // Not from a cache: what is shown was sent. Not into one: no prefix stays on disk.
        response = await fetch(input, { ...init, headers, cache: 'no-store' });
      } catch (error) {
        record({ ...asked, received: new Uint8Array(0) });
        throw error;
      }
      const received = new Uint8Array(await response.arrayBuffer());
      record({ ...asked, status: response.status, received });
      return new Response(received, { status: response.status, headers: response.headers });
    },
  };
  return traffic;
}
