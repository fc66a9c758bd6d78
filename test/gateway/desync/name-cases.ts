// Names that only the gateway may send, in every spelling, and headers that may stand there once.

import { type DesyncCase, ends, FORGED, get, passes, refused, seen } from '../../support/gateway/desync/case.ts';

/** Those of docs/gateway.md. */
const RESERVED = [
  'X-Forwarded-For',
  'X-Forwarded-Proto',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Forwarded-Anything',
  'Forwarded',
  'X-Real-IP',
  'CF-Connecting-IP',
  'True-Client-IP',
  'Client-IP',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'Fastly-Client-IP',
  'X-Original-Forwarded-For',
  'Credveil-Assertion',
  'Credveil-Anything',
  'Exposed-Credential-Check',
  'Cf-Access-Jwt-Assertion',
  'Client-Cert',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Original-URI',
  'X-Original-Host',
  'X-Request-URI',
  'X-Envoy-Original-Path',
  'X-HTTP-Method',
  'X-HTTP-Method-Override',
  'X-Method-Override',
  'Proxy',
  'PHP-Auth-User',
  'PHP-Auth-Pw',
];

const NEVER_NOMINATED = ['Host', 'Cookie', 'Authorization', 'Content-Length', 'Content-Type', 'Origin', 'Range'];
/** An application must not take them for what node:http would have acted on. */
const TWINS = [
  'Connection_: close',
  'Keep_Alive: timeout=9',
  'Proxy_Authorization: Basic Zm9yZ2Vk',
  'Expect_: 100-continue',
  'Up.grade: websocket',
  'T_E: trailers',
  'Trailer_: X-A',
  'Authori_zation: Basic Zm9yZ2Vk',
  'Content_Type: text/plain',
  'Content_Encoding: gzip',
  'Cookie_: a=b',
  'User_Agent: a',
];

/** Spellings of a name that no program takes for another one, or CGI programs do. */
function* spellings(name: string): Iterable<[name: string, isOdd: boolean]> {
  yield [name, false];
  yield [name.toLowerCase(), false];
  yield [name.toUpperCase(), false];
  yield [`${name}-`, false];
  if (!name.includes('-')) return;
  yield [name.replaceAll('-', ''), false];
  yield [name.replaceAll('-', '--'), false];
  for (const character of ['_', '.', '+', '~']) yield [name.replaceAll('-', character), true];
  if (/-.*-/.test(name)) yield [name.replace('-', '_'), true];
}

export const NAME_CASES: readonly DesyncCase[] = [
  ...RESERVED.flatMap((name) =>
    [...spellings(name)].map(([spelling, isOdd]) =>
      isOdd
        ? refused(`the name ${spelling}`, get('/', `${spelling}: ${FORGED}`))
        : passes(`the name ${spelling}`, get('/', `${spelling}: ${FORGED}`), seen()),
    ),
  ),
  ...RESERVED.map((name) =>
    passes(`${name} twice`, get('/', `${name}: ${FORGED}`, `${name.toLowerCase()}: ${FORGED}`), seen()),
  ),
  ...[...RESERVED, ...NEVER_NOMINATED].flatMap((name) => [
    refused(`Connection: ${name}`, get('/', `Connection: ${name}`)),
    refused(`Connection: close, ${name}`, get('/', `Connection: close,\t${name.toLowerCase()} `)),
    refused(`Connection twice, with ${name}`, get('/', 'Connection: keep-alive', `Connection: , ,${name}`)),
  ]),
  ...['X_Real_IP', 'x.forwarded.for', 'Content_Length'].map((name) =>
    refused(`Connection: ${name}`, get('/', `Connection: ${name}`)),
  ),
  ...TWINS.map((line) => refused(`the header ${line}`, get('/', line))),
  refused('a name in two spellings', get('/', 'X-Mine: a', 'X_Mine: b')),
  refused('a name in two spellings, the odd one first', get('/', 'X.Mine: a', 'X-Mine: b')),
  passes('an odd name alone', get('/', 'X_Mine: a'), seen()),
  passes('a name that the connection takes', get('/', 'Connection: keep-alive, X-Mine', 'X-Mine: a'), seen()),
  passes('headers of a connection', get('/', 'Keep-Alive: timeout=9', 'TE: gzip'), seen()),
  ends('Proxy-Connection', get('/', 'Proxy-Connection: close'), seen()),
  passes('Proxy-Authorization', get('/', `Proxy-Authorization: ${FORGED}`), seen()),
  ...['Authorization', 'Content-Type', 'Origin', 'Range', 'Referer', 'User-Agent'].flatMap((name) => [
    refused(`${name} twice`, get('/', `${name}: a`, `${name}: b`)),
    refused(`${name} twice, in other letters`, get('/', `${name}: a`, `${name.toUpperCase()}: a`)),
  ]),
  passes('Accept twice', get('/', 'Accept: a/b', 'Accept: c/d'), seen()),
  passes('Cookie twice', get('/', 'Cookie: a=1', 'cookie: b=2'), seen()),
];
