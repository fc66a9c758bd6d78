// Compressed bodies that go on to the application while they are looked through.

import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { exchange } from '../../../support/gateway/gateway.ts';
import { bytesOf, file, PADDING, packed, type Sent, withGeneric } from '../../../support/gateway/login/screened.ts';

const pad = 'x'.repeat(PADDING);
const login = Buffer.from('&username=bob&password=leaked');
const behind = (padding: Buffer | string): Buffer => Buffer.concat([Buffer.from('pad='), Buffer.from(padding), login]);
const noise = Buffer.from(file.subarray(0, PADDING).toString('base64'));
const short = behind(pad);
const long = behind(noise);
const spoilt = Buffer.alloc(99);
const WIDE = { params: { [zlib.constants.BROTLI_PARAM_LGWIN]: 24 } };
const skipped = Buffer.from('502a4d180400000061626364', 'hex');
/** With its wrapping a stored block that is cut off, and without it a login behind another one. */
const polyglot = Buffer.concat([
  Buffer.from([0x48, 0x0d, 0x20, 0xf2, 0xdf, 0x0d, 0x20]),
  Buffer.alloc(8_203, 0x20),
  zlib.deflateRawSync(login),
]);
const stored = zlib.gzipSync(long, { level: 0 });
const json = Buffer.from(`{"pad":"${pad}","username":"bob","password":"leaked"}`);

describe('a compressed login behind padding never reaches the application', () => {
  test.each<[string, Sent]>([
    ['a few bytes', packed('gzip', zlib.gzipSync(short))],
    ['many bytes', packed('gzip', zlib.gzipSync(long))],
    ['in chunks', packed('gzip', zlib.gzipSync(short), true)],
    ['many bytes in chunks', packed('gzip', zlib.gzipSync(long), true)],
    ['with a trailer', packed('gzip', zlib.gzipSync(long), true, 'Trailer: x\r\n')],
    ['JSON', packed('gzip', zlib.gzipSync(json))],
    ['an image', { ...packed('gzip', zlib.gzipSync(short)), type: 'image/png' }],
    ['XML', { ...packed('gzip', zlib.gzipSync(short)), type: 'text/xml' }],
    ['by its other name', packed('X-GZip', zlib.gzipSync(short))],
    ['in two members', packed('gzip', Buffer.concat([zlib.gzipSync(pad), zlib.gzipSync(login)]))],
    ['in many members', packed('gzip', Buffer.concat([...Array(4).fill(zlib.gzipSync(noise)), zlib.gzipSync(login)]))],
    ['cut off', packed('gzip', zlib.gzipSync(long).subarray(0, -9))],
    ['deflate', packed('deflate', zlib.deflateSync(short))],
    ['many bytes of deflate', packed('deflate', zlib.deflateSync(long))],
    ['many bytes of bare deflate', packed('deflate', zlib.deflateRawSync(long), true)],
    ['brotli', packed('br', zlib.brotliCompressSync(short))],
    ['many bytes of brotli', packed('br', zlib.brotliCompressSync(long), true)],
    ['many bytes of zstd', packed('zstd', zlib.zstdCompressSync(long))],
    ['growing without end', packed('gzip', zlib.gzipSync(Buffer.alloc(2 ** 25)))],
  ])('%s', async (_, sent) => {
    const { port, whole, events } = await withGeneric();
    const answer = await exchange(port, bytesOf(sent));
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'LOGIN_TOO_LARGE' });
    expect(events).toContainEqual(expect.objectContaining({ event: 'login-unreadable', login: 'form' }));
    expect(whole).toEqual([]);
  });

  test('byte by byte', async () => {
    const { port, whole } = await withGeneric();
    const body = zlib.deflateRawSync(short);
    const chunks = Array.from(body, (byte) => `1\r\n${String.fromCharCode(byte)}\r\n`).join('');
    const head = `POST / HTTP/1.1\r\nHost: app.example\r\nContent-Type: application/octet-stream\r\nContent-Encoding: deflate\r\n`;
    expect((await exchange(port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`)).status).toBe(400);
    expect(whole).toEqual([]);
  });

  test.each<[string, number, Sent]>([
    ['twice', 415, packed('gzip, gzip', zlib.gzipSync(zlib.gzipSync(short)))],
    ['a few bytes of zstd', 415, packed('zstd', zlib.zstdCompressSync(login.subarray(1)))],
    ['bare deflate', 400, packed('deflate', zlib.deflateRawSync(short))],
    ['gzip called deflate', 400, packed('deflate', zlib.gzipSync(short))],
    ['beside the framing of S3', 400, packed('aws-chunked,gzip', zlib.gzipSync(short))],
    ['beside an unknown coding', 400, packed('gzip, x-own', zlib.gzipSync(short))],
    ['behind a frame to skip', 415, packed('zstd', Buffer.concat([skipped, zlib.zstdCompressSync(short)]))],
    [
      'behind an empty frame',
      415,
      packed('zstd', Buffer.concat([zlib.zstdCompressSync(''), zlib.zstdCompressSync(short)])),
    ],
    ['behind padding', 400, packed('gzip', Buffer.concat([zlib.gzipSync('{'), spoilt, zlib.gzipSync(login)]))],
    [
      'behind other brotli',
      400,
      packed('br', Buffer.concat([zlib.brotliCompressSync('{'), zlib.brotliCompressSync(login)])),
    ],
    ['deflate with and without wrapping', 400, packed('deflate', polyglot)],
    ['what only looks like a coding', 415, packed('gzip;', zlib.gzipSync(login))],
    ['a window of 16 MiB', 400, packed('br', zlib.brotliCompressSync(short, WIDE))],
    ['with a wrong checksum', 400, packed('gzip', Buffer.concat([zlib.gzipSync(short).subarray(0, -4), spoilt]))],
    ['with a mistake', 400, packed('gzip', Buffer.concat([stored.subarray(0, 99_999), noise]))],
    ['no brotli', 400, packed('br', file.subarray(0, PADDING))],
  ])('%s: %d', async (_, status, sent) => {
    const { port, whole } = await withGeneric();
    expect((await exchange(port, bytesOf(sent))).status).toBe(status);
    expect(whole).toEqual([]);
  });

  test('unreadable: pass lets it through with a warning', async () => {
    const { port, whole, events } = await withGeneric('{ presets: [generic], unreadable: pass }');
    const body = zlib.gzipSync(long);
    expect((await exchange(port, bytesOf(packed('gzip', body)))).status).toBe(200);
    expect(whole).toEqual([body]);
    expect(events.filter(({ event }) => event === 'login-passed-unread')).toHaveLength(1);
  });
});
