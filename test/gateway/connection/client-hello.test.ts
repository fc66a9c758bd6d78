// The first bytes of a TLS connection: whole, in pieces, doubled, and none.

import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readHello } from '../../../gateway/connection/client-hello.ts';
import { echo, serve, startOrigin } from '../../support/gateway/gateway.ts';
import { ask, hostsInFrontOf } from '../../support/gateway/tls.ts';

/** What a real client sends first. */
async function captureHello(options: tls.ConnectionOptions): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = tls.connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', ...options });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

/** Divides the handshake message over records of at most `size` bytes. */
function fragment(hello: Buffer, size: number): Buffer {
  const records: Buffer[] = [];
  for (let at = 5; at < hello.length; at += size) {
    const piece = hello.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece);
  }
  return Buffer.concat(records);
}

/** Adds bytes to the extensions, whose vector and those around it grow. */
function withExtension(hello: Buffer, extension: Buffer): Buffer {
  let at = 5 + 4 + 34;
  at += 1 + (hello[at] as number);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + (hello[at] as number);
  const grown = Buffer.concat([hello, extension]);
  grown.writeUInt16BE(hello.readUInt16BE(at) + extension.length, at);
  grown.writeUIntBE(hello.readUIntBE(6, 3) + extension.length, 6, 3);
  grown.writeUInt16BE(hello.readUInt16BE(3) + extension.length, 3);
  return grown;
}

/** An extension server_name with these names: RFC 6066 §3. */
function serverNames(...names: readonly string[]): Buffer {
  const list = Buffer.concat(
    names.map((name) => Buffer.concat([Buffer.from([0, 0, name.length]), Buffer.from(name, 'latin1')])),
  );
  const head = Buffer.from([0, 0, 0, list.length + 2, 0, list.length]);
  return Buffer.concat([head, list]);
}

describe('the name in a ClientHello', () => {
  test('is read of a real one, in one record or many, and as soon as it is whole', async () => {
    const hello = await captureHello({ servername: 'Public.Example' });
    for (const bytes of [hello, ...[1, 2, 3, 5, 100, 300].map((size) => fragment(hello, size))]) {
      expect(readHello(bytes)).toEqual({ serverName: 'public.example' });
      for (let length = 0; length < bytes.length; length += 37)
        expect(readHello(bytes.subarray(0, length))).toBe('incomplete');
    }
    expect(readHello(await captureHello({}))).toEqual({ serverName: undefined });
  });

  test('is one: two names, two lists, none in a list, and odd ones are refused', async () => {
    const [named, bare] = [await captureHello({ servername: 'a.example' }), await captureHello({})];
    expect(readHello(withExtension(bare, serverNames('a.example')))).toEqual({ serverName: 'a.example' });
    const odd = ['', 'a b', 'a\0b', 'ä.example', 'a/b', 'a'.repeat(250).padEnd(256, 'a')].filter(
      (name) => name.length < 250,
    );
    for (const bytes of [
      withExtension(named, serverNames('a.example')),
      withExtension(bare, serverNames('a.example', 'b.example')),
      withExtension(bare, serverNames()),
      ...odd.map((name) => withExtension(bare, serverNames(name))),
    ])
      expect(readHello(bytes)).toBe('malformed');
  });

  test('is not in other bytes', () => {
    for (const text of [
      'GET / HTTP/1.1\r\n',
      '\x80\x2e\x01\x03\x01',
      '\x16\x02\x00',
      '\x16\x03\x01\x00\x00',
      '\x15\x03\x01\x00\x02',
    ])
      expect(readHello(Buffer.from(text, 'latin1'))).toBe('malformed');
    expect(readHello(Buffer.from('160303000402000000', 'hex'))).toBe('malformed');
    expect(readHello(Buffer.from('16030300040100ffff', 'hex'))).toBe('malformed');
  });
});

describe('a connection', () => {
  test('whose hello comes in many records and pieces is served', async () => {
    const { port } = await serve(hostsInFrontOf((await startOrigin(echo)).url));
    for (const size of [1, 7, 200]) {
      const relay = net.createServer((socket) => {
        const out = net.connect(port, '127.0.0.1').on('error', () => undefined);
        socket
          .on('error', () => undefined)
          .once('data', (hello: Buffer) => {
            out.write(fragment(hello, size));
            socket.pipe(out);
          });
        out.pipe(socket);
      });
      relay.listen(0, '127.0.0.1');
      await once(relay, 'listening');
      onTestFinished(() => void relay.close());
      const there = { port: (relay.address() as AddressInfo).port, servername: 'public.example' };
      expect((await ask(there))?.status).toBe(200);
    }
  });

  test('of two names, garbage, plain HTTP or half a hello gets no byte', async () => {
    const { port } = await serve(hostsInFrontOf((await startOrigin(echo)).url, 'limits: { headersTimeoutMs: 300 }\n'));
    const hello = await captureHello({ servername: 'public.example' });
    for (const bytes of [
      withExtension(hello, serverNames('managed.example')),
      Buffer.from('GET / HTTP/1.1\r\nHost: public.example\r\n\r\n'),
      Buffer.alloc(20_000, 0x16),
      hello.subarray(0, 100),
      Buffer.concat([Buffer.from([22, 3, 1, 0x40, 0]), Buffer.alloc(2 ** 14, 1)]),
    ]) {
      const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
      let received = 0;
      socket.on('data', (piece: Buffer) => {
        received += piece.length;
      });
      socket.write(bytes);
      await new Promise((resolve) => socket.once('close', resolve));
      expect(received).toBe(0);
    }
    expect((await ask({ port, servername: 'public.example' }))?.status).toBe(200);
  });
});
