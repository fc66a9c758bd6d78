// Another proxy asks about requests: how each kind names them, and what it is told.

import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../gateway/config/load.ts';
import { exchange, serve } from '../../support/gateway/gateway.ts';

const RULES = `apps:
  app.example:
    rules:
      - { name: admin, when: 'starts_with(http.request.uri.path, "/admin") and not ip.src in {192.0.2.0/24}', do: { block: { status: 451, html: "<p>no</p>" } } }
      - { when: 'http.request.method eq "DELETE"', do: block }
      - { when: ssl, do: { setHeader: { X-Zone: secure } } }
`;
const asking = (proxy: string, more = '') => `forwardAuth: { listen: 127.0.0.1:0, proxy: ${proxy}${more} }\n${RULES}`;

/** The headers with which each proxy names a request. */
const QUESTIONS: { readonly [proxy: string]: (method: string, target: string, client?: string) => string } = {
  nginx: (method, target, client = '198.51.100.1') =>
    `GET /auth HTTP/1.1\r\nHost: auth\r\nX-Original-Method: ${method}\r\nX-Original-URL: https://app.example${target}\r\nX-Forwarded-For: ${client}\r\n`,
  caddy: (method, target, client = '198.51.100.1') =>
    `GET /auth HTTP/1.1\r\nHost: auth\r\nX-Forwarded-Method: ${method}\r\nX-Forwarded-Uri: ${target}\r\nX-Forwarded-Host: app.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: ${client}\r\n`,
  envoy: (method, target, client = '198.51.100.1') =>
    `${method} ${target} HTTP/1.1\r\nHost: app.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: ${client}\r\n`,
};
const ask = (proxy: string, method: string, target: string, client?: string): string =>
  // Traefik asks as Caddy does.
  QUESTIONS[proxy === 'traefik' ? 'caddy' : proxy]?.(method, target, client) ?? '';

describe.each(['nginx', 'caddy', 'traefik', 'envoy'])('%s', (proxy) => {
  const refused = proxy === 'nginx' ? 403 : 451;

  test('is told what rules decide about the request, and what they set', async () => {
    const { port } = await serve(asking(proxy));
    const allowed = await exchange(port, `${ask(proxy, 'GET', '/a?b')}\r\n`);
    expect(allowed.status).toBe(200);
    expect(allowed.head).toContain('X-Zone: secure');
    expect((await exchange(port, `${ask(proxy, 'GET', '/admin')}\r\n`)).status).toBe(refused);
    expect((await exchange(port, `${ask(proxy, 'GET', '/x/..%2fadmin')}\r\n`)).status).toBe(refused);
    expect((await exchange(port, `${ask(proxy, 'GET', '/admin', '192.0.2.1')}\r\n`)).status).toBe(200);
    expect((await exchange(port, `${ask(proxy, 'DELETE', '/')}\r\n`)).status).toBe(403);
  });

  test.each(['refuse', 'normalize'])('has a path refused that it cannot %s', async (path) => {
    const { port } = await serve(asking(proxy).replace('    rules:', `    path: ${path}\n    rules:`));
    expect((await exchange(port, `${ask(proxy, 'GET', '/a//b')}\r\n`)).status).toBe(proxy === 'nginx' ? 403 : 400);
    expect((await exchange(port, `${ask(proxy, 'GET', '/a/b')}\r\n`)).status).toBe(200);
  });

  test('is told that a header has no value where no rule sets it', async () => {
    const { port } = await serve(asking(proxy).replace('when: ssl', 'when: not ssl'));
    expect((await exchange(port, `${ask(proxy, 'GET', '/')}\r\n`)).head).toMatch(/\r\nX-Zone: ?\r\n/);
  });

  test('takes the address of the client that the proxy saw', async () => {
    const { port } = await serve(asking(proxy));
    const forged = `${ask(proxy, 'GET', '/admin', '192.0.2.1, 198.51.100.1')}\r\n`;
    expect((await exchange(port, forged)).status).toBe(refused);
  });

  test.each([
    ['another host', (text: string) => text.replaceAll('app.example', 'other.example')],
    ['no request', () => 'GET / HTTP/1.1\r\nHost: app.example\r\n'],
    [
      'two requests',
      (text: string) =>
        `${text}X-Original-URL: https://app.example/\r\nX-Forwarded-Uri: /\r\nX-Forwarded-Proto: http\r\n`,
    ],
    ['a scheme that is none', (text: string) => text.replace('https', 'gopher')],
    ['a name with underscores', (text: string) => `${text}X_Forwarded_Uri: /\r\n`],
  ])('is refused where it asks about %s', async (_, change) => {
    const { port } = await serve(asking(proxy));
    const { status } = await exchange(port, `${change(ask(proxy, 'GET', '/'))}\r\n`);
    expect(status).toBeGreaterThanOrEqual(400);
  });
});

