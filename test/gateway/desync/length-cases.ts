// Bodies whose length is stated in odd ways: Content-Length, Transfer-Encoding, both.

import {
  cutShort,
  type DesyncCase,
  get,
  HOST,
  lines,
  passes,
  post,
  refused,
  seen,
} from '../../support/gateway/desync/case.ts';

const CHUNKS = '5\r\nhello\r\n0\r\n\r\n';
const hello = seen({ method: 'POST', body: 'hello' });

const REFUSED_LENGTHS = [
  '5, 5',
  '5,5',
  '5,6',
  '+5',
  '-5',
  '0x5',
  '5 5',
  '5.0',
  '5e0',
  '',
  'five',
  '5;',
  '"5"',
  '5\x0b',
  '5\x0c',
  '5\xa0',
  '\xd9\xa5',
  '5_',
  '1_0',
  '18446744073709551621',
  '4294967301999999999999',
  '9999999999999999',
];

const REFUSED_CODINGS = [
  'gzip, chunked',
  'chunked, gzip',
  'chunked, chunked',
  'identity',
  'identity, chunked',
  'chunked, identity',
  'chunked;q=1',
  'chunked ;a=b',
  'xchunked',
  'chunkedx',
  'x chunked',
  '"chunked"',
  "'chunked'",
  '\x0bchunked',
  'chunked\x0b',
  'chunked\x00',
  'chunked\xa0',
  '\xef\xbb\xbfchunked',
  'c\thunked',
  ', chunked',
  'chunked,',
  ',',
  '',
  'gzip',
  'deflate',
  'trailers',
  'nothing',
  'chun\x00ked',
];

const TWINS_OF_FRAMING = [
  'Content_Length: 5',
  'Content.Length: 5',
  'Content+Length: 5',
  'Content-Length_: 5',
  'Transfer_Encoding: chunked',
  'Transfer.Encoding: chunked',
  'Transfer~Encoding: chunked',
  'transfer-encoding_: chunked',
];

const BROKEN_LINES = [
  'Content-Length : 5',
  'Content-Length\t: 5',
  ' Content-Length: 5',
  'Content-Length:\r\n 5',
  'Content-Length\x00: 5',
  'Content-Length\xa0: 5',
  'Content Length: 5',
  'X: y\rContent-Length: 5',
  'X: y\nContent-Length: 5',
  'X: y\r\r\nContent-Length: 5',
  'Content-Length',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding\t: chunked',
  ' Transfer-Encoding: chunked',
  'Transfer-Encoding:\r\n chunked',
  'Transfer-Encoding:\r\n\tchunked',
  'Transfer-Encoding:\n chunked',
  'Transfer-Encoding: chunked\r',
  'X: y\rTransfer-Encoding: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\x00Transfer-Encoding: chunked',
  'Transfer-Encoding\x0b: chunked',
];

const show = (text: string): string => JSON.stringify(text);
/** Both framings find a body: one that is read otherwise leaves bytes for a request. */
const body = (header: string): string => (/length/i.test(header) ? 'hello' : CHUNKS);

