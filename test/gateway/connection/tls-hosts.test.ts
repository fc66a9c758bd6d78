// Hosts of several TLS profiles on one port: which certificate, which protocol, which application.

import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { echo, echoOf, seen, serve, startOrigin } from '../../support/gateway/gateway.ts';
import {
  ask,
  askHttp2,
  askOn,
  connectHttp2,
  echoOfHttp2,
  hostsInFrontOf,
  secure,
  tlsKey,
} from '../../support/gateway/tls.ts';
import { pairOf } from '../../support/tls-files.ts';

const FIRST = 'Credveil test server 1, not for use';
const SECOND = 'Credveil test server 2, not for use';
const served = async (more?: string) => serve(hostsInFrontOf((await startOrigin(echo)).url, more));

describe('a host', () => {
  test('gets the certificate and the protocol of its own profile', async () => {
    const { port } = await served();
    const found: unknown[] = [];
    for (const servername of ['public.example', 'PUBLIC.example', 'optional.example', 'unknown.example', undefined])
      for (const ALPNProtocols of [['h2', 'http/1.1'], ['http/1.1'], undefined]) {
        const socket = await secure({ port, ALPNProtocols, ...(servername !== undefined && { servername }) });
        found.push([servername, socket.getPeerCertificate().subject.CN, socket.alpnProtocol]);
        socket.destroy();
      }
    const rows = (name: string | undefined, certificate: string) => [
      [name, certificate, 'h2'],
      [name, certificate, 'http/1.1'],
      [name, certificate, false],
    ];
    expect(found).toEqual([
      ...rows('public.example', FIRST),
      ...rows('PUBLIC.example', FIRST),
      ...rows('optional.example', SECOND),
      ...rows('unknown.example', FIRST),
      ...rows(undefined, FIRST),
    ]);
  });

  test('that is unknown gets no handshake where no profile is for all, and is counted and told once', async () => {
    const { url } = await startOrigin(echo);
    const app = (name: string, tls: string) => `  ${name}: { to: "${url}", tls: ${tls} }\n`;
    const text = `listen: 127.0.0.1:0\napps:\n${app('a.example', tlsKey('first'))}${app('b.example', tlsKey('second'))}`;
    const { port, events, gateway } = await serve(text);
    for (const servername of ['unknown.example', 'other.example', undefined])
      await expect(secure({ port, ...(servername !== undefined && { servername }) })).rejects.toThrow();
    const told = events.filter(({ event }) => event === 'connections-refused');
    expect(told).toEqual([expect.objectContaining({ code: 'TLS_NAME_UNKNOWN', connections: 1 })]);
    expect(JSON.stringify(events)).not.toContain('unknown.example');
    const metrics = JSON.stringify(await gateway.metrics());
    expect(metrics).toContain('{"value":3,"labels":{"code":"TLS_NAME_UNKNOWN"}}');
  });

  test('is told to applications as secure', async () => {
    const { port } = await served();
    const answer = await ask({ port, servername: 'public.example' });
    expect(seen(echoOf(answer as never), 'x-forwarded-proto')).toEqual(['https']);
  });

  test.each(['managed.example', 'optional.example', 'contractors.example'])(
    'of another profile than the connection is misdirected: public.example, then %s',
    async (hostHeader) => {
      const { port } = await served();
      for (const servername of ['public.example', 'unknown.example', undefined]) {
        const answer = await ask({ port, ...(servername !== undefined && { servername }), hostHeader });
        expect(answer?.status).toBe(421);
        expect(answer?.head).toContain('Connection: close');
        expect(answer?.body).toContain('HOST_MISDIRECTED');
      }
      const session = await connectHttp2({ port, servername: 'public.example' });
      const wrong = await askHttp2(session, { ':authority': hostHeader });
      expect(wrong.status).toBe(421);
      const twofold = await askHttp2(session, { ':authority': 'public.example', host: hostHeader });
      expect(twofold.status).toBe(400);
      // The session goes on with hosts of its profile.
      expect((await askHttp2(session, { ':authority': 'also.example' })).status).toBe(200);
    },
  );

  test('of the same profile is served on the same connection', async () => {
    const { port } = await served();
    expect((await ask({ port, servername: 'public.example', hostHeader: 'also.example:8443' }))?.status).toBe(200);
  });

  test('that has a profile of its own is served without a server name only if there is one profile', async () => {
    const { url } = await startOrigin(echo);
    const one = (name: string, key: string) => `  ${name}: { to: "${url}", tls: ${key} }\n`;
    const start = 'listen: { address: "127.0.0.1:0", protocol: https }\napps:\n';
    const single = await serve(start + one('a.example', tlsKey('first')));
    expect((await ask({ port: single.port, hostHeader: 'a.example' }))?.status).toBe(200);
    const two = await serve(start + one('a.example', tlsKey('first')) + one('b.example', tlsKey('second')));
    expect(await ask({ port: two.port, hostHeader: 'a.example' })).toBeUndefined();
    expect(await ask({ port: two.port, servername: 'c.example' })).toBeUndefined();
    expect((await ask({ port: two.port, servername: 'b.example' }))?.status).toBe(200);
  });
});

