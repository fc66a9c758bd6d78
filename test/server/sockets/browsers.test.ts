// What a web page of another site may read of a server on the same machine: CORS and DNS rebinding.

import { describe, expect } from 'vitest';
import { addClient, clientFileFor } from '../../../access/client-file.ts';
import { type CredveilServer, type ServerOptions, startServer } from '../../../server/server.ts';
import { seededPairs } from '../../support/dataset.ts';
import { connect, expectRawProblem, readToEnd } from '../../support/raw-http.ts';
import { datasetTest } from '../../support/vitest/fixtures.ts';

const test = datasetTest({ pairs: seededPairs(20), ranges: ['sha1'] }, 'file');
const EVIL = 'https://evil.example';
const PATHS = ['/range/00000', '/v1/head', '/v1/account/0', '/v1/filter/password', '/healthz', '/nothing'];

async function withServer(
  folder: string,
  options: ServerOptions,
  work: (server: CredveilServer) => Promise<void>,
): Promise<void> {
  const server = await startServer(folder, { port: 0, ...options });
  try {
    await work(server);
  } finally {
    await server.close({ deadlineMs: 100 });
  }
}

const allowed = async (server: CredveilServer, path: string, method = 'GET'): Promise<string | null> =>
  (await fetch(server.url + path, { method, headers: { Origin: EVIL } })).headers.get('access-control-allow-origin');

const ask = async (server: CredveilServer, host: string, target = '/healthz'): Promise<string> => {
  const socket = await connect(server);
  socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return readToEnd(socket);
};

describe('an anonymous server on loopback', () => {
  test('no page of another site may read an answer, or gets a preflight through', async ({ made }) => {
    await withServer(made.folder, {}, async (server) => {
      for (const path of PATHS) expect(await allowed(server, path), path).toBeNull();
      for (const path of ['/v1/evaluate', '/v1/lookup', '/v1/account/0'])
        expect(await allowed(server, path, 'OPTIONS'), path).toBeNull();
    });
  });

  test('a host name that is not its own is refused', async ({ made }) => {
    await withServer(made.folder, {}, async (server) => {
      const { port } = server.address;
      for (const host of [
        'evil.example',
        `evil.example:${port}`,
        'localhost.evil.example',
        '127.0.0.1.evil.example',
        '10.0.0.7',
        '[2001:db8::1]',
        '',
      ])
        expectRawProblem(await ask(server, host), 421, 'HOST_REFUSED');
      expectRawProblem(await ask(server, 'localhost', 'http://evil.example/range/00000'), 421, 'HOST_REFUSED');
      for (const host of [
        'localhost',
        `LOCALHOST:${port}`,
        '127.0.0.1',
        `127.0.0.1:${port}`,
        '127.1.2.3',
        '[::1]:80',
        'localhost.',
      ])
        expect(await ask(server, host), host).toMatch(/^HTTP\/1.1 200 /);
      expect(await ask(server, 'localhost', 'http://127.0.0.1/healthz')).toMatch(/^HTTP\/1.1 200 /);
    });
  });

  test('origins and hosts that the operator lists are answered', async ({ made }) => {
    const lists = { allowedOrigins: [EVIL], allowedHosts: ['leaks.example'] };
    await withServer(made.folder, lists, async (server) => {
      const answer = await fetch(`${server.url}/range/00000`, { headers: { Origin: EVIL } });
      expect(answer.headers.get('access-control-allow-origin')).toBe(EVIL);
      expect(answer.headers.get('vary')).toMatch(/\bOrigin\b/);
      const other = await fetch(`${server.url}/range/00000`, { headers: { Origin: 'https://other.example' } });
      expect(other.headers.get('access-control-allow-origin')).toBeNull();
      expect(other.headers.get('vary')).toMatch(/\bOrigin\b/);
      for (const host of ['leaks.example', 'Leaks.Example:443', 'localhost'])
        expect(await ask(server, host), host).toMatch(/^HTTP\/1.1 200 /);
      expectRawProblem(await ask(server, 'evil.example'), 421, 'HOST_REFUSED');
    });
    const all = { allowedOrigins: ['*'], allowedHosts: ['*'] };
    await withServer(made.folder, all, async (server) => {
      expect(await allowed(server, '/range/00000')).toBe('*');
      expect(await ask(server, 'evil.example')).toMatch(/^HTTP\/1.1 200 /);
    });
  });
});

describe('another server', () => {
  test('a server that other machines reach answers every origin and host', async ({ made }) => {
    await withServer(made.folder, { host: '0.0.0.0', allowAnonymous: true }, async (server) => {
      expect(await allowed(server, '/range/00000')).toBe('*');
      expect(await ask(server, 'leaks.example')).toMatch(/^HTTP\/1.1 200 /);
    });
  });

  test('a key replaces the origin: a server with clients answers every origin and host', async ({ made }) => {
    const clientsFile = `${clientFileFor(made.folder)}.2`;
    addClient(clientsFile, 'one', {});
    await withServer(made.folder, { clientsFile }, async (server) => {
      expect(await allowed(server, '/v1/head')).toBe('*');
      expect(await ask(server, 'leaks.example')).toMatch(/^HTTP\/1.1 200 /);
    });
  });
});