export const LENGTH_CASES: readonly DesyncCase[] = [
  ...REFUSED_LENGTHS.map((value) =>
    refused(`Content-Length ${show(value)}`, `${post(`Content-Length: ${value}`)}hello`),
  ),
  ...REFUSED_CODINGS.map((value) =>
    refused(`Transfer-Encoding ${show(value)}`, `${post(`Transfer-Encoding: ${value}`)}${CHUNKS}`),
  ),
  ...TWINS_OF_FRAMING.map((header) => refused(`alone: ${header}`, `${post(header)}${body(header)}`)),
  ...TWINS_OF_FRAMING.map((header) =>
    refused(`with Content-Length: ${header}`, `${post('Content-Length: 5', header)}hello`),
  ),
  ...BROKEN_LINES.map((header) => refused(`the line ${show(header)}`, `${post(header)}${body(header)}`)),

  refused('Content-Length twice, equal', `${post('Content-Length: 5', 'Content-Length: 5')}hello`),
  refused('Content-Length twice, different', `${post('Content-Length: 5', 'Content-Length: 6')}hello`),
  refused('Content-Length twice, in other letters', `${post('Content-Length: 5', 'content-length: 0')}hello`),
  passes('Content-Length with zeros before it', `${post('Content-Length: 00005')}hello`, hello),
  passes('Content-Length between blanks', `${post('Content-Length: \t 5 \t')}hello`, hello),
  passes('Content-Length without a blank', `${post('Content-Length:5')}hello`, hello),
  passes('Content-Length in capitals', `${post('CONTENT-LENGTH: 5')}hello`, hello),
  passes('Content-Length 0', post('Content-Length: 0'), seen({ method: 'POST' })),
  passes('POST without length', post(), seen({ method: 'POST' })),
  cutShort('Content-Length beyond the bytes', `${post('Content-Length: 5000')}hello`),
  passes(
    'a request as a body',
    `${post('Content-Length: 38')}GET /x HTTP/1.1\r\nHost: app.example\r\n\r\n`,
    seen({ method: 'POST', body: 'GET /x HTTP/1.1\r\nHost: app.example\r\n\r\n' }),
  ),
  {
    ...refused('bytes after the body', `${post('Content-Length: 5')}hello, world\r\n\r\n`),
    expected: [hello],
  },
  passes('GET with a body', `${get('/', 'Content-Length: 5')}hello`, seen({ body: 'hello' })),
  passes('GET with chunks', `${get('/', 'Transfer-Encoding: chunked')}${CHUNKS}`, seen({ body: 'hello' })),
  passes('GET with Content-Length 0', get('/', 'Content-Length: 0'), seen()),
  ...['DELETE', 'OPTIONS', 'PUT', 'PATCH'].flatMap((method) => [
    passes(
      `${method} with a body`,
      `${lines(`${method} / HTTP/1.1`, `Host: ${HOST}`, 'Content-Length: 5')}hello`,
      seen({ method, body: 'hello' }),
    ),
    passes(
      `${method} with chunks`,
      `${lines(`${method} / HTTP/1.1`, `Host: ${HOST}`, 'Transfer-Encoding: chunked')}${CHUNKS}`,
      seen({ method, body: 'hello' }),
    ),
  ]),

  passes('Transfer-Encoding in capitals', `${post('Transfer-Encoding: CHUNKED')}${CHUNKS}`, hello),
  passes('Transfer-Encoding after blanks', `${post('Transfer-Encoding:\t chunked ')}${CHUNKS}`, hello),
  refused('Transfer-Encoding before a tab', `${post('Transfer-Encoding: chunked\t')}${CHUNKS}`),
  refused('Content-Length, then chunked', `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}${CHUNKS}`),
  refused('chunked, then Content-Length', `${post('Transfer-Encoding: chunked', 'Content-Length: 5')}${CHUNKS}`),
  refused('Content-Length 0, then chunked', `${post('Content-Length: 0', 'Transfer-Encoding: chunked')}${CHUNKS}`),
  refused('Content-Length, then identity', `${post('Content-Length: 5', 'Transfer-Encoding: identity')}hello`),
  refused('chunked twice', `${post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}${CHUNKS}`),
  refused('chunked, then identity', `${post('Transfer-Encoding: chunked', 'Transfer-Encoding: identity')}${CHUNKS}`),
  refused('identity, then chunked', `${post('Transfer-Encoding: identity', 'Transfer-Encoding: chunked')}${CHUNKS}`),
  refused('gzip, then chunked', `${post('Transfer-Encoding: gzip', 'Transfer-Encoding: chunked')}${CHUNKS}`),
  refused(
    'chunks over HTTP/1.0',
    `${lines('POST / HTTP/1.0', `Host: ${HOST}`, 'Connection: keep-alive', 'Transfer-Encoding: chunked')}${CHUNKS}`,
  ),
  refused(
    'chunks and Content-Length over HTTP/1.0',
    `${lines('POST / HTTP/1.0', `Host: ${HOST}`, 'Content-Length: 5', 'Transfer-Encoding: chunked')}${CHUNKS}`,
  ),
  passes('TE: chunked', get('/', 'TE: chunked'), seen()),
];
