// JA4 of ClientHellos, by the examples of its description.

import { expect, test } from 'vitest';
import { ja4Of } from '../../../gateway/connection/ja4.ts';

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const numbers = (list: string): Buffer => Buffer.concat(list.split(',').map((each) => u16(Number.parseInt(each, 16))));
const vector = (body: Buffer): Buffer => Buffer.concat([u16(body.length), body]);

interface Parts {
  readonly ciphers: string;
  readonly extensions: string;
  readonly algorithms?: string;
  readonly versions?: string;
  readonly alpn?: string;
}

function hello({ ciphers, extensions, algorithms = '0403', versions = '0304,0303', alpn = 'h2' }: Parts): Buffer {
  const bodies: { readonly [type: string]: Buffer } = {
    '0000': vector(Buffer.concat([Buffer.from([0]), vector(Buffer.from('app.example'))])),
    '000d': vector(numbers(algorithms)),
    '0010': vector(Buffer.concat([Buffer.from([alpn.length]), Buffer.from(alpn, 'latin1')])),
    '002b': Buffer.concat([Buffer.from([numbers(versions).length]), numbers(versions)]),
  };
  const list = extensions === '' ? [] : extensions.split(',');
  const all = list.map((type) => Buffer.concat([numbers(type), vector(bodies[type] ?? Buffer.alloc(0))]));
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(33),
    vector(ciphers === '' ? Buffer.alloc(0) : numbers(ciphers)),
    Buffer.from([1, 0]),
    ...(list.length > 0 ? [vector(Buffer.concat(all))] : []),
  ]);
  const message = Buffer.concat([Buffer.from([1, 0]), vector(body)]);
  return Buffer.concat([Buffer.from([22, 3, 1]), vector(message)]);
}

const CHROME: Parts = {
  ciphers: '1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035',
  extensions: '0000,0017,ff01,000a,000b,0023,0010,0005,000d,0012,0033,002d,002b,001b,4469,0015',
  algorithms: '0403,0804,0401,0503,0805,0501,0806,0601',
};

test('is that of the description, with and without GREASE, in any order of ciphers and extensions', () => {
  const expected = 't13d1516h2_8daaf6152771_e5627efa2ab1';
  const reversed = (list: string): string => list.split(',').reverse().join(',');
  expect(ja4Of(hello(CHROME))).toBe(expected);
  const { ciphers, extensions } = CHROME;
  expect(ja4Of(hello({ ...CHROME, ciphers: reversed(ciphers), extensions: reversed(extensions) }))).toBe(expected);
  const grease = { ciphers: `2a2a,${ciphers}`, extensions: `dada,${extensions},0a0a`, versions: '4a4a,0304,0303' };
  expect(ja4Of(hello({ ...CHROME, ...grease }))).toBe(expected);
});

test.each<[string, Partial<Parts>, RegExp]>([
  ['another order of signatures', { algorithms: '0804,0403' }, /^t13d1516h2_8daaf6152771_(?!e5627efa2ab1)/],
  ['TLS 1.2', { versions: '0303' }, /^t12d/],
  ['no name', { extensions: '000a,000d' }, /^t12i150200_/],
  ['another protocol', { alpn: 'http/1.1' }, /^t13d1516h1_/],
  ['a protocol of other characters', { alpn: '\xab\xcd' }, /^t13d1516ad_/],
  ['nothing', { extensions: '', ciphers: '' }, /^t12i000000_000000000000_000000000000$/],
])('with %s is another', (_, parts, expected) => {
  expect(ja4Of(hello({ ...CHROME, ...parts }))).toMatch(expected);
});

test('of anything else is none', () => {
  const whole = hello(CHROME);
  for (let length = 0; length < whole.length; length++) expect(ja4Of(whole.subarray(0, length))).toBeUndefined();
  for (const text of ['GET / HTTP/1.1\r\n', '\x16\x03\x01\0\0', '']) expect(ja4Of(Buffer.from(text))).toBeUndefined();
});
