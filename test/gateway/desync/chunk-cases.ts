// Bodies in chunks: sizes, extensions, ends and trailers.

import { cutShort, type DesyncCase, FORGED, passes, post, refused, seen } from '../../support/gateway/desync/case.ts';

const chunked = (body: string, ...headers: readonly string[]): string =>
  `${post('Transfer-Encoding: chunked', ...headers)}${body}`;
const hello = seen({ method: 'POST', body: 'hello' });
const END = '0\r\n\r\n';
const show = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);

const REFUSED_SIZES = [
  ' 5',
  '5 ',
  '\t5',
  '5\t',
  '5 ;a',
  '0x5',
  '+5',
  '-5',
  '5_',
  'g',
  '',
  '5.',
  '5,5',
  '5 5',
  '5\x00',
  '5\xa0',
  '5\x0b',
  'fffffffffffffffff5',
  '10000000000000005',
  '5;a=\x00',
  '5;a\x0b=b',
  '5;a="b',
  '5;\x7f',
];

const REFUSED_BODIES = [
  ['a size ended by LF', `5\nhello\r\n${END}`],
  ['a size ended by CR', `5\rhello\r\n${END}`],
  ['an extension ended by LF', `5;a\nhello\r\n${END}`],
  ['an extension with CR', `5;a\rb\r\nhello\r\n${END}`],
  ['a quoted extension with CRLF', `5;a="\r\n"\r\nhello\r\n${END}`],
  ['a quoted extension with LF', `5;a="\n"\r\nhello\r\n${END}`],
  ['a chunk without its end', `5\r\nhello${END}`],
  ['a chunk ended by LF', `5\r\nhello\n${END}`],
  ['a chunk ended by CR', `5\r\nhello\r${END}`],
  ['a chunk that is longer than its size', `5\r\nhello, world\r\n${END}`],
  ['a chunk ended by two bytes of its own', `5\r\nhelloxx${END}`],
  ['a last chunk ended by LF', '5\r\nhello\r\n0\n\r\n'],
  ['an end of LF', '5\r\nhello\r\n0\r\n\n'],
  ['an end of CR', '5\r\nhello\r\n0\r\n\rX'],
  ['a trailer ended by LF', '5\r\nhello\r\n0\r\nX-A: b\n\r\n'],
  ['a trailer with a blank before its colon', '5\r\nhello\r\n0\r\nX-A : b\r\n\r\n'],
  ['a folded trailer', '5\r\nhello\r\n0\r\nX-A: b\r\n c\r\n\r\n'],
  ['a trailer with NUL', '5\r\nhello\r\n0\r\nX-A: b\x00\r\n\r\n'],
  ['a trailer without a colon', '5\r\nhello\r\n0\r\nX-A\r\n\r\n'],
  ['a trailer of Content-Length', '5\r\nhello\r\n0\r\nContent-Length: 7\r\n\r\n'],
  ['a trailer of Transfer-Encoding', '5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ['an extension of 40,000 bytes', `5;${'a'.repeat(40_000)}\r\nhello\r\n${END}`],
] as const;

/** Names that a server which reads trailers as headers would believe. */
const TRAILERS = [
  'Host',
  'Authorization',
  'Cookie',
  'Content-Type',
  'Content-Encoding',
  'Connection',
  'Origin',
  'X-Forwarded-For',
  'X_Forwarded_For',
  'X-Real-IP',
  'Credveil-Assertion',
  'Exposed-Credential-Check',
  'Upgrade',
  'TE',
  'X-Mine',
];

export const CHUNK_CASES: readonly DesyncCase[] = [
  ...REFUSED_SIZES.map((size) => refused(`the size ${show(size)}`, chunked(`${size}\r\nhello\r\n${END}`))),
  ...REFUSED_BODIES.map(([name, body]) => refused(name, chunked(body))),
  ...TRAILERS.map((name) =>
    passes(`a trailer of ${name}`, chunked(`5\r\nhello\r\n0\r\n${name}: ${FORGED}\r\n\r\n`), hello),
  ),
  ...TRAILERS.map((name) =>
    passes(
      `an announced trailer of ${name}`,
      chunked(`5\r\nhello\r\n0\r\n${name}: ${FORGED}\r\n\r\n`, `Trailer: ${name}`, 'X-Mine: mine'),
      hello,
    ),
  ),
  passes('an extension', chunked(`5;a=b\r\nhello\r\n${END}`), hello),
  passes('an extension without value', chunked(`5;a\r\nhello\r\n${END}`), hello),
  passes('a quoted extension', chunked(`5;a="b c"\r\nhello\r\n${END}`), hello),
  passes('an extension of the last chunk', chunked('5\r\nhello\r\n0;a=b\r\n\r\n'), hello),
  passes('a size with zeros before it', chunked(`0000000000005\r\nhello\r\n${END}`), hello),
  passes('a size in capitals', chunked(`A\r\nhellohello\r\n${END}`), seen({ method: 'POST', body: 'hellohello' })),
  passes('a last chunk of zeros', chunked('5\r\nhello\r\n0000\r\n\r\n'), hello),
  passes('chunks of a byte', chunked(`1\r\nh\r\n1\r\ne\r\n3\r\nllo\r\n${END}`), hello),
  passes('no chunk but the last', chunked(END), seen({ method: 'POST' })),
  passes(
    'a request as a chunk',
    chunked(`26\r\nGET /x HTTP/1.1\r\nHost: app.example\r\n\r\n\r\n${END}`),
    seen({ method: 'POST', body: 'GET /x HTTP/1.1\r\nHost: app.example\r\n\r\n' }),
  ),
  cutShort('no last chunk', chunked('5\r\nhello\r\n')),
  cutShort('an end without its empty line', chunked('5\r\nhello\r\n0\r\n')),
  cutShort('a chunk that never ends', chunked('fffffff\r\nhello')),
];
