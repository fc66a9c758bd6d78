// HTTP/2 written frame by frame, for requests that no client sends: RFC 9113 §4, RFC 7541 §6.2.2.

import { once } from 'node:events';
import tls from 'node:tls';
import { HOST } from './case.ts';

export type Field = readonly [name: string, value: string];

export interface StreamRequest {
  readonly fields: readonly Field[];
  /** Undefined ends the stream with its head. */
  readonly body?: string | undefined;
  readonly trailers?: readonly Field[] | undefined;
}

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const [DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY] = [0, 1, 3, 4, 7];
const END_STREAM = 1;
const END_HEADERS = 4;
const HEAD_BYTES = 9;
/** `:status: 200` of the static table. */
const STATUS_200 = 0x88;

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A length of 7 bits, or of more bytes. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  const length = bytes.length < 127 ? [bytes.length] : [127];
  for (let left = bytes.length - 127; left >= 0 && length.length < 5; left = Math.floor(left / 128)) {
    length.push(left >= 128 ? (left & 127) | 128 : left);
    if (left < 128) break;
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** Literals that no table keeps. */
const block = (fields: readonly Field[]): Buffer =>
  Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));

function bytesOf({ fields, body, trailers }: StreamRequest): Buffer {
  const isEnd = body === undefined && !trailers;
  return Buffer.concat([
    Buffer.from(PREFACE),
    frame(SETTINGS, 0, 0, Buffer.alloc(0)),
    frame(HEADERS, END_HEADERS | (isEnd ? END_STREAM : 0), 1, block(fields)),
    ...(body === undefined ? [] : [frame(DATA, trailers ? 0 : END_STREAM, 1, Buffer.from(body, 'latin1'))]),
    ...(trailers ? [frame(HEADERS, END_HEADERS | END_STREAM, 1, block(trailers))] : []),
  ]);
}

export type StreamAnswer = '200' | 'other' | 'reset';

/** Sends one request on a connection of its own. @returns how the server ended its stream */
export async function sendStream(port: number, request: StreamRequest): Promise<StreamAnswer> {
  const socket = tls.connect({ port, servername: HOST, ALPNProtocols: ['h2'], rejectUnauthorized: false });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  socket.write(bytesOf(request));
  let held = Buffer.alloc(0);
  let answer: StreamAnswer = 'reset';
  for await (const piece of socket) {
    held = Buffer.concat([held, piece as Buffer]);
    while (held.length >= HEAD_BYTES && held.length >= HEAD_BYTES + held.readUIntBE(0, 3)) {
      const [length, type, flags, stream] = [held.readUIntBE(0, 3), held[3], held[4] as number, held.readUInt32BE(5)];
      const first = held[HEAD_BYTES];
      held = held.subarray(HEAD_BYTES + length);
      if (type === GOAWAY || (stream === 1 && type === RST_STREAM)) return answer;
      // An interim answer does not end the stream.
      if (stream === 1 && type === HEADERS) answer = first === STATUS_200 ? '200' : 'other';
      if (stream === 1 && (type === HEADERS || type === DATA) && (flags & END_STREAM) !== 0) return answer;
    }
  }
  return answer;
}
