// Random rules as operators write them, and requests that they often match.

import type { Random } from '../../random.ts';

const CONDITIONS = [
  'http.request.uri.path eq "/admin"',
  'starts_with(http.request.uri.path, "/a")',
  'http.request.uri.path contains "reset"',
  'http.request.uri contains "x=1"',
  'http.request.uri eq "/admin"',
  'lower(http.request.uri.path) wildcard "/*min*"',
  'http.request.method in {"POST" "PUT"}',
  'http.user_agent contains "bot"',
  'len(http.user_agent) gt 40',
  'http.cookie contains "marked-cookie"',
  'any(http.request.cookies["s"][*] eq "marked-cookie")',
  'any(http.request.headers["x-kind"][*] in {"a" "b"})',
  'any(http.request.headers.names[*] eq "X-Kind")',
  'http.request.uri.query contains "marked-query"',
  'any(http.request.uri.args["x"][*] eq "1")',
  'http.referer eq ""',
  'http.referer ne "http://other.example/"',
  'http.request.body.size gt 3',
  'http.request.body.mime eq "application/json"',
  'ip.src in {127.0.0.0/30}',
  'ip.src eq 127.0.0.9',
  'ip.src in $seen',
  'ip.src in $office',
  'http.host eq "app.example"',
  'http.request.full_uri contains "example/admin"',
  'http.request.timestamp.sec gt 1000',
  'http.request.version eq "HTTP/1.1"',
  'ssl',
  'all(http.request.headers["x-kind"][*] ne "c")',
  'credveil.login.detected',
];

const ACTIONS = [
  'log',
  'log',
  'skip',
  'block',
  'block',
  '{ setHeader: { X-Rule: "1" } }',
  '{ addToList: { list: seen } }',
];

export function randomCondition(random: Random, depth: number): string {
  const kind = depth === 0 ? 0 : random.below(5);
  if (kind < 2) return random.pick(CONDITIONS);
  const inner = (): string => randomCondition(random, depth - 1);
  if (kind === 2) return `not (${inner()})`;
  return `(${inner()} ${random.pick(['and', 'or', 'xor'])} ${inner()})`;
}

/** A list of YAML below `rules`. */
export function randomRules(random: Random, count: number, indent: string): string {
  return Array.from({ length: count }, (_, i) => {
    const onUnknown = random.below(3) === 0 ? ', onUnknown: apply' : '';
    return `${indent}- { name: r${i}, when: '${randomCondition(random, 2)}', do: ${random.pick(ACTIONS)}${onUnknown} }`;
  }).join('\n');
}

const TARGETS = [
  '/',
  '/admin',
  '/%61dmin',
  '//admin',
  '/x/../admin',
  '/a?x=1',
  '/a?x=2&marked-query',
  '/reset/marked0Token1234567890abcd',
  '/user/marked@person.example',
  '/ADMIN;v=1',
];
const HEADERS = [
  'User-Agent: a bot',
  `User-Agent: ${'long '.repeat(300)}`,
  'Cookie: s=marked-cookie; t=1',
  'X-Kind: a',
  'x-kind: c',
  'Referer: http://other.example/?marked-query',
  'Authorization: Bearer marked-token',
  'Content-Type: application/json; charset=utf-8',
];

export function randomRequest(random: Random): string {
  const method = random.pick(['GET', 'GET', 'POST', 'PUT']);
  const headers = HEADERS.filter(() => random.below(3) === 0);
  const isAgain = headers.filter((line) => line.startsWith('User-Agent')).length > 1;
  const body = method === 'GET' ? '' : 'x'.repeat(random.below(8));
  const lines = [
    `${method} ${random.pick(TARGETS)} HTTP/1.1`,
    'Host: app.example',
    ...(isAgain ? headers.slice(1) : headers),
    ...(method === 'GET' ? [] : [`Content-Length: ${body.length}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
