// What `credveil check` prints about a check that failed: the cause, the server and the option.

import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { test as base, describe, expect, vi } from 'vitest';
import { type CredveilServer, startServer } from '../../server/server.ts';
import { createWorkPlace, credveil, credveilJson, type WorkPlace } from '../support/credveil.ts';
import { perFile } from '../support/per-file.ts';
import { pairOf } from '../support/tls-files.ts';

/** A published dataset of each suite, that of hmac served, and servers that are something else. */
interface World {
  readonly place: WorkPlace;
  readonly keyed: string;
  readonly oprf: string;
  readonly server: CredveilServer;
  readonly urls: { readonly [name in 'plain' | 'tls' | 'moved' | 'closed']: string };
}

async function openWorld(): Promise<World & { close(): Promise<void> }> {
  const place = createWorkPlace();
  const [keyed, oprf] = [place.at('keyed'), place.at('oprf')];
  for (const [folder, suite] of [
    [keyed, 'hmac'],
    [oprf, 'oprf'],
  ] as const) {
    await credveilJson(['init', folder, '--suite', suite]);
    await credveilJson(['publish', folder]);
  }
  const servers: Server[] = [
    http.createServer((_, response) => response.end('hello')),
    https.createServer(pairOf('first'), (_, response) => response.end('hello')),
    http.createServer((_, response) => response.writeHead(302, { location: '/elsewhere' }).end()),
    http.createServer(),
  ];
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening');
  const [plain, tls, moved, closed] = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  servers.pop()?.close();
  const server = await startServer(keyed, { port: 0 });
  return {
    ...{ place, keyed, oprf, server, urls: { plain, tls, moved, closed } as World['urls'] },
    close: async () => {
      for (const each of servers) each.close();
      await server.close({ deadlineMs: 100 });
      place.dispose();
    },
  };
}

const test = base.extend<{ readonly world: World }>({ world: perFile(openWorld, (world) => world.close()) });

/** Checks one password. @returns what is printed about the failure */
async function failureOf(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await credveil(['check', '--timeout', '30000', ...args], '{"password":"pw"}\n');
  expect([code, JSON.parse(stdout)]).toMatchObject([1, { status: 'unknown' }]);
  return stderr;
}

describe('a server that cannot be reached', () => {
  const cases: [title: string, scheme: string, name: keyof World['urls'], code: string, hint: string][] = [
    ['a closed port', 'http', 'closed', 'ECONNREFUSED', 'that the server is running'],
    ['a certificate that nobody vouches for', 'https', 'tls', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'NODE_EXTRA_CA_CERTS'],
    ['TLS to plain HTTP', 'https', 'plain', 'ERR_SSL_\\w+', 'Is the server plain HTTP'],
    ['plain HTTP to TLS', 'http', 'tls', '\\w+', 'Does the server speak TLS'],
    ['a redirect', 'http', 'moved', 'a redirect', 'Redirects are not followed'],
  ];
  test.for(cases)('%s is named with its cause', async ([, scheme, name, code, hint], { world }) => {
    const url = `${scheme}://${world.urls[name]}`;
    const stderr = await failureOf(['--url', url, '--dataset', world.keyed]);
    expect(stderr).toMatch(new RegExp(`^NETWORK: the service cannot be reached: ${code} at ${url}\n {2}.*${hint}`));
  });

  test('a certificate is verified whatever the environment asks for', async ({ world }) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    try {
      const stderr = await failureOf(['--url', `https://${world.urls.tls}`, '--dataset', world.keyed]);
      expect(stderr).toMatch(/^NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect.*\nNETWORK: .*UNABLE_TO_VERIFY_LEAF/);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('an unknown host is named with its cause', async ({ world }) => {
    const stderr = await failureOf(['--url', 'http://leaks.invalid', '--dataset', world.keyed]);
    expect(stderr).toMatch(/^NETWORK: .*: (ENOTFOUND|EAI_AGAIN) at http:\/\/leaks\.invalid\n {2}Check the host name/);
  });

  test('of several evaluators, the one that failed is named', async ({ world }) => {
    const { oprf, urls } = world;
    const served = await startServer(oprf, { port: 0 });
    try {
      const evaluators = [`http://${urls.plain}`, `http://${urls.closed}`];
      const stderr = await failureOf(['--url', served.url, '--dataset', oprf, '--evaluator', ...evaluators]);
      expect(stderr).toContain(`ECONNREFUSED at http://${urls.closed}`);
    } finally {
      await served.close({ deadlineMs: 100 });
    }
  });
});

describe('a server that refuses', () => {
  test('a URL with the path of a route has no service', async ({ world }) => {
    const stderr = await failureOf(['--url', `${world.server.url}/v1`, '--dataset', world.keyed]);
    expect(stderr).toMatch(/^HTTP_STATUS: .*: status 404 at .*\n {2}There is no Credveil service at this URL/);
  });

  test('a server with another dataset names the path of the pinned one', async ({ world }) => {
    const { dataset } = (await credveilJson(['init', world.place.at('other'), '--suite', 'hmac'])) as {
      dataset: string;
    };
    const stderr = await failureOf(['--url', world.server.url, '--dataset', world.place.at('other')]);
    expect(stderr).toContain(`/d/${dataset}`);
    expect(stderr).toContain('--buckets-url');
  });

  test('a server with clients is answered with the option of the command', async ({ world }) => {
    const { place, keyed } = world;
    const clients = place.at('clients.json');
    await credveilJson(['client', 'add', keyed, 'a', '--clients-file', clients]);
    const server = await startServer(keyed, { port: 0, clientsFile: clients, quotaFile: place.at('quota.sqlite') });
    try {
      const stderr = await failureOf(['--url', server.url, '--dataset', keyed]);
      expect(stderr).toMatch(/^CLIENT_REFUSED: .*\n {2}Pass --client-key-file/);
    } finally {
      await server.close({ deadlineMs: 100 });
    }
  });
});

test('a malformed address is named by its flag', async ({ world }) => {
  const { oprf, keyed } = world;
  const cases: [args: string[], fault: string][] = [
    [['--url', 'nonsense', '--dataset', keyed], '--url: not a URL'],
    [
      ['--url', 'http://ana:marked@127.0.0.1', '--dataset', keyed],
      '--url: not a URL of http or https without credentials',
    ],
    [['--url', 'http://127.0.0.1:9', '--dataset', oprf, '--buckets-url', 'x'], '--buckets-url: not a URL'],
    [['--url', 'http://127.0.0.1:9', '--dataset', oprf, '--evaluator', 'x'], '--evaluator: not a URL'],
    [
      ['--url', 'http://127.0.0.1:9', '--dataset', oprf, '--buckets-url', 'http://127.0.0.1:9'],
      '--buckets-url or --evaluator: the same server twice',
    ],
    [['--url', 'http://127.0.0.1:9', '--dataset', keyed, '--timeout', '99999999999'], '--timeout: not an integer'],
  ];
  for (const [args, fault] of cases) {
    const { code, stderr } = await credveil(['check', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(`error USAGE: ${fault}`)]);
    expect(stderr).not.toMatch(/option headers|marked/);
  }
});
