// The time after which a client that stops reading is cut: once, and not twice.

import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cutWhenStalled } from '../../runtime/http/stalled.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A socket with bytes that the kernel does not take. */
function stalledSocket(bytes: number): Socket & { waiting: number } {
  const socket = Object.assign(new Socket(), { waiting: bytes });
  Object.defineProperty(socket, 'writableLength', { get: () => socket.waiting });
  return socket;
}

test('a silent reader is cut once the time has passed', () => {
  const socket = stalledSocket(5000);
  cutWhenStalled(socket, 30_000);
  vi.advanceTimersByTime(29_000);
  expect(socket.destroyed).toBe(false);
  vi.advanceTimersByTime(2_600);
  expect(socket.destroyed).toBe(true);
});

test('a slow reader is not cut, and is watched until everything is sent', () => {
  const socket = stalledSocket(100);
  cutWhenStalled(socket, 30_000);
  // A second response on the same connection.
  cutWhenStalled(socket, 30_000);
  for (; socket.waiting > 0; socket.waiting -= 10) vi.advanceTimersByTime(20_000);
  vi.advanceTimersByTime(100_000);
  expect(socket.destroyed).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

test('a stream is watched while it is open, also where nothing waits for a moment', () => {
  const socket = stalledSocket(0);
  const response = Object.assign(new Socket(), {}) as unknown as ServerResponse;
  cutWhenStalled(socket, 1_000, response);
  vi.advanceTimersByTime(5_000);
  expect(socket.destroyed).toBe(false);
  socket.waiting = 10;
  vi.advanceTimersByTime(1_200);
  expect(socket.destroyed).toBe(true);
});

test('a socket that carries one response after another has one listener at a time', () => {
  const socket = stalledSocket(0);
  const before = socket.listenerCount('close');
  for (let response = 0; response < 4; response++) {
    cutWhenStalled(socket, 1_000);
    expect(socket.listenerCount('close')).toBe(before + 1);
    vi.advanceTimersByTime(1_000);
    expect(socket.listenerCount('close')).toBe(before);
  }
  expect(socket.destroyed).toBe(false);
});
