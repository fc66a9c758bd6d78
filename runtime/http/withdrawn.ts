// Connections with a client certificate: they end when the CA that vouched for it is withdrawn.

import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** @returns a function that ends the connections which are authorised now */
export function trackAuthorised(server: Server): () => void {
  /** Each with the number of its requests that are not answered yet. */
  const authorised = new Map<TLSSocket, number>();
  const withdrawn = new WeakSet<TLSSocket>();
  server.on('secureConnection', (socket) => {
    if (!socket.authorized) return;
    authorised.set(socket, 0);
    socket.once('close', () => authorised.delete(socket));
  });
  server.prependListener('request', ({ socket: of }, response) => {
    const socket = of as TLSSocket;
    if (withdrawn.has(socket)) {
      socket.destroy();
      return;
    }
    const open = authorised.get(socket);
    if (open === undefined) return;
    authorised.set(socket, open + 1);
    response.once('close', () => {
      const left = (authorised.get(socket) ?? 1) - 1;
      if (authorised.has(socket)) authorised.set(socket, left);
      if (left === 0 && withdrawn.has(socket)) socket.destroySoon();
    });
  });
  return () => {
    for (const [socket, open] of authorised) {
      withdrawn.add(socket);
      // What was asked before is still answered.
      if (open === 0) socket.destroy();
    }
    authorised.clear();
  };
}
