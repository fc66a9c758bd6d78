// Connections that have not identified a client, where clients are required: open routes answer
// them, but they do not stay, and where the server is full they make room.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ServerLimits } from '../runtime/limits.ts';
import type { ServiceExchange } from './exchange.ts';

export interface Strangers {
  /**
   * Limits the open connections of a server. A new one takes the place of the longest-standing
   * stranger; without strangers it is dropped.
   */
  limitConnections(server: Server): void;
  /** Called before an exchange is handled. */
  begin(exchange: ServiceExchange): void;
  /** Called once a request has identified its client: its connection may stay. */
  identified(exchange: ServiceExchange): void;
}

export function createStrangers(isRequired: () => boolean, limits: Required<ServerLimits>): Strangers {
  const known = new WeakSet<Socket>();
  /** When the first request of a connection came. */
  const begun = new WeakMap<Socket, number>();
  /** The open connections that have identified nobody, the longest-standing first. */
  const strangers = new Map<string, Socket>();
  return {
    limitConnections: (server) => {
      const open = new Set<Socket>();
      const forget = (socket: Socket, name: string): void => {
        open.delete(socket);
        if (strangers.get(name) === socket) strangers.delete(name);
      };
      server.on('connection', (socket: Socket) => {
        // A socket that has closed has no address any more.
        const name = nameOf(socket);
        if (open.size >= limits.maxConnections) {
          const [longest] = isRequired() ? strangers : [];
          if (!longest) return socket.destroy();
          const [itsName, stranger] = longest;
          forget(stranger, itsName);
          stranger.destroy();
        }
        open.add(socket);
        strangers.set(name, socket);
        socket.once('close', () => forget(socket, name));
      });
    },
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
      strangers.delete(nameOf(socket));
    },
  };
}

/** The same for a socket of TLS and the one below it. */
const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
