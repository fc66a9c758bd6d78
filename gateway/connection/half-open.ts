// Clients of HTTP/1.1 that end their side after a request, and wait for its answer.
//
// A client that has left looks the same, until something is sent to it: its system refuses that.

import type { Socket } from 'node:net';
import { waitingBytes } from '../../runtime/http/stalled.ts';

/**
 * Keeps the gateway's side of a connection open when the client ends its own.
 * @param quietMs how long such a client waits for bytes until it is taken for gone
 */
export function keepHalfOpen(socket: Socket, quietMs: () => number): void {
  socket.allowHalfOpen = true;
  socket.once('end', () => endWhenQuiet(socket, quietMs()));
}

function endWhenQuiet(socket: Socket, quietMs: number): void {
  let sent = socket.bytesWritten;
  const timer = setInterval(() => {
    const isQuiet = socket.bytesWritten === sent && waitingBytes(socket) === 0;
    sent = socket.bytesWritten;
    if (isQuiet) socket.destroy();
  }, quietMs);
  socket.once('close', () => clearInterval(timer));
}