describe('a client certificate', () => {
  test.each<[string, 'client' | 'stranger' | undefined, number | undefined, string[]]>([
    ['public.example', 'client', 200, []],
    ['managed.example', undefined, undefined, []],
    ['managed.example', 'stranger', undefined, []],
    ['managed.example', 'client', 200, ['yes']],
    ['optional.example', undefined, 200, []],
    ['optional.example', 'stranger', 200, []],
    ['optional.example', 'client', 200, ['yes']],
    ['contractors.example', 'client', undefined, []],
    ['contractors.example', 'stranger', 200, ['yes']],
  ])('at %s: %s', async (servername, certificate, status, verified) => {
    const { port } = await served();
    const pair = certificate && pairOf(certificate);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const options = { port, servername, ...pair, minVersion: version, maxVersion: version };
      const answer = await ask(options);
      expect(answer?.status, version).toBe(status);
      if (answer) expect(seen(echoOf(answer), 'x-verified')).toEqual(verified);
    }
    if (status === undefined) return;
    const session = await connectHttp2({ port, servername, ...pair });
    const answer = await askHttp2(session, { ':authority': servername, 'x-verified': 'yes' });
    // A client that sends the header itself has it passed on: rules set it under their condition.
    if (verified.length > 0) expect(seen(echoOfHttp2(answer), 'x-verified')).toEqual(verified);
    expect(answer.status).toBe(200);
  });

  test('is required over plain HTTP too: the host is not there', async () => {
    const { url } = await startOrigin(echo);
    const text = hostsInFrontOf(url).replace(
      'listen: 127.0.0.1:0',
      'listen: [127.0.0.1:0, { address: "127.0.0.1:0", protocol: http }]',
    );
    const { gateway } = await serve(text);
    const response = await fetch(`http://127.0.0.1:${gateway.ports[1]}/`, { redirect: 'manual' });
    expect(response.status).toBe(404);
    const socket = (await import('node:net')).connect(gateway.ports[1] as number, '127.0.0.1');
    socket.end('GET / HTTP/1.1\r\nHost: managed.example\r\nConnection: close\r\n\r\n');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(bytes.toString()).toContain('421');
  });
});

describe('an ORIGIN frame', () => {
  test('names the hosts of the profile, and no other', async () => {
    const { port } = await served();
    const session = await connectHttp2({ port, servername: 'public.example' });
    const [origins] = (await once(session, 'origin')) as [string[]];
    expect(origins).toEqual([`https://public.example:${port}`, `https://also.example:${port}`]);
  });

  test('has as many hosts as fit', async () => {
    const { url } = await startOrigin(echo);
    const names = Array.from({ length: 500 }, (_, i) => `host-${i}.${'long.'.repeat(20)}example`);
    const apps = names.map((name) => `  ${name}: { to: "${url}" }\n`).join('');
    const { port } = await serve(`listen: 127.0.0.1:0\ntls: ${tlsKey('first')}\napps:\n${apps}`);
    const [servername] = names.slice(-1) as [string];
    const session = await connectHttp2({ port, servername });
    const [origins] = (await once(session, 'origin')) as [string[]];
    expect(origins).toContain(`https://${servername}:${port}`);
    expect(origins.length).toBeGreaterThan(50);
    expect((await askHttp2(session, { ':authority': servername })).status).toBe(200);
  });
});

test('a connection that shows no certificate in time is closed', async () => {
  const { port } = await served('limits: { headersTimeoutMs: 200 }\n');
  const socket = await secure({ port, servername: 'public.example' });
  expect((await askOn(socket, 'public.example'))?.status).toBe(200);
  const silent = (await import('node:net')).connect(port, '127.0.0.1');
  await once(silent, 'close');
});
