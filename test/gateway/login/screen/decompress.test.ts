// Decoding of bodies that are looked through on their way: by every coding, in pieces of any size.
import zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { BodyDecoder, decompressionOf } from '../../../../gateway/login/body/decompress.ts';

async function run(coding: string, body: Buffer, piece: number) {
  const out: Buffer[] = [];
  const d = new BodyDecoder(decompressionOf(coding) as never, (p) => out.push(Buffer.from(p)));
  for (let at = 0; at < body.length; at += piece) await d.push(body.subarray(at, at + piece));
  await d.end();
  return [Buffer.concat(out).toString(), d.fault];
}
const a = Buffer.from('hello '.repeat(9000)),
  b = Buffer.from('world'),
  z = zlib.zstdCompressSync,
  g = zlib.gzipSync;
const cat = (...x: Buffer[]) => Buffer.concat(x);
const ab = a.toString() + 'world';
const skip = cat(Buffer.from('502a4d1804000000', 'hex'), Buffer.from('abcd'));
const zeros = Buffer.alloc(99);
test.each([
  ['gzip', g(a), a.toString(), undefined],
  ['gzip', cat(g(a), g(b)), ab, undefined],
  ['gzip', cat(g(a), zeros), a.toString(), undefined],
  ['gzip', cat(g(a), zeros, g(b)), ab, undefined],
  ['gzip', cat(g(a), Buffer.from('x')), undefined, 'malformed'],
  ['gzip', cat(g(a), zeros, Buffer.from('x')), undefined, 'malformed'],
  ['gzip', g(a).subarray(0, -3), undefined, 'malformed'],
  ['gzip', b, '', undefined],
  ['deflate', zlib.deflateSync(a), a.toString(), undefined],
  ['deflate', zlib.deflateRawSync(a), a.toString(), undefined],
  ['deflate', cat(zlib.deflateSync(a), zlib.deflateSync(b)), undefined, 'malformed'],
  ['deflate', cat(zlib.deflateRawSync(a), Buffer.from('x')), undefined, 'malformed'],
  ['br', zlib.brotliCompressSync(a), a.toString(), undefined],
  ['br', cat(zlib.brotliCompressSync(a), zlib.brotliCompressSync(b)), undefined, 'malformed'],
  ['zstd', z(a), a.toString(), undefined],
  ['zstd', cat(z(a), z(b)), ab, undefined],
  ['zstd', cat(skip, z(a), skip, z(b), skip), ab, undefined],
  ['zstd', cat(z(''), z(b)), 'world', undefined],
  ['zstd', z(a).subarray(0, -3), undefined, 'malformed'],
  ['zstd', cat(z(a), b), undefined, 'malformed'],
] as [string, Buffer, string | undefined, string | undefined][])('%s %#', async (coding, body, text, fault) => {
  for (const piece of [1, 7, 1000, 1e6]) {
    const [got, f] = await run(coding, body, piece);
    expect([piece, f]).toEqual([piece, fault]);
    if (text !== undefined) expect(got === text).toBe(true);
  }
});
