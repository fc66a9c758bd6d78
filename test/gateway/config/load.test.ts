// The configuration: what three lines mean, and that every mistake has its line.

import { describe, expect, test } from 'vitest';
import { compareConfigs } from '../../../gateway/config/compare.ts';
import { parseConfig } from '../../../gateway/config/load.ts';
import { configOf } from '../../support/gateway/gateway.ts';

const MINIMAL = 'listen: ":8080"\napps:\n  app.example: { to: "http://127.0.0.1:8081" }\n';

describe('a configuration', () => {
  test('of three lines is whole', () => {
    const { listen, apps, trustedProxies, workers } = configOf(MINIMAL);
    expect(listen).toEqual([{ address: ':8080', protocol: undefined }]);
    expect(apps['app.example']).toMatchObject({
      to: 'http://127.0.0.1:8081',
      path: 'as-is',
      upstream: { host: 'client' },
    });
    expect(trustedProxies).toEqual([]);
    expect(workers).toBe('auto');
  });

  test('may be JSON', () => {
    const json = JSON.stringify({
      listen: [':1', { address: ':2', protocol: 'http' }],
      apps: { '*': { to: 'http://h' } },
    });
    expect(configOf(json).listen).toHaveLength(2);
  });

  test.each([
    ['a key with a typo', `${MINIMAL}trustedProxy: []`, 4, 1, 'trustedProxy', /not a known key/, /trustedProxies/],
    [
      'a typo below an application',
      'listen: ":1"\napps:\n  a.example:\n    to: http://h\n    upstrem: {}',
      5,
      5,
      'apps.a.example.upstrem',
      /not a known key/,
      /upstream/,
    ],
    [
      'a missing key',
      'listen: ":1"\napps:\n  a.example:\n    path: refuse',
      4,
      5,
      'apps.a.example.to',
      /is missing/,
      undefined,
    ],
    [
      'a typo in one of several addresses',
      'listen: [":1", { address: ":2", protocl: http }]\napps: { "*": { to: http://h } }',
      1,
      33,
      'listen.1.protocl',
      /not a known key/,
      /protocol/,
    ],
    ['a missing listen', 'apps: { a.example: { to: http://h } }', 1, 1, 'listen', /is missing/, undefined],
    [
      'an address without a port',
      'listen: localhost\napps: { "*": { to: http://h } }',
      1,
      9,
      'listen',
      /HOST:PORT/,
      undefined,
    ],
    [
      'a path in the URL of an application',
      'listen: ":1"\napps:\n  "*": { to: http://h/path }',
      3,
      14,
      'apps.*.to',
      /without path/,
      undefined,
    ],
    [
      'a host in capitals',
      'listen: ":1"\napps:\n  A.example: { to: http://h }',
      3,
      3,
      'apps.A.example',
      /lower case/,
      undefined,
    ],
    ['a network that is none', `${MINIMAL}trustedProxies: [10.0.0.0/40]`, 4, 18, 'trustedProxies.0', /CIDR/, undefined],
    [
      'a limit below its least',
      `${MINIMAL}limits: { maxConnections: 0 }`,
      4,
      27,
      'limits.maxConnections',
      /whole number/,
      undefined,
    ],
    [
      'HTTPS without a certificate',
      'listen: { address: ":1", protocol: https }\napps: { "*": { to: http://h } }',
      1,
      9,
      'listen.0',
      /certificate/,
      /tls/,
    ],
    [
      'a host without a certificate on HTTPS alone',
      'listen: [":1", { address: ":2", protocol: redirect }]\napps:\n  a.example: { to: http://h, tls: { certFile: a, keyFile: b } }\n  b.example: { to: http://h }',
      4,
      3,
      'apps.b.example',
      /no certificate.*nobody can reach it/,
      /protocol: http/,
    ],
    [
      'an application that is the gateway',
      `${MINIMAL}  b.example: { to: "http://localhost:8080" }`,
      4,
      16,
      'apps.b.example.to',
      /come back to the gateway/,
      /port of the application/,
    ],
    ['a host twice', `${MINIMAL}  app.example/: { to: http://h }`, 4, 3, 'apps.app.example/', /same place/, undefined],
    ['a key twice', `${MINIMAL}listen: ":2"`, 4, 1, '', /twice/, undefined],
    ['a tab', 'listen: ":1"\napps:\n\ta: 1', 3, 1, '', /tabs/, undefined],
    ['the host of the gateway', `${MINIMAL}auth: app.example`, 3, 3, 'apps.app.example', /own pages/, undefined],
  ])('with %s is refused at its place', (_, text, line, column, key, message, hint) => {
    const { config, faults } = parseConfig(text);
    expect(config).toBeUndefined();
    const fault = faults.find((each) => each.key === key);
    expect(fault).toMatchObject({ line, column });
    expect(fault?.message).toMatch(message);
    if (hint) expect(fault?.hint).toMatch(hint);
  });

  test('repeats no value in its mistakes', () => {
    const { faults } = parseConfig('listen: sEcReT\napps: { "*": { to: "http://user:sEcReT@h" } }\nlimits: sEcReT');
    expect(faults.length).toBeGreaterThan(2);
    expect(JSON.stringify(faults)).not.toContain('sEcReT');
  });

  test('has two policies on one host only where both are trusted', () => {
    const two = (more: string) =>
      `listen: ":1"\napps:\n  a.example: { to: http://h${more} }\n  a.example/x: { to: http://i, path: refuse${more} }`;
    expect(parseConfig(two('')).faults.map(({ message }) => message)).toEqual([
      expect.stringMatching(/shares its host/),
      expect.stringMatching(/shares its host/),
    ]);
    expect(parseConfig(two(', sameOriginTrust: true')).faults).toEqual([]);
  });

  test('that is empty, a list or a bomb of aliases is refused', () => {
    const bomb = `a: &a [x]\n${[...'bcdefghij'].map((name, i) => `${name}: &${name} [${`*${'abcdefghij'[i]},`.repeat(20)}]`).join('\n')}`;
    for (const text of ['', '[]', 'just text', bomb]) expect(parseConfig(text).config).toBeUndefined();
  });
});

