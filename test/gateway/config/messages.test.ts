// Every mistake is told in words of this product: the schema is asked at each of its places, with
// values of each kind.

import { expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';
import { CONFIG } from '../../../gateway/config/schema.ts';
import { faultsOf, messageOf } from '../../../gateway/config/schema-faults.ts';
import type { Definition } from '../../support/gateway/schema-definition.ts';

type Wrap = (value: unknown) => unknown;

const NAMES: { readonly [parent: string]: string } = { apps: 'a.example', setHeader: 'X-A' };

/** A function for each place, which makes a configuration that has a value there. */
function placesOf(definition: Definition, wrap: Wrap, parent = ''): Wrap[] {
  const { innerType, in: input, options = [], shape = {}, valueType, element } = definition;
  const name = NAMES[parent] ?? 'name';
  return [
    wrap,
    ...[innerType, input, ...options].flatMap((each) => (each ? placesOf(each.def, wrap, parent) : [])),
    ...Object.entries(shape).flatMap(([key, { def }]) => placesOf(def, (value) => wrap({ [key]: value }), key)),
    ...(valueType ? placesOf(valueType.def, (value) => wrap({ [name]: value }), parent) : []),
    ...(element ? placesOf(element.def, (value) => wrap([value]), parent) : []),
  ];
}

const LONG = 'x'.repeat(40_000);
const VALUES = [null, 0, -1, 1.5, 2 ** 60, true, '', 'x y', LONG, [], [null], [[]], Array(300).fill('x'), {}, { x: 1 }];
/** How zod begins its own messages. */
const FOREIGN = /Invalid|Too (?:big|small)|Unrecognized|expected|received|<=|>=|undefined/;

const PLACES = placesOf(CONFIG.def as unknown as Definition, (value) => value);

test('no message is one of the library that checks the values', () => {
  expect(PLACES.length).toBeGreaterThan(100);
  const messages = new Set<string>();
  for (const wrap of PLACES)
    for (const value of VALUES)
      for (const issue of CONFIG.safeParse(wrap(value), { reportInput: true, error: messageOf }).error?.issues ?? [])
        for (const { message, hint = '' } of faultsOf(issue)) messages.add(message).add(hint);
  expect(messages.size).toBeGreaterThan(50);
  expect([...messages].filter((message) => FOREIGN.test(message) || message.length > 1000)).toEqual([]);
});

const rule = (action: string): string =>
  `listen: ":1"\napps:\n  a.example:\n    to: http://h\n    rules:\n      - { when: ssl, do: ${action} }`;

const LOGIN = `{ name: one, when: 'ssl', password: 'http.request.body.form["p"][0]' }`;

test.each([
  [
    'an application without keys',
    'listen: ":1"\napps:\n  a.example:\n  to: http://h',
    'apps.a.example',
    /no value.*indented/,
    undefined,
  ],
  [
    'a header of the connection',
    rule('{ setHeader: { Host: x } }'),
    'apps.a.example.rules.0.do.setHeader.Host',
    /not its connection or framing/,
    undefined,
  ],
  [
    'a status of an answer that is none',
    rule('{ block: { status: 200 } }'),
    'apps.a.example.rules.0.do.block.status',
    /400 to 599/,
    undefined,
  ],
  [
    'an action with a typo',
    rule('{ setHeadr: { X-A: b } }'),
    'apps.a.example.rules.0.do.setHeadr',
    /not a known key/,
    /setHeader/,
  ],
  ['an action that is empty', rule('{}'), 'apps.a.example.rules.0.do', /must be log, skip, block/, undefined],
  [
    'a typo in a single address',
    'listen: { adress: ":1" }\napps: { "*": { to: http://h } }',
    'listen.adress',
    /not a known key/,
    /address/,
  ],
  [
    'a key of another product',
    'listen: ":1"\napps: { "*": { to: http://h, tls: { certificates: x } } }',
    'apps.*.tls.certificates',
    /not a known key/,
    /certFile, keyFile/,
  ],
  [
    'a short key',
    'listen: ":1"\napps: { "*": { two: http://h } }',
    'apps.*.two',
    /not a known key/,
    /^Did you mean "to"\?$/,
  ],
  [
    'a key near nothing',
    'listen: ":1"\napps: { "*": { x: http://h } }',
    'apps.*.x',
    /not a known key/,
    /The keys here are to, /,
  ],
  [
    'an action with a short key',
    rule('block').replace('do:', 'dos:'),
    'apps.a.example.rules.0.dos',
    /not a known key/,
    /^Did you mean "do"\?$/,
  ],
  [
    'a log level',
    'listen: ":1"\nlogLevel: loud\napps: { "*": { to: http://h } }',
    'logLevel',
    /one of trace, debug, info, warn, error, fatal, silent/,
    undefined,
  ],
  ...(
    [
      ['äpps.example', 'xn--pps-pla.example'],
      ['*.Äpps.example', '*.xn--pps-pla.example'],
      ['https://user:pw@A.example:8443/wiki/', 'a.example/wiki'],
      ['A.example', 'a.example'],
    ] as const
  ).map(([name, meant]): [string, string, string, RegExp, RegExp | undefined] => [
    `the host ${name}`,
    `listen: ":1"\napps: { "${name}": { to: http://h } }`,
    `apps.${name.replace('@', '?')}`,
    /must be a host/,
    new RegExp(`^Did you mean "${meant.replace(/[.*]/g, '\\$&')}"\\?$`),
  ]),
  [
    'JSON with a comma too many',
    '{"listen": ":1",, "apps": {}}',
    '',
    /^the file is neither YAML nor JSON here/,
    undefined,
  ],
  [
    'a misspelled preset of limits',
    `listen: ":1"\napps: { a.example: { to: http://h, login: generic, loginLimits: failure } }`,
    'apps.a.example.loginLimits',
    /must be a preset/,
    /^Did you mean "failures"\?$/,
  ],
  [
    'a misspelled preset of limits in a list',
    `listen: ":1"\napps: { a.example: { to: http://h, login: generic, loginLimits: [laddre] } }`,
    'apps.a.example.loginLimits.0',
    /must be a preset/,
    /^Did you mean "ladder"\?$/,
  ],
  [
    'a domain of addresses with its @',
    `listen: ":1"\napps: { a.example: { to: http://h, access: { policies: [{ name: a, action: allow, include: [{ emailDomain: "@example.com" }] }] } } }`,
    'apps.a.example.access.policies.0.include.0.emailDomain',
    /^must be a domain without @, such as example\.com$/,
    undefined as unknown as RegExp,
  ],
  [
    'a misspelled word',
    `listen: ":1"\napps: { a.example: { to: http://h, path: normalise } }`,
    'apps.a.example.path',
    /must be/,
    /^Did you mean "normalize"\?$/,
  ],
  ...['http.response.code in {401,403}', 'any(x["a"][0] == "b")', '"/a" in x'].map(
    (text): [string, string, string, RegExp, RegExp] => [
      `an expression without quotes: ${text}`,
      `listen: ":1"\napps: { a.example: { rules: [{ when: ${text}, do: log }] } }`,
      '',
      /neither YAML nor JSON here/,
      /into single quotes/,
    ],
  ),
  ...(
    [
      ['metrics: "127.0.0.1:1"', 'metrics'],
      ['admin: { page: ":1" }', 'admin.page'],
      ['admin: { page: ":2" }\nmetrics: ":2"', 'admin.page'],
    ] as const
  ).map(([more, key]): [string, string, string, RegExp, RegExp] => [
    `an address that stands twice: ${more}`,
    `listen: ":1"\napps: { a.example: { to: "http://h" } }\n${more}`,
    key,
    /is also an address of (?:listen|metrics)/,
    /port of its own/,
  ]),
  [
    'two logins of one name',
    `listen: ":1"\napps: { a.example: { to: "http://h", login: { locations: [${LOGIN}, ${LOGIN}] } } }`,
    'apps.a.example.login.locations.1.name',
    /name of another login/,
    undefined,
  ],
  [
    'a redirect that leads nowhere',
    `listen: ":1"\nleaks: { url: "http://l", keyFile: k }\napps: { a.example: { to: "http://h", login: { onLeaked: { pair: redirect }, locations: [${LOGIN}, ${LOGIN.replace('one', 'api').replace('}', ', beginsSession: false }')}] } } }`,
    'apps.a.example.login.onLeaked',
    /no page for a new password: one$/,
    /beginsSession: false/,
  ],
  [
    'a list with a typo',
    `${rule('block').replace('ssl', 'ip.src in $offce')}\nlists: { office: { items: [] } }`,
    'apps.a.example.rules.0.when',
    /no list \$offce/,
    /Did you mean \$office\?/,
  ],
  [
    'a list with a typo, to add to',
    `${rule('{ addToList: { list: sen } }')}\nlists: { seen: { observed: {} } }`,
    'apps.a.example.rules.0.do.addToList.list',
    /no list/,
    /Did you mean seen\?/,
  ],
  [
    'a list that takes no addresses, to add to',
    `${rule('{ addToList: { list: office } }')}\nlists: { office: { items: [] } }`,
    'apps.a.example.rules.0.do.addToList.list',
    /takes no addresses/,
    /observed/,
  ],
  [
    'a host of two policies',
    'listen: ":1"\napps:\n  a.example: { to: http://h }\n  a.example/x: { to: http://i, path: refuse, origin: windows }',
    'apps.a.example',
    /whose origin and path differ/,
    /sameOriginTrust/,
  ],
])('%s is told at its key', (_, text, key, message, hint) => {
  const fault = parseConfig(text).faults.find((each) => each.key === key);
  expect(fault?.message).toMatch(message);
  if (hint) expect(fault?.hint).toMatch(hint);
});

test('what follows a slip of syntax is not told as further mistakes', () => {
  const text = 'listen: ":1"\nlimits: [{ count: x in {1,2}, allow: 20, by: [a] }]\nlisten: ":2"';
  expect(parseConfig(text).faults.map(({ line, column }) => [line, column])).toEqual([[2, 24]]);
  const twice = 'listen: ":1"\nlisten: ":2"\napps: {}\napps: {}';
  expect(parseConfig(twice).faults.map(({ line }) => line)).toEqual([2, 4]);
});
