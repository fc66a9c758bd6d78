// HTTP/2 as frames on a socket, for what node:http2 does not send: RFC 9113 §4, §6; RFC 7541.

import type { TLSSocket } from 'node:tls';
import { secure } from './tls.ts';

export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, goAway: 7 } as const;
export const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const literal = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);

/** A connection whose frames a test writes itself. */
export class RawHttp2 {
  readonly #socket: TLSSocket;
  /** What the server sent so far. */
  readonly frames: Frame[] = [];
  #rest: Buffer = Buffer.alloc(0);
  isClosed = false;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FRAME.settings, 0, 0, Buffer.alloc(0))]));
  }

  static async open(port: number, servername: string): Promise<RawHttp2> {
    return new RawHttp2(await secure({ port, servername, ALPNProtocols: ['h2'] }));
  }

  /** Begins a request of `public.example`, which has a body unless it is a GET. */
  request(stream: number, method: 'GET' | 'POST', path = '/', more: readonly [string, string][] = []): Buffer {
    const block = Buffer.concat([
      Buffer.from([method === 'GET' ? 0x82 : 0x83, 0x87, 0x04]),
      literal(path),
      Buffer.from([0x01]),
      literal('public.example'),
      ...more.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]),
    ]);
    return frame(FRAME.headers, END_HEADERS | (method === 'GET' ? END_STREAM : 0), stream, block);
  }

  data(stream: number, text: string): Buffer {
    return frame(FRAME.data, 0, stream, Buffer.from(text));
  }

  reset(stream: number, code: number): Buffer {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(code);
    return frame(FRAME.reset, 0, stream, payload);
  }

  send(...frames: readonly Buffer[]): void {
    this.#socket.write(Buffer.concat(frames));
  }

  of(type: number): readonly Frame[] {
    return this.frames.filter((each) => each.type === type);
  }

  end(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) return;
      const [type, flags] = [this.#rest[3] as number, this.#rest[4] as number];
      this.frames.push({ type, flags, stream: this.#rest.readUInt32BE(5), payload: this.#rest.subarray(9, end) });
      this.#rest = this.#rest.subarray(end);
      if (type === FRAME.settings && flags !== ACK) this.send(frame(FRAME.settings, ACK, 0, Buffer.alloc(0)));
    }
  }
}

/** Waits for a condition. The test's own limit ends a wait without end. */
export async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await new Promise((resolve) => setTimeout(resolve, 5));
}