describe('forward-auth', () => {
  test('judges the policies of an application by the client that the proxy saw', async () => {
    const access =
      '    access: { policies: [{ name: office, action: bypass, include: [{ address: 192.0.2.0/24 }] }, { name: staff, action: allow, include: [{ everyone: true }], paths: /people }] }\n';
    for (const [proxy, denied, asked] of [
      ['caddy', 403, 401],
      ['nginx', 403, 403],
    ] as const) {
      const { port } = await serve(
        `forwardAuth: { listen: 127.0.0.1:0, proxy: ${proxy} }\napps:\n  app.example:\n${access}`,
      );
      const statusOf = async (target: string, client: string) =>
        (await exchange(port, `${ask(proxy, 'GET', target, client)}\r\n`)).status;
      expect(await statusOf('/', '192.0.2.1')).toBe(200);
      expect(await statusOf('/', '198.51.100.1')).toBe(denied);
      expect(await statusOf('/people', '198.51.100.1')).toBe(asked);
      expect(await statusOf('/x/..%2fpeople', '192.0.2.1')).not.toBe(200);
    }
  });

  test.each(['caddy', 'nginx', 'traefik'] as const)(
    'of %s refuses names that applications read as its own',
    async (proxy) => {
      const access =
        '    access: { headers: { Remote-User: email }, policies: [{ name: all, action: bypass, include: [{ everyone: true }] }] }\n';
      const { port } = await serve(
        `forwardAuth: { listen: 127.0.0.1:0, proxy: ${proxy} }\napps:\n  app.example:\n${access}`,
      );
      const with_ = async (line: string) => (await exchange(port, `${ask(proxy, 'GET', '/')}${line}\r\n\r\n`)).status;
      // The answer replaces it.
      expect(await with_('Remote-User: root')).toBe(200);
      expect(await with_('X_Other: 1')).toBe(200);
      for (const name of [
        'Remote_User',
        'REMOTE_USER',
        'Remote.User',
        'X_Auth_User',
        'X_Forwarded_User',
        'Remote_Groups',
      ])
        expect(await with_(`${name}: root`), name).not.toBe(200);
    },
  );

  test('hears nobody but the proxies that may ask', async () => {
    const { port } = await serve(asking('caddy', ', from: [192.0.2.1/32]'));
    expect((await exchange(port, `${ask('caddy', 'GET', '/')}\r\n`)).head).toBe('');
  });

  test('is refused at load with a rule on what the proxy does not send', () => {
    const { faults } = parseConfig(
      'forwardAuth: { listen: ":1", proxy: nginx }\napps:\n  a.example:\n    rules:\n      - { when: http.request.body.size gt 5, do: block }\n',
    );
    expect(faults).toEqual([
      expect.objectContaining({
        line: 5,
        key: 'apps.a.example.rules.0.when',
        message: expect.stringContaining('http.request.body.size'),
      }),
    ]);
  });

  test('needs no `to`, and the gateway needs one of both addresses', () => {
    expect(parseConfig('apps: { a.example: {} }').faults.map(({ key }) => key)).toEqual(['listen']);
    expect(parseConfig('listen: ":1"\napps: { a.example: {} }').faults.map(({ key }) => key)).toEqual([
      'apps.a.example.to',
    ]);
  });
});
