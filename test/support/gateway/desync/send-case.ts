// Sends one case of the desync corpus through a gateway, with a request after it on the same
// connection.

import { once } from 'node:events';
import net from 'node:net';
import { sendRaw } from '../gateway.ts';
import { type DesyncCase, get, HOST, lines, type Seen, seen } from './case.ts';

/** The target of what follows a case. */
const NEXT = '/next';

/** What has to reach the application, in all. */
export const expectedOf = ({ expected, ends }: DesyncCase, next = NEXT): readonly Seen[] => {
  if (expected === 'refused') return [];
  return ends ? expected : [...expected, seen({ target: next })];
};

/** @returns all that the gateway answered */
export async function sendCase(port: number, { bytes, isCutShort }: DesyncCase, next = NEXT): Promise<string> {
  if (isCutShort) return leaveAfter(port, bytes);
  return sendRaw(port, `${bytes}${get(next, 'Connection: close')}`);
}

export const FLUSHED: Seen = seen({ target: '/flush' });

/** Sends a request that is served. The application gets it after all those that were passed on. */
export const flush = (port: number): Promise<string> =>
  sendRaw(port, lines('GET /flush HTTP/1.1', `Host: ${HOST}`, 'Connection: close'));

/** Sends bytes and leaves. @returns what was answered */
export async function leaveAfter(port: number, bytes: string): Promise<string> {
  const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
  let text = '';
  socket.on('data', (piece: string) => {
    text += piece;
  });
  socket.on('error', () => undefined);
  socket.end(bytes, 'latin1');
  await once(socket, 'close');
  return text;
}
