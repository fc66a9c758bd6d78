// Clients that start a request and drip its bytes, in their own process:
// `node FILE PORT COUNT EVERY_MS`. It replies to any message with { open, cut }. A socket that the
// server closes reconnects.

import net from 'node:net';

const [port = 0, count = 0, everyMs = 0] = process.argv.slice(2).map(Number);
const TICK_MS = 5;
/**
 * Sockets connect and reconnect evenly over this time, so that the load is slow requests, not a
 * flood of handshakes.
 */
const ARRIVE_MS = 10_000;
const STEP = Math.max(1, Math.round((count * TICK_MS) / ARRIVE_MS));

const sockets: (net.Socket | undefined)[] = new Array(count).fill(undefined);
let open = 0;
let cut = 0;

function connect(i: number): void {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  sockets[i] = socket;
  let connected = false;
  socket.on('connect', () => {
    connected = true;
    open++;
    socket.write('GET /v1/account/0 HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
  });
  socket.on('data', () => undefined);
  socket.on('error', () => undefined);
  socket.on('close', () => {
    if (connected) {
      open--;
      cut++;
    }
    sockets[i] = undefined;
  });
}

let next = 0;
setInterval(() => {
  let begun = 0;
  for (let i = 0; i < count && begun < STEP; i++)
    if (!sockets[i]) {
      connect(i);
      begun++;
    }
  const drips = Math.ceil((count * TICK_MS) / everyMs);
  for (let i = 0; i < drips; i++) sockets[next++ % count]?.write('a');
}, TICK_MS);

process.on('message', () => process.send?.({ open, cut }));
process.on('disconnect', () => process.exit());
