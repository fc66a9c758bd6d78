// Applications over TLS: who vouches for them, and what they are shown, on both ways to them.

import { once } from 'node:events';
import https, { type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { configOf, echo, exchange, parseAnswer, sendRaw, serve } from '../../support/gateway/gateway.ts';
import { fixture } from '../../support/paths.ts';
import { caPem, makeTlsFiles, pairOf } from '../../support/tls-files.ts';

const HOST = 'Host: app.example\r\n';
const pem = (name: string): string => JSON.stringify(fixture('tls', name));
const OWN_CA = `caFile: ${pem('ca.pem')}`;

async function startSecured(options: ServerOptions): Promise<number> {
  const server = https.createServer(options, (request, response) => {
    response.setHeader('X-Connection', String(request.socket.remotePort));
    echo(request, response);
  });
  server.on('upgrade', (_, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

const configTo = (to: string, upstream: string): string =>
  `listen: 127.0.0.1:0\napps:\n  "*": { to: "${to}", upstream: { ${upstream} } }\n`;

/** The status over undici, over node:http, and of a WebSocket. */
async function statusesAt(port: number): Promise<number[]> {
  const socket = `GET /ws HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  const expecting = `POST / HTTP/1.1\r\n${HOST}Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi`;
  return [
    (await exchange(port, `GET / HTTP/1.1\r\n${HOST}\r\n`)).status,
    parseAnswer((await sendRaw(port, expecting)).replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, '')).status,
    parseAnswer(await sendRaw(port, socket)).status,
  ];
}
const WELL = [200, 200, 101];
const FAILED = [502, 502, 502];
const first = pairOf('first');

test.each<[string, ServerOptions, string, string, string | undefined]>([
  ['its own CA', first, 'localhost', OWN_CA, undefined],
  ['an address in its certificate', first, '127.0.0.1', OWN_CA, undefined],
  ['serverName', first, '127.0.0.1', `${OWN_CA}, serverName: localhost`, undefined],
  ['no CA', first, 'localhost', '', 'UPSTREAM_TLS_UNTRUSTED'],
  ['a stranger', pairOf('stranger'), 'localhost', OWN_CA, 'UPSTREAM_TLS_UNTRUSTED'],
  ['another name', first, 'localhost', `${OWN_CA}, serverName: other.example`, 'UPSTREAM_TLS_NAME'],
  [
    'a certificate of ours',
    { ...first, ca: caPem, requestCert: true },
    'localhost',
    `${OWN_CA}, certFile: ${pem('client.pem')}, keyFile: ${pem('client.key')}`,
    undefined,
  ],
  [
    'none of ours',
    { ...first, ca: caPem, requestCert: true },
    'localhost',
    OWN_CA,
    'UPSTREAM_TLS_REFUSED or UPSTREAM_FAILED',
  ],
])('an application with %s', async (_, options, host, upstream, code) => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const origin = await startSecured({ ...options, minVersion: version, maxVersion: version });
    const { port, events } = await serve(configTo(`https://${host}:${origin}`, upstream));
    // Twice: a session of a connection that was refused must open none.
    for (let i = 0; i < 2; i++) expect(await statusesAt(port), version).toEqual(code ? FAILED : WELL);
    const failed = events.filter(({ event }) => event === 'upstream-failed');
    expect(failed).toHaveLength(code ? 6 : 0);
    // Whether the alert of node:tls comes before its reset is up to the kernel.
    for (const event of failed) {
      expect(event).toMatchObject({ hint: expect.any(String) });
      expect(code?.split(' or ')).toContain((event as { code: string }).code);
    }
  }
});

test('the name in Host is not what is verified, and costs no connection', async () => {
  const origin = await startSecured(first);
  const { port } = await serve(configTo(`https://localhost:${origin}`, OWN_CA));
  const connections = new Set<string>();
  for (const host of ['a.example', 'b.example', 'localhost']) {
    const { status, head } = await exchange(port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(status).toBe(200);
    connections.add(/X-Connection: (\d+)/.exec(head)?.[1] ?? '');
  }
  expect(connections.size).toBe(1);
});

test('a key that is not that of the certificate is a named error, and so is a missing CA', async () => {
  const wrong = `certFile: ${pem('client.pem')}, keyFile: ${pem('first.key')}`;
  await expect(serve(configTo('https://localhost:1', wrong))).rejects.toMatchObject({ code: 'TLS_FILES_INVALID' });
  const missing = serve(configTo('https://localhost:1', 'caFile: /nonexistent'));
  await expect(missing).rejects.toMatchObject({ code: 'TLS_FILE_UNREADABLE' });
});

test('files of an application that cannot be used leave no TLS profile open', async () => {
  const tls = (name: string) => `{ certFile: ${pem(`${name}.pem`)}, keyFile: ${pem(`${name}.key`)} }`;
  const bad = (own: string, upstream = '') =>
    `listen: { address: "127.0.0.1:0", protocol: https }\ntls: ${tls('first')}\napps:\n` +
    `  a.example: { to: "https://localhost:1", upstream: { ${upstream} } }\n` +
    `  b.example: { to: "http://127.0.0.1:1", tls: ${own} }\n`;
  const { gateway } = await serve(bad(tls('second')));
  const opened = vi.spyOn(globalThis, 'setInterval');
  const closed = vi.spyOn(globalThis, 'clearInterval');
  onTestFinished(() => void vi.restoreAllMocks());
  const timersOf = () => opened.mock.results.map(({ value }) => value);
  const stopped = () => closed.mock.calls.map(([timer]) => timer);
  for (const text of [
    bad(tls('stranger'), 'caFile: /nonexistent'),
    bad(`{ certFile: ${pem('stranger.pem')}, keyFile: /nonexistent }`),
    bad(`{ certFile: ${pem('stranger.pem')}, keyFile: ${pem('first.key')} }`),
  ]) {
    await expect(gateway.reload(configOf(text.replace(tls('first'), tls('expired'))))).rejects.toThrow();
    expect(timersOf().filter((timer) => !stopped().includes(timer))).toEqual([]);
  }
  // Files are watched by timers of that kind: the test would see one that is left.
  await gateway.reload(configOf(bad(tls('stranger'))));
  expect(timersOf().filter((timer) => !stopped().includes(timer)).length).toBeGreaterThan(0);
});

test('a reload takes up a CA that was replaced', async () => {
  const files = makeTlsFiles();
  onTestFinished(() => files.dispose());
  const origin = await startSecured(pairOf('stranger'));
  const text = configTo(`https://localhost:${origin}`, `caFile: ${JSON.stringify(files.caFile)}`);
  const { gateway, port } = await serve(text);
  const status = async () => (await exchange(port, `GET / HTTP/1.1\r\n${HOST}\r\n`)).status;
  expect(await status()).toBe(502);
  files.put({ ca: pairOf('stranger').cert });
  await gateway.reload(configOf(text));
  expect(await status()).toBe(200);
});
