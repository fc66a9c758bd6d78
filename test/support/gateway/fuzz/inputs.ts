// Inputs for the fuzz of the gateway: valid ones, mutated, and dense ones of the characters that
// its parsers look at.

import { formatExpression } from '../../../../gateway/rules/syntax/format-rule.ts';
import { mutateText } from '../../mutate.ts';
import type { Random } from '../../random.ts';
import { randomExpression } from '../rules/random-rule.ts';

const u16 = (value: number): string => String.fromCharCode((value >> 8) & 255, value & 255);
const vector = (body: string): string => u16(body.length) + body;

/** A ClientHello in one record or several. */
function clientHello(random: Random): string {
  const name = `\0${vector(random.pick(['app.example', 'a', 'b.app.example', 'APP.example.']))}`;
  const serverName = u16(0) + vector(vector(name));
  const other = u16(random.pick([16, 43, 51, 65_037])) + vector(random.pick(['', 'h2', '\0\0']));
  const extensions = random.pick([serverName, other + serverName, serverName + other, other, serverName + serverName]);
  const hello = `\x03\x03${'r'.repeat(32)}\0${vector('\x13\x01')}\x01\0${vector(extensions)}`;
  const message = `\x01\0${u16(hello.length)}${hello}`;
  const cut = random.below(message.length);
  const record = (part: string): string => `\x16\x03\x01${vector(part)}`;
  return random.below(3) === 0 ? record(message.slice(0, cut)) + record(message.slice(cut)) : record(message);
}

function proxyHeader(random: Random): string {
  const [kind, addresses] = random.pick([
    ['\x11', '\xc0\0\x02\x01\xc0\0\x02\x02\x12\x34\x01\xbb'],
    ['\x21', `${'\x20\x01\x0d\xb8'.repeat(8)}\x12\x34\x01\xbb`],
    ['\0', ''],
  ] as const);
  const extra = random.pick(['', '', '\x03\0\x04abcd', 'x'.repeat(random.below(40))]);
  const version = random.pick(['\x21', '\x21', '\x20', '\x22', '\x11']);
  return `\r\n\r\n\0\r\nQUIT\n${version}${kind}${vector(addresses + extra)}${random.pick(['', 'GET / HTTP/1.1\r\n'])}`;
}

const HEADS = [
  'GET / HTTP/1.1\r\nHost: app.example\r\n',
  'POST /a?b=c HTTP/1.1\r\nHost: app.example:80\r\nContent-Length: 5\r\n',
  'POST / HTTP/1.1\r\nHost: APP.example.\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n',
  'GET http://app.example/ HTTP/1.0\r\nConnection: keep-alive, X-A\r\nX-A: b\r\nCookie: a=b\r\nCookie: c=d\r\n',
  'GET / HTTP/1.1\r\nHost: [::1]:80\r\nX-Forwarded-For: 192.0.2.1\r\nX_Real.IP: a\r\nX_Mine: b\r\n',
  'GET / HTTP/1.1\r\nHost: app.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nExpect: 100-continue\r\n',
  'PUT / HTTP/2.0\r\n:authority: app.example\r\nHost: app.example\r\nUser-Agent: a\r\nContent-Type: b\r\n',
];
const PATHS = [
  '/a/../b/./c//d',
  '/%61%2e%2e%2fb',
  '/%2561dmin',
  '/..;/a;b=c/',
  '/A.php/x.PHP/',
  '/%c0%af%u002f',
  '/a\\..\\b',
  '/wp-login.php',
  '/a. /b::$DATA',
  '/\xc0\xae\xc0\xae/',
];
const LISTS = [
  '192.0.2.0/24\n# a\n198.51.100.7\n2001:db8::/32\n',
  'ip,port\n203.0.113.9,80\n203.0.113.10,81\n',
  '[{"ip":"203.0.113.9"},{"ip":"203.0.113.10","port":1}]',
  '{"prefixes":[{"ipv4Prefix":"203.0.113.0/24"}]}',
  'ExitAddress 203.0.113.9 2026-01-01 00:00:00\n',
  '203.0.113.1-203.0.113.9\n203.0.113.1:80\n',
  '\x1f\x8b\x08\0\0\0\0\0',
];
const CONFIGS = [
  'listen: 127.0.0.1:0\napps:\n  app.example: { to: "http://127.0.0.1:1" }\n',
  'listen: [":80", { address: ":81", protocol: redirect }]\napps:\n  "*/a": &a { to: "https://b", path: refuse }\n  "*.b": *a\n',
  'listen: :80\nlists: { a: { items: [192.0.2.1] } }\nrules:\n  - when: ip.src in $a\n    do: log\napps: { a: { to: http://b } }\nlimits: { maxConnections: 1 }\n',
  '{"listen":":80","apps":{"a":{"to":"http://b","upstream":{"host":"origin"}}},"trustedProxies":["::1"]}',
];

const DENSE: { readonly [target: string]: readonly string[] } = {
  head: [
    '\r\n',
    ': ',
    ':',
    ' ',
    ',',
    '/',
    'Host',
    'GET',
    'HTTP/1.1',
    '_',
    '-',
    '\0',
    '\n',
    'Connection',
    '#',
    '%',
    'a',
    '.',
    '[',
    ']',
  ],
  path: [
    '/',
    '.',
    '..',
    '%',
    '%2f',
    '%2e',
    '%25',
    '%5c',
    '\\',
    ';',
    'a',
    'A',
    '.php',
    ' ',
    ':',
    '%u002f',
    '\xc0',
    '\xaf',
    '\0',
  ],
  rule: [
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '"',
    'r"',
    '\\',
    ' ',
    'and',
    'or',
    'not',
    'eq',
    'in',
    '$a',
    'ip.src',
    'http.host',
    '1',
    '*',
    '"a"',
    '..',
    '~',
    '!',
    'lower',
  ],
  list: ['1', '.', ':', '/', '-', ',', '"', '\n', '\t', '192.0.2.1', '::', '#', '{', '}', '[', ']', ' '],
  config: [
    '\n',
    '  ',
    ':',
    '-',
    '{',
    '}',
    '[',
    ']',
    '"',
    'a',
    '&a ',
    '*a',
    '!!',
    '|',
    '>',
    '#',
    'listen',
    'apps',
    '\t',
    '? ',
  ],
};

const SEEDS: { readonly [target: string]: (random: Random) => string } = {
  head: (random) => random.pick(HEADS),
  path: (random) => random.pick(PATHS),
  'client-hello': clientHello,
  'proxy-header': proxyHeader,
  rule: (random) => formatExpression(randomExpression(random, random.below(3))),
  list: (random) => random.pick(LISTS),
  config: (random) => random.pick(CONFIGS),
};

/** An input for a target; each character is a byte. */
export function inputFor(target: string, random: Random): string {
  const seed = SEEDS[target] as (random: Random) => string;
  const dense = DENSE[target];
  switch (random.below(8)) {
    case 0:
      return Buffer.from(random.bytes(random.below(80))).toString('latin1');
    case 1:
      return dense ? Array.from({ length: 1 + random.below(40) }, () => random.pick(dense)).join('') : seed(random);
    case 2:
      return seed(random) + seed(random);
    case 3:
      return seed(random);
    default:
      return mutateText(random, seed(random));
  }
}