test('a host without a certificate may be on an address without TLS', () => {
  const text = (listen: string) =>
    `listen: ${listen}\napps:\n  a.example: { to: http://h, tls: { certFile: a, keyFile: b } }\n  b.example: { to: http://h }`;
  expect(parseConfig(text('[":1", { address: ":2", protocol: http }]')).faults).toEqual([]);
  expect(parseConfig(`${text('":1"')}\ntls: { certFile: a, keyFile: b }`).faults).toEqual([]);
});

describe('a changed configuration', () => {
  test('names the keys that changed, and those that need a restart', () => {
    const before = configOf(MINIMAL);
    const after = configOf(
      'listen: ":9090"\napps:\n  app.example: { to: "http://127.0.0.1:8082" }\n  b.example: { to: http://h }\nlimits: { maxHeaderBytes: 9999, maxConnections: 7 }',
    );
    const { changed, needRestart } = compareConfigs(before, after);
    expect(changed.toSorted()).toEqual(['apps.app.example.to', 'apps.b.example', 'limits.maxConnections']);
    expect(needRestart.toSorted()).toEqual(['limits.maxHeaderBytes', 'listen']);
    expect(compareConfigs(before, before)).toEqual({ changed: [], needRestart: [] });
  });
});

test('conditions that are wrong are told with the mistakes of the schema', () => {
  const text = (lists: string) => `listen: here
rules: [{ when: "ip.srcc eq 1", dos: block }]
apps:
  a.example: { pathh: as-is, rules: [{ when: ssl, do: log }, { when: "ip.src in $offce", do: block }, 7, { when: 7 }] }
lists: ${lists}
`;
  const told = (lists: string) =>
    parseConfig(text(lists))
      .faults.filter(({ excerpt }) => excerpt)
      .map(({ key }) => key);
  expect(told('{ office: { items: [] } }')).toEqual(['rules.0.when', 'apps.a.example.rules.1.when']);
  // Any list may be meant.
  expect(told('{ office: 7 }')).toEqual(['rules.0.when']);
  for (const wrong of ['rules: 7\napps: []', 'apps: { a: 7 }\nrules: [7, [], { when: "" }]'])
    expect(parseConfig(`listen: here\n${wrong}`).config).toBeUndefined();
});

test('a missing target is told with the mistakes of the schema', () => {
  const apps = '  a.example: { path: refuse }\n  b.example: { to: "http://h" }\n  c.example:\n';
  const keysOf = (text: string) => parseConfig(text).faults.map(({ key }) => key);
  expect(keysOf(`listen: ":1"\nwrokers: 2\napps:\n${apps}`)).toEqual([
    'wrokers',
    'apps.a.example.to',
    'apps.c.example',
  ]);
  expect(keysOf(`listen: [1, x]\napps:\n${apps}`)).toContain('apps.a.example.to');
  // Proxies that ask need none.
  const asked = `forwardAuth: { listen: ":1", proxy: caddy }\nwrokers: 2\napps:\n${apps}`;
  expect(keysOf(asked)).toEqual(['wrokers', 'apps.c.example']);
});
