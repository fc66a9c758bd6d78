// npm run bench:rules: what the rules of a gateway cost a request, in processor time.
//
// No rule is fulfilled. The index leaves most of them out together. Who writes what they look for
// into a request has them evaluated, which is measured too.

import os from 'node:os';
import { compileRule, parseRule } from '../../gateway/rules/rule.ts';
import { createRuleIndex } from '../../gateway/rules/rule-index.ts';
import { createScheme } from '../../gateway/rules/scheme.ts';
import { type Figure, formatFigures } from '../harness/figure.ts';
import { describeMachine } from '../harness/machine.ts';

const EVALUATIONS = 2_000_000;
const ROUNDS = 5;

const REQUEST = {
  host: 'www.example.com',
  path: '/blog/2026/11/some-article',
  method: 'GET',
  agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  address: { family: 4, word: 0xc0000207 },
  headers: new Map([
    ['accept', ['text/html', 'application/xhtml+xml']],
    ['accept-language', ['en']],
  ]),
} as const;

const scheme = createScheme<typeof REQUEST>('request', {
  'http.host': ({ host }) => host,
  'http.request.uri.path': ({ path }) => path,
  'http.request.method': ({ method }) => method,
  'http.user_agent': ({ agent }) => agent,
  'ip.src': ({ address }) => address,
  'http.request.headers': ({ headers }) => headers,
});

const OF_ALL: readonly ((i: number) => string)[] = [
  (i) => `http.request.uri.path contains "/login${i}" and not ip.src in {10.0.0.0/8 192.168.0.0/16}`,
  (i) => `http.user_agent matches "(?i)(?:curl|wget|python-requests|scrapy)/${i}"`,
  (i) => `lower(http.request.uri.path) wildcard "/files/*.php${i}"`,
  (i) => `any(http.request.headers["accept"][*] contains "json${i}")`,
  (i) => `ip.src in {10.${i % 256}.0.0/16 172.16.0.0/12 2001:db8::/32}`,
  (i) => `http.request.uri.path matches "^/api/v[0-9]+/users${i}$"`,
];
const OF_HOSTS: readonly ((i: number) => string)[] = [
  (i) => `http.host eq "app${i}.example.com" and http.request.method eq "POST"`,
  (i) => `starts_with(http.request.uri.path, "/wp-admin/${i}") and http.request.method in {"POST" "PUT"}`,
];

const mixed = (i: number): string => {
  const kinds = [...OF_ALL, ...OF_HOSTS];
  return (kinds[i % kinds.length] as (i: number) => string)(i);
};
const usual = (i: number): string => {
  const kinds = i % 10 === 0 ? OF_ALL : OF_HOSTS;
  return (kinds[Math.floor(i / 10) % kinds.length] as (i: number) => string)(i);
};

/** The fastest round, which other processes disturbed least. @returns microseconds a request */
function measure(count: number, sourceOf: (i: number) => string, isLeftOut = true): number {
  const rules = Array.from({ length: count }, (_, i) => compileRule(parseRule(sourceOf(i)), scheme, () => undefined));
  const { candidates } = createRuleIndex(rules.map(({ requirement }) => requirement));
  const answer = (): number => {
    const context = scheme.createContext(REQUEST);
    // Without a context all are candidates.
    return candidates(isLeftOut ? [context] : []).filter((i) => rules[i]?.evaluate(context) !== false).length;
  };
  if (answer() > 0) throw new Error('a rule is fulfilled');
  const requests = Math.ceil(EVALUATIONS / count / ROUNDS);
  let fastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < requests; i++) answer();
    const { user, system } = process.cpuUsage(before);
    // The first round compiles.
    if (round > 0) fastest = Math.min(fastest, (user + system) / requests);
  }
  return fastest;
}

/** Microseconds to parse, check and compile a rule. */
function measureLoad(count: number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) compileRule(parseRule(mixed(i)), scheme, () => undefined);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

const { cpu, cores, node } = describeMachine();
console.log(`${cpu}, ${cores} cores, Node ${node}, load ${os.loadavg()[0]?.toFixed(1)}`);
const figures: readonly Figure[] = [
  { name: '100 mixed rules', value: measure(100, mixed), unit: 'µs', note: 'a request' },
  { name: '1,000 usual rules', value: measure(1_000, usual), unit: 'µs', note: 'a request; one in ten for all hosts' },
  { name: '1,000 mixed rules', value: measure(1_000, mixed), unit: 'µs', note: 'a request' },
  { name: '1,000 evaluated', value: measure(1_000, mixed, false), unit: 'µs', note: 'a request; mixed, none left out' },
  { name: 'loading a rule', value: measureLoad(2_000), unit: 'µs', note: 'of the mixed ones' },
];
console.log(formatFigures(figures));
