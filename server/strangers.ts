// Connections that have not identified a client, where clients are required: open routes answer
// them, but they do not stay.

import type { Socket } from 'node:net';
import type { ServerLimits } from '../runtime/limits.ts';
import type { ServiceExchange } from './exchange.ts';

export interface Strangers {
  /** Called before an exchange is handled. */
  begin(exchange: ServiceExchange): void;
  /** Called once a request has identified its client: its connection may stay. */
  identified(exchange: ServiceExchange): void;
}

export function createStrangers(isRequired: () => boolean, limits: Required<ServerLimits>): Strangers {
  const known = new WeakSet<Socket>();
  /** When the first request of a connection came. */
  const begun = new WeakMap<Socket, number>();
  return {
    begin: ({ request: { socket }, response }) => {
      if (known.has(socket) || !isRequired()) return;
      const now = performance.now();
      const since = begun.get(socket) ?? now;
      begun.set(socket, since);
      const leftMs = Math.ceil(since + limits.strangerTimeoutMs - now);
      // Whoever has no key is answered once more, and has to connect again.
      if (leftMs <= 0) response.shouldKeepAlive = false;
      // After Node's own listener, which sets the time between two requests.
      response.once('finish', () => {
        if (!known.has(socket) && leftMs > 0) socket.setTimeout(Math.min(leftMs, limits.keepAliveTimeoutMs));
      });
    },
    identified: ({ request: { socket } }) => {
      known.add(socket);
    },
  };
}
