// The process behind request-load.ts: sends a message when its warm-up is over, and its results at the end.

import { once } from 'node:events';
import net from 'node:net';
import type { LoadOrder, Stream, StreamResult } from './request-load.ts';

const RECEIVE_BYTES = 65_536;
/** Heads of Credveil's answers are shorter, and arrive in one piece. */
const HEAD_BYTES = 1024;
const HEAD = /^HTTP\/1\.1 200 .*?\r\ncontent-length: (\d+)\r\n.*?\r\n\r\n/is;

const [{ port, warmUpMs, durationMs, streams }] = (await once(process, 'message')) as [LoadOrder];
let measuring = false;

function run({ connections, requests }: Stream): number[] {
  const latencies: number[] = [];
  const payloads = requests.map((request) => Buffer.from(request, 'latin1'));
  let sent = 0;
  const connect = (): void => {
    let left = 0;
    let startedAt = 0;
    const next = (): void => {
      startedAt = performance.now();
      socket.write(payloads[sent++ % payloads.length] as Buffer);
    };
    const receive = (length: number, bytes: Uint8Array): boolean => {
      if (left === 0) {
        const head = HEAD.exec(
          Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(length, HEAD_BYTES)).toString('latin1'),
        );
        if (!head) throw new Error('an answer that is not a 200');
        left = head[0].length + Number(head[1]);
      }
      left -= length;
      if (left > 0) return true;
      if (measuring) latencies.push(performance.now() - startedAt);
      next();
      return true;
    };
    const onread = { buffer: Buffer.alloc(RECEIVE_BYTES), callback: receive };
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, onread }, next);
  };
  for (let i = 0; i < connections; i++) connect();
  return latencies;
}

function summarize(latencies: number[], seconds: number): StreamResult {
  const sorted = Float64Array.from(latencies).sort();
  const percentile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  return {
    requests: sorted.length,
    requestsPerSecond: sorted.length / seconds,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
  };
}

const running = streams.map(run);
await new Promise((resolve) => setTimeout(resolve, warmUpMs));
measuring = true;
process.send?.('warm');
const startedAt = performance.now();
await new Promise((resolve) => setTimeout(resolve, durationMs));
const seconds = (performance.now() - startedAt) / 1000;
const results = running.map((latencies) => summarize(latencies, seconds));
process.send?.(results, () => process.exit(0));
