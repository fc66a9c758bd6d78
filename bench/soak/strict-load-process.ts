// The process behind strict-load.ts: GETs on keep-alive connections until stopped. It reports each
// failure with its local port.

import { once } from 'node:events';
import net from 'node:net';
import type { LoadFailure, StrictLoadOrder, StrictLoadResult } from './strict-load.ts';

const HEAD = /^HTTP\/1\.1 200 .*?\r\nCredveil-Snapshot: (\S+)\r\n.*?Content-Length: (\d+)\r\n.*?\r\n\r\n/is;
/** Delay after a refused or lost connection: a client that retries at once would be an attack. */
const RECONNECT_MS = 20;

const [{ port, connections, paths, pauseMs }] = (await once(process, 'message')) as [StrictLoadOrder];
const failures: LoadFailure[] = [];
const snapshots = new Set<string>();
let latencies: number[] = [];
let requests = 0;
let stopping = false;
let open = 0;

function connect(): void {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  let connectedAt = 0;
  let localPort = 0;
  let answered = 0;
  let sentAt = 0;
  let received = '';
  let waiting = false;
  let failure: string | undefined;
  const send = (): void => {
    if (stopping) {
      socket.end();
      return;
    }
    sentAt = performance.now();
    waiting = true;
    socket.write(`GET ${paths[requests++ % paths.length]} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  };
  socket.setEncoding('latin1');
  socket.on('connect', () => {
    open++;
    connectedAt = Date.now();
    localPort = socket.localPort ?? 0;
    send();
  });
  socket.on('data', (piece: string) => {
    received += piece;
    const head = HEAD.exec(received);
    if (!head) {
      if (received.includes('\r\n\r\n') || received.length > 65_536) {
        failure = `unexpected response: ${received.slice(0, 40).split('\r\n')[0]}`;
        socket.destroy();
      }
      return;
    }
    if (received.length < head[0].length + Number(head[2])) return;
    if (received.length > head[0].length + Number(head[2])) failure = 'bytes after the response';
    snapshots.add(head[1] as string);
    received = '';
    waiting = false;
    answered++;
    latencies.push(performance.now() - sentAt);
    if (pauseMs > 0) setTimeout(send, pauseMs * (0.5 + Math.random()));
    else send();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    failure ??= error.code ?? error.message;
  });
  socket.on('close', () => {
    if (connectedAt > 0) open--;
    if (waiting || failure !== undefined)
      failures.push({ why: failure ?? 'closed', localPort, connectedAt, answered, at: Date.now() });
    if (!stopping) setTimeout(connect, RECONNECT_MS);
  });
}

const result = (): StrictLoadResult => {
  const sorted = Float64Array.from(latencies).sort();
  return { requests: sorted.length, latencies: [...sorted], failures, snapshots: [...snapshots] };
};

for (let i = 0; i < connections; i++) connect();
process.on('message', (message) => {
  if (message === 'reset') {
    latencies = [];
    process.send?.('done');
  } else if (message === 'result') process.send?.(result());
  else if (message === 'stop') {
    stopping = true;
    const wait = setInterval(() => {
      if (open > 0) return;
      clearInterval(wait);
      process.send?.(result(), () => process.exit());
    }, 10);
  }
});
process.on('disconnect', () => process.exit());
process.send?.('started');
