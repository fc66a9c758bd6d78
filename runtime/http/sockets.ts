// Listening and shutting down: the open sockets of an HTTP server, and how they are drained.

import type { Server } from 'node:http';
import type { ListenOptions, Socket } from 'node:net';
import { OpenSet } from '../open-set.ts';

export interface CloseOptions {
  /** Connections still open after this many milliseconds are destroyed. Default 10,000. */
  readonly deadlineMs?: number;
}

export const DEFAULT_DEADLINE_MS = 10_000;
/** How often a closing server looks for connections that have become idle. */
const CLOSE_IDLE_MS = 20;

/** Resolves once the server listens; rejects with Node's error. */
export function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** A live set of the server's open sockets. Under TLS it holds the raw and the secured socket. */
export function trackSockets(server: Server): Iterable<Socket> {
  const sockets = new OpenSet<Socket>();
  const track = (socket: Socket): void => {
    socket.once('close', sockets.add(socket));
  };
  server.on('connection', track).on('secureConnection', track);
  return sockets;
}

/** Stops accepting, lets requests in flight finish, and destroys what is left at the deadline. */
export async function drain(server: Server, sockets: Iterable<Socket>, deadlineMs: number): Promise<void> {
  const idle = setInterval(() => {
    server.closeIdleConnections();
    // Node considers the first request of a connection without a byte to have begun.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, CLOSE_IDLE_MS);
  const deadline = setTimeout(() => {
    // closeAllConnections would miss a connection in its TLS handshake.
    for (const socket of sockets) socket.destroy();
  }, deadlineMs);
  await new Promise((resolve) => server.close(resolve));
  clearInterval(idle);
  clearTimeout(deadline);
}
