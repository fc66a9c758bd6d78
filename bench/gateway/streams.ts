// npm run bench:gateway:memory [-- --mib N] [--sockets N]: the memory of a worker while a gibibyte
// goes up, one comes down, and thousands of idle WebSockets are open.

import fs from 'node:fs';
import http from 'node:http';
import net, { type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Figure, formatFigures } from '../harness/figure.ts';
import { describeMachine } from '../harness/machine.ts';
import { childrenOf, startGateway } from './contenders.ts';

const { values } = parseArgs({
  options: { mib: { type: 'string', default: '1024' }, sockets: { type: 'string', default: '5000' } },
});
const bytes = Number(values.mib) * 2 ** 20;
const PIECE = Buffer.alloc(65_536, 'x');

/** Takes what is sent, and sends what is asked for. */
const origin = http.createServer((request, response) => {
  let taken = 0;
  request.on('data', (piece: Buffer) => {
    taken += piece.length;
  });
  request.on('end', () => {
    if (request.method === 'POST') response.end(String(taken));
    else pour(response);
  });
});
origin.on('upgrade', (_, socket: Socket) => {
  socket.on('error', () => socket.destroy());
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
});
await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
const originPort = (origin.address() as net.AddressInfo).port;

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'credveil-bench-'));
const gateway = await startGateway({ name: 'gateway', workers: 1 }, originPort, home, '0-1');
const [worker = gateway.pid] = childrenOf(gateway.pid);
try {
  console.log(describeMachine());
  const atStart = residentMib(worker);
  const up = await highest(upload);
  const down = await highest(download);
  const before = residentMib(worker);
  const sockets = await openSockets(Number(values.sockets));
  const beside = residentMib(worker) - before;
  for (const socket of sockets) socket.destroy();
  const figures: Figure[] = [
    { name: 'at start', value: atStart, unit: 'MiB resident' },
    { name: `upload of ${values.mib} MiB`, value: up, unit: 'MiB resident at most' },
    { name: `download of ${values.mib} MiB`, value: down, unit: 'MiB resident at most' },
    { name: `${sockets.length} idle WebSockets`, value: beside, unit: 'MiB more' },
  ];
  console.log(formatFigures(figures));
} finally {
  gateway.stop();
  origin.close();
  origin.closeAllConnections();
  fs.rmSync(home, { recursive: true, force: true });
}

function residentMib(pid: number): number {
  const [, kib = '0'] = /VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1_024;
}

/** The most that is resident while something is done. */
async function highest(run: () => Promise<void>): Promise<number> {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, residentMib(worker));
  }, 20);
  await run();
  clearInterval(timer);
  return most;
}

function pour(to: NodeJS.WritableStream): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      left -= PIECE.length;
      if (!to.write(PIECE)) {
        to.once('drain', more);
        return;
      }
    }
    to.end();
  };
  more();
}

async function upload(): Promise<void> {
  const taken = await new Promise<string>((resolve, reject) => {
    const request = http.request({ port: gateway.port, method: 'POST', path: '/up' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
    pour(request);
  });
  if (Number(taken) !== bytes) throw new Error(`the application got ${taken} bytes of ${bytes}`);
}

async function download(): Promise<void> {
  const taken = await new Promise<number>((resolve, reject) => {
    http
      .get({ port: gateway.port, path: '/down' }, (response) => {
        let count = 0;
        response.on('data', (piece: Buffer) => {
          count += piece.length;
        });
        response.on('end', () => resolve(count));
      })
      .on('error', reject);
  });
  if (taken !== bytes) throw new Error(`the client got ${taken} bytes of ${bytes}`);
}

async function openSockets(count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(100, count - sockets.length) }, openSocket);
    sockets.push(...(await Promise.all(batch)));
  }
  return sockets;
}

function openSocket(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(gateway.port, '127.0.0.1');
    socket.on('error', reject);
    socket.write('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.once('data', () => resolve(socket));
  });
}
