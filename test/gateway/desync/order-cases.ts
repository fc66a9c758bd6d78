// More than one request on a connection, and requests that would make it something else: Upgrade
// and Expect.

import {
  type DesyncCase,
  ends,
  get,
  HOST,
  lines,
  passes,
  post,
  refused,
  seen,
} from '../../support/gateway/desync/case.ts';

const WEBSOCKET = ['Connection: Upgrade', 'Upgrade: websocket'];
const hello = seen({ method: 'POST', body: 'hello' });

const BAD = [
  ['an ambiguous host', get('/', 'Host: other.example')],
  ['an ambiguous header', get('/', 'X_Real_IP: a')],
  ['a doubled coding', `${post('Transfer-Encoding: gzip, chunked')}5\r\nhello\r\n0\r\n\r\n`],
  ['a bad method', lines('TRACE / HTTP/1.1', `Host: ${HOST}`)],
  ['a bad target', get('/a#b')],
  ['a bad nomination', get('/', 'Connection: Cookie')],
] as const;

export const ORDER_CASES: readonly DesyncCase[] = [
  ...BAD.map(([name, bad]) => refused(`a request after ${name}`, `${bad}${get('/smuggled')}`)),
  ...BAD.map(([name, bad]) => refused(`requests after ${name}`, `${bad}${get('/smuggled')}${bad}${get('/more')}`)),
  ...BAD.map(([name, bad]) => ({
    ...refused(`a request before ${name}`, `${get('/before')}${bad}${get('/smuggled')}`),
    expected: [seen({ target: '/before' })],
  })),
  {
    ...refused('a request before bytes that are none', `${get('/before')}\x00\x01\x02\r\n\r\n`),
    expected: [seen({ target: '/before' })],
  },
  passes(
    'five requests',
    [1, 2, 3, 4, 5].map((i) => get(`/${i}`)).join(''),
    ...[1, 2, 3, 4, 5].map((i) => seen({ target: `/${i}` })),
  ),
  passes(
    'a request after a body',
    `${post('Content-Length: 5')}hello${get('/after')}`,
    hello,
    seen({ target: '/after' }),
  ),
  passes(
    'a request after chunks',
    `${post('Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n${get('/after')}`,
    hello,
    seen({ target: '/after' }),
  ),
  passes(
    'a request after an unknown host',
    `${lines('GET / HTTP/1.1', 'Host: other.example')}${get('/after')}`,
    seen({ target: '/after' }),
  ),
  refused(
    'a request after a body for an unknown host',
    `${lines('POST / HTTP/1.1', 'Host: other.example', 'Content-Length: 5')}hello`,
  ),
  ends('a request after Connection: close', `${get('/', 'Connection: close')}${get('/smuggled')}`, seen()),
  ends('a request after HTTP/1.0', `${lines('GET / HTTP/1.0', `Host: ${HOST}`)}${get('/smuggled')}`, seen()),

  ends('a request after a WebSocket', `${get('/', ...WEBSOCKET)}${get('/smuggled')}`, seen()),
  ends('a WebSocket in capitals', get('/', 'Connection: UPGRADE', 'Upgrade: WebSocket'), seen()),
  refused('a WebSocket with a body', `${get('/', ...WEBSOCKET, 'Content-Length: 5', 'Content-Length: 5')}hello`),
  ends('a WebSocket of a length', `${get('/', ...WEBSOCKET, 'Content-Length: 5')}hello`, seen({ body: 'hello' })),
  ends(
    'a WebSocket of chunks',
    `${get('/', ...WEBSOCKET, 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`,
    seen({ body: 'hello' }),
  ),
  ends('a WebSocket by POST', `${post(...WEBSOCKET, 'Content-Length: 5')}hello`, hello),
  ends('a WebSocket over HTTP/1.0', lines('GET / HTTP/1.0', `Host: ${HOST}`, ...WEBSOCKET), seen()),
  refused('a WebSocket with a forged name', get('/', ...WEBSOCKET, 'X_Real_IP: forged')),
  refused('a WebSocket of two hosts', get('/', ...WEBSOCKET, 'Host: other.example')),
  ends(
    'h2c',
    get('/', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
    seen(),
  ),
  ends('h2c of a body', `${post('Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 5')}hello`, hello),
  ends('WebSocket or h2c', get('/', 'Connection: Upgrade', 'Upgrade: websocket, h2c'), seen()),
  ends('WebSocket, then h2c', get('/', ...WEBSOCKET, 'Upgrade: h2c'), seen()),
  ends('Upgrade without Connection', get('/', 'Upgrade: websocket'), seen()),
  passes('Connection: Upgrade alone', get('/', 'Connection: Upgrade'), seen()),
  ends('an upgrade to TLS', get('/', 'Connection: Upgrade', 'Upgrade: TLS/1.2'), seen()),

  passes('Expect, with its body', `${post('Expect: 100-continue', 'Content-Length: 5')}hello`, hello),
  passes('Expect in capitals', `${post('EXPECT: 100-CONTINUE', 'Content-Length: 5')}hello`, hello),
  passes(
    'Expect, with chunks',
    `${post('Expect: 100-continue', 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`,
    hello,
  ),
  passes('Expect without a body', post('Expect: 100-continue'), seen({ method: 'POST' })),
  refused('Expect with two lengths', `${post('Expect: 100-continue', 'Content-Length: 5', 'Content-Length: 6')}hello`),
  refused('Expect with a coding', `${post('Expect: 100-continue', 'Transfer-Encoding: gzip, chunked')}0\r\n\r\n`),
  refused('an unknown Expect', get('/', 'Expect: 200-ok')),
  refused('an Expect of two', get('/', 'Expect: 100-continue, x')),
  refused('an Expect twice', get('/', 'Expect: x', 'Expect: 100-continue')),
  passes(
    'Expect over HTTP/1.0',
    `${lines('POST / HTTP/1.0', `Host: ${HOST}`, 'Connection: keep-alive', 'Expect: 100-continue', 'Content-Length: 5')}hello`,
    hello,
  ),
];
