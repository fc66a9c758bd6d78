// Clients that stop reading: their connections are cut.
//
// A socket's own timeout notices progress only where it fires, and then waits a second time.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How many times a timeout is looked at. */
const LOOKS = 20;
const MIN_LOOK_MS = 5;

/** Destroys the socket of a response whose bytes do not get any further for `stalledMs`. */
export function cutWhenStalled({ response, stalledMs }: { response: ServerResponse; stalledMs: number }): void {
  const { socket } = response;
  if (!socket) return;
  let waiting = waitingBytes(socket);
  let since = performance.now();
  const timer = setInterval(
    () => {
      const now = performance.now();
      const left = waitingBytes(socket);
      if (left === 0 || left !== waiting) since = now;
      waiting = left;
      if (now - since >= stalledMs) socket.destroy();
    },
    Math.max(MIN_LOOK_MS, stalledMs / LOOKS),
  );
  const end = (): void => clearInterval(timer);
  response.once('close', end);
  socket.once('close', end);
}

/** Bytes that the kernel has not taken: those of the stream, and those that libuv is writing. */
function waitingBytes(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { writeQueueSize?: number } | null };
  return socket.writableLength + (handle?.writeQueueSize ?? 0);
}
