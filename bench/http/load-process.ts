// The process behind request-load.ts: sends a message after its warm-up and its results at the end.

import { once } from 'node:events';
import { openConnection } from './load-connection.ts';
import type { LoadOrder, Stream, StreamResult } from './request-load.ts';

const [{ port, warmUpMs, durationMs, streams }] = (await once(process, 'message')) as [LoadOrder];
let measuring = false;

function run({ connections, requests }: Stream): number[] {
  const latencies: number[] = [];
  const payloads = requests.map((request) => Buffer.from(request, 'latin1'));
  let sent = 0;
  const connect = (): void => {
    let startedAt = 0;
    openConnection(port, (socket, isFirst) => {
      if (measuring && !isFirst) latencies.push(performance.now() - startedAt);
      startedAt = performance.now();
      socket.write(payloads[sent++ % payloads.length] as Buffer);
    });
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
