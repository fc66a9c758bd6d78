// Clients that stop reading: their connections are cut.
//
// A socket's own timeout notices progress only where it fires, and then waits a second time.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How many times a timeout is looked at. */
const LOOKS = 20;
const MIN_LOOK_MS = 5;

/** The responses that streams still write to, by watched socket. */
const watched = new WeakMap<Socket, Set<ServerResponse>>();

/**
 * Destroys a socket whose bytes do not get any further for `stalledMs`. Watches it until everything
 * is sent.
 * @param stream a response that is written bit by bit: it has an end only when it closes
 */
export function cutWhenStalled(socket: Socket, stalledMs: number, stream?: ServerResponse): void {
  const streams = watched.get(socket) ?? watch(socket, stalledMs);
  if (!stream) return;
  streams.add(stream);
  stream.once('close', () => streams.delete(stream));
}

function watch(socket: Socket, stalledMs: number): Set<ServerResponse> {
  const streams = new Set<ServerResponse>();
  let waiting = waitingBytes(socket);
  let since = performance.now();
  let idle = 0;
  const end = (): void => {
    clearInterval(timer);
    // The socket outlives the watch: more responses follow on it.
    socket.off('close', end);
    watched.delete(socket);
  };
  const look = (): void => {
    const now = performance.now();
    const left = waitingBytes(socket);
    if (left === 0 || left !== waiting) since = now;
    waiting = left;
    // Twice: the next of several pipelined responses may be about to be written.
    idle = left === 0 && streams.size === 0 ? idle + 1 : 0;
    if (idle > 1) end();
    else if (now - since >= stalledMs) socket.destroy();
  };
  const timer = setInterval(look, Math.max(MIN_LOOK_MS, stalledMs / LOOKS));
  socket.once('close', end);
  watched.set(socket, streams);
  return streams;
}

/** Bytes that the kernel has not taken: those of the stream, and those that libuv is writing. */
export function waitingBytes(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { writeQueueSize?: number } | null };
  return socket.writableLength + (handle?.writeQueueSize ?? 0);
}
