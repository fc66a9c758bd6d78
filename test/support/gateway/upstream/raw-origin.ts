// An application whose responses a test writes itself, byte for byte.

import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface RawOrigin {
  readonly url: string;
  /** Connections that it has had. */
  readonly count: () => number;
}

/**
 * @param answer is called with the head of each request: requests have no bodies, and one head
 * comes at a time
 */
export async function startRawOrigin(answer: (head: string, socket: Socket) => void): Promise<RawOrigin> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = net.createServer({ noDelay: true }, (socket) => {
    count++;
    sockets.add(socket);
    let text = '';
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        answer(head, socket);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, count: () => count };
}
