// Requests of HTTP/2 that may not be one of HTTP/1.1: pseudo-headers, values with line ends,
// headers of a connection, lengths that do not fit.

import { FORGED, HOST, type Seen, seen } from '../../support/gateway/desync/case.ts';
import type { Field, StreamRequest } from '../../support/gateway/desync/http2-frames.ts';

export interface Http2Case extends StreamRequest {
  readonly name: string;
  /** Undefined: nothing reaches the application. */
  readonly expected: Seen | undefined;
}

const PSEUDO = { ':method': 'GET', ':scheme': 'https', ':authority': HOST, ':path': '/' };

/** The pseudo-headers of GET, changed or left out. */
const start = (changes: { readonly [name: string]: string | undefined } = {}): Field[] =>
  Object.entries({ ...PSEUDO, ...changes }).filter((field): field is [string, string] => field[1] !== undefined);

const GET = start();
const POST = start({ ':method': 'POST' });
const posted = seen({ method: 'POST', body: 'hello' });
const show = (text: string): string => JSON.stringify(text.slice(0, 60));

const refused = (name: string, fields: readonly Field[], more: Partial<StreamRequest> = {}): Http2Case => ({
  name,
  fields,
  ...more,
  expected: undefined,
});
const passes = (
  name: string,
  fields: readonly Field[],
  expected: Seen,
  more: Partial<StreamRequest> = {},
): Http2Case => ({ name, fields, ...more, expected });

const SMUGGLED = `a\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
const REFUSED_METHODS = [
  '',
  'get',
  'Post',
  'G ET',
  'GET ',
  'GET\t',
  'GET\r\n',
  `GET / HTTP/1.1\r\nX: y\r\n`,
  'G\0ET',
  'GÉT',
  'GET:',
  'TRACE',
  'TRACK',
];
const REFUSED_PATHS = [
  '',
  '*',
  'a',
  '/a b',
  '/ HTTP/1.1\r\nX: y',
  '/\r\n',
  '/\0',
  '/a#b',
  '/a\\b',
  '/\xe4',
  '/\x7f',
  '/%00',
  `http://${HOST}/`,
  'http://other.example/',
];
const REFUSED_AUTHORITIES = [
  '',
  'app.example, other.example',
  'user@app.example',
  'app.example\r\nX: y',
  'app.example other.example',
  'app.example/',
  'app.example#',
  'app.example:99999',
  'app.example:',
  'app..example',
];
/** node:http2 leaves out fields of such values and names, and passes on the rest. */
const DROPPED_VALUES = ['a\r\nb: c', 'a\nb', 'a\rb', 'a\0b', 'a\x01', 'a\x7f', '\r', '\n', SMUGGLED];
const DROPPED_NAMES = ['x a', 'x:a', 'x\r\na', 'x\n', 'x\0', '', 'x\xe4', 'x(a)', 'x"a', ' x'];
const REFUSED_NAMES = ['X-A', 'x_real_ip', 'x.real.ip', 'content_length', 'transfer_encoding'];
const CONNECTION: readonly Field[] = [
  ['connection', 'close'],
  ['connection', 'x-real-ip'],
  ['keep-alive', 'timeout=9'],
  ['proxy-connection', 'keep-alive'],
  ['transfer-encoding', 'chunked'],
  ['transfer-encoding', 'identity'],
  ['upgrade', 'h2c'],
  ['upgrade', 'websocket'],
  ['te', 'gzip'],
  ['te', 'trailers, chunked'],
];
const RESERVED = [
  'x-forwarded-for',
  'x-real-ip',
  'forwarded',
  'credveil-a',
  'x-original-url',
  'x-http-method-override',
  'xrealip',
  'proxy',
];
const REFUSED_LENGTHS = ['4', '6', '+5', '-5', '5,5', '0x5', '', 'a', '5 5', '99999999999999999999', '0'];

