// An application that records the bytes it gets, and what node:http reads in them.

import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Seen } from './case.ts';
import { StrictReader, type StrictRequest, valuesOf } from './strict-reader.ts';

export interface RecordingOrigin {
  readonly url: string;
  /** What it got since the last call, as bytes and as node:http read it. */
  take(): { readonly bytes: string; readonly strict: readonly StrictRequest[]; readonly read: readonly Seen[] };
  close(): void;
}

export async function startRecordingOrigin(): Promise<RecordingOrigin> {
  let connections: Buffer[][] = [];
  let read: Seen[] = [];
  const app = http.createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method = '', url: target = '', headers } = request;
      read.push({ method, target, host: headers.host ?? '', body: Buffer.concat(pieces).toString('latin1') });
      response.end('seen');
    });
  });
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    const pieces: Buffer[] = [];
    // A kept connection goes on in the next take.
    socket.on('data', (piece: Buffer) => {
      if (!connections.includes(pieces)) {
        pieces.length = 0;
        connections.push(pieces);
      }
      pieces.push(piece);
    });
    app.emit('connection', through(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const texts = connections.map((pieces) => Buffer.concat(pieces));
      const taken = read;
      connections = [];
      read = [];
      return { bytes: texts.join(''), strict: texts.flatMap(requestsIn), read: taken };
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export const seenIn = ({ method, target, headers, body }: StrictRequest): Seen => ({
  method,
  target,
  host: valuesOf(headers, 'host').join(' '),
  body,
});

function requestsIn(bytes: Buffer): StrictRequest[] {
  const reader = new StrictReader(bytes);
  const requests: StrictRequest[] = [];
  for (let request = reader.next(); request; request = reader.next()) requests.push(request);
  return requests;
}

/** What node:http reads of a socket, whose bytes pass by here. */
function through(socket: Socket): Duplex {
  const duplex = new Duplex({
    read: () => undefined,
    write: (chunk, _, done) => socket.write(chunk, () => done()),
    final: (done) => {
      socket.end();
      done();
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk) => duplex.push(chunk));
  socket.on('end', () => duplex.push(null));
  socket.on('error', () => duplex.destroy()).on('close', () => duplex.destroy());
  return duplex;
}
