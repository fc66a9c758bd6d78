// The process behind constant-rate.ts: sends its result and exits.

import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { RateOrder, RateResult } from './constant-rate.ts';
import { openConnection } from './load-connection.ts';

const [order] = (await once(process, 'message')) as [RateOrder];
const { port, requestsPerSecond, connections, warmUpMs, durationMs } = order;
const payloads = order.paths.map((path) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`));
const intervalMs = 1000 / requestsPerSecond;
const total = Math.round((warmUpMs + durationMs) / intervalMs);
const warmUp = Math.round(warmUpMs / intervalMs);

const idle: Socket[] = [];
const dueAt = new Map<Socket, number>();
const latencies: number[] = [];
const startedAt = performance.now();
let sent = 0;
let answered = 0;

for (let i = 0; i < connections; i++)
  openConnection(port, (socket, isFirst) => {
    idle.push(socket);
    if (isFirst) return;
    if (answered++ >= warmUp) latencies.push(performance.now() - (dueAt.get(socket) ?? Number.NaN));
    if (answered === total) finish();
  });

/** Spins, since a timer may be a millisecond late. */
function dispatch(): void {
  const now = performance.now();
  while (sent < total && startedAt + sent * intervalMs <= now) {
    const socket = idle.pop();
    if (!socket) break;
    dueAt.set(socket, startedAt + sent * intervalMs);
    socket.write(payloads[sent++ % payloads.length] as Buffer);
  }
  if (sent < total) setImmediate(dispatch);
}

function finish(): void {
  const sorted = Float64Array.from(latencies).sort();
  const percentile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  const result: RateResult = { requests: sorted.length, p50Ms: percentile(0.5), p99Ms: percentile(0.99) };
  process.send?.(result, () => process.exit(0));
}

dispatch();