export const HTTP2_CASES: readonly Http2Case[] = [
  passes('GET', GET, seen()),
  ...REFUSED_METHODS.map((value) => refused(`:method ${show(value)}`, start({ ':method': value }))),
  ...REFUSED_PATHS.map((value) => refused(`:path ${show(value)}`, start({ ':path': value }))),
  ...REFUSED_AUTHORITIES.map((value) => refused(`:authority ${show(value)}`, start({ ':authority': value }))),
  ...DROPPED_VALUES.map((value) => passes(`the value ${show(value)}`, [...GET, ['x-a', FORGED + value]], seen())),
  ...DROPPED_NAMES.map((name) => passes(`the name ${show(name)}`, [...GET, [name, FORGED]], seen())),
  ...REFUSED_NAMES.map((name) => refused(`the name ${show(name)}`, [...GET, [name, FORGED]])),
  ...CONNECTION.map(([name, value]) => refused(`${name}: ${value}`, [...GET, [name, value]])),
  ...CONNECTION.map(([name, value]) =>
    refused(`${name}: ${value} with a body`, [...POST, [name, value]], { body: 'hello' }),
  ),
  ...RESERVED.map((name) => passes(`the name ${name}`, [...GET, [name, FORGED]], seen())),
  ...REFUSED_LENGTHS.map((value) =>
    refused(`content-length ${show(value)} of 5 bytes`, [...POST, ['content-length', value]], { body: 'hello' }),
  ),
  ...[':method', ':path', ':authority', ':scheme'].map((name) =>
    refused(`${name} twice`, [...GET, [name, PSEUDO[name as keyof typeof PSEUDO]]]),
  ),
  ...[':method', ':path', ':scheme', ':authority'].map((name) => refused(`no ${name}`, start({ [name]: undefined }))),
  ...[':protocol', ':status', ':a', ':'].map((name) => refused(`the pseudo-header ${name}`, [...GET, [name, 'a']])),
  refused('a pseudo-header after a header', [...start({ ':path': undefined }), ['x-a', 'b'], [':path', '/']]),
  refused('CONNECT', [
    [':method', 'CONNECT'],
    [':authority', 'app.example:443'],
  ]),
  refused('CONNECT for a WebSocket', [...start({ ':method': 'CONNECT' }), [':protocol', 'websocket']]),
  refused(':authority and another host', [...GET, ['host', 'other.example']]),
  refused(':authority and two hosts', [...GET, ['host', HOST], ['host', 'other.example']]),
  passes(':authority and the same host', [...GET, ['host', HOST]], seen()),
  passes('a host alone', [...start({ ':authority': undefined }), ['host', HOST]], seen()),
  refused('a bad host alone', [...start({ ':authority': undefined }), ['host', `${HOST}\r\nX: y`]]),
  passes(':authority with a port', start({ ':authority': `${HOST}:443` }), seen({ host: `${HOST}:443` })),
  passes('cookie crumbs', [...GET, ['cookie', 'a=1'], ['cookie', 'b=2'], ['cookie', 'c=3']], seen()),
  passes('te: trailers', [...GET, ['te', 'trailers']], seen()),
  passes('a body of a length', [...POST, ['content-length', '5']], posted, { body: 'hello' }),
  passes('a body without length', POST, posted, { body: 'hello' }),
  passes('an empty body', POST, seen({ method: 'POST' }), { body: '' }),
  passes('GET with a body', GET, seen({ body: 'hello' }), { body: 'hello' }),
  passes('a request as a body', POST, seen({ method: 'POST', body: SMUGGLED }), { body: SMUGGLED }),
  refused('two lengths', [...POST, ['content-length', '5'], ['content-length', '5']], { body: 'hello' }),
  refused('a length without body', [...POST, ['content-length', '5']]),
  refused('authorization twice', [...GET, ['authorization', 'a'], ['authorization', 'b']]),
  refused('content-type twice', [...POST, ['content-type', 'a'], ['content-type', 'b']], { body: 'hello' }),
  passes('expect', [...POST, ['expect', '100-continue']], posted, { body: 'hello' }),
  ...['x-real-ip', 'host', 'authorization', 'content-type', 'x-a'].map((name) =>
    passes(`a trailer of ${name}`, [...POST, ['x-a', 'b']], posted, { body: 'hello', trailers: [[name, FORGED]] }),
  ),
  ...['x-real-ip', 'host', 'authorization', 'x-a'].map((name) =>
    passes(`an announced trailer of ${name}`, [...POST, ['trailer', name], ['x-a', 'b']], posted, {
      body: 'hello',
      trailers: [[name, FORGED]],
    }),
  ),
  refused('a pseudo-header as a trailer', POST, { body: 'hello', trailers: [[':path', '/']] }),
  refused('a trailer in capitals', POST, { body: 'hello', trailers: [['X-A', 'b']] }),
  passes('a trailer with a line end', POST, posted, { body: 'hello', trailers: [['x-b', `b\r\nc: ${FORGED}`]] }),
  refused('a trailer of a connection', POST, { body: 'hello', trailers: [['connection', 'close']] }),
];
