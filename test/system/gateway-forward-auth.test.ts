// nginx and Caddy of the system ask the gateway, configured as docs/gateway-forward-auth.md says.
// apt-get install nginx caddy

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createWorkPlace, type WorkPlace } from '../support/credveil.ts';
import { type GatewayCommand, startGatewayCommand } from '../support/gateway/command.ts';
import { type Echo, echo, seen, sendRaw } from '../support/gateway/gateway.ts';
import { type Answer, type Request, textOf, valuesOf, visit } from '../support/gateway/visit.ts';
import { Closers } from '../support/machine/closers.ts';
import { freePort } from '../support/machine/free-port.ts';
import { startNginx } from '../support/machine/nginx.ts';
import { ownerOf } from '../support/machine/owner.ts';
import { stopChild } from '../support/machine/stop-child.ts';
import { waitForListener } from '../support/machine/wait-for-listener.ts';
import { root } from '../support/paths.ts';

const HOST = 'app.example';
/** Of an application without rules, behind the same proxy. */
const OTHER = 'other.example';
const PAGE = fs.readFileSync(path.join(root, 'docs/gateway-forward-auth.md'), 'utf8');

/** The first block of a language on the page, with the addresses of this run. */
function onPage(language: string, addresses: { readonly [documented: string]: string }): string {
  let [, block = ''] = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(PAGE) ?? [];
  for (const [documented, address] of Object.entries(addresses)) {
    if (!block.includes(documented)) throw new Error(`the page's ${language} has no ${documented}`);
    block = block.replaceAll(documented, address);
  }
  return block;
}

interface Front {
  readonly port: number;
  readonly gateway: GatewayCommand;
  /** Targets of the requests that reached the application. */
  readonly reached: string[];
  go(request: Request): Promise<Answer>;
  close(): Promise<void>;
}

interface Ports {
  readonly front: number;
  readonly gateway: number;
  readonly application: number;
}

type StartProxy = (place: WorkPlace, ports: Ports) => Promise<() => Promise<void>>;

const PROXIES: { readonly [name: string]: StartProxy } = {
  nginx: (place, { front, gateway, application }) => {
    const [mine, theirs] = [`127.0.0.1:${gateway}`, `127.0.0.1:${application}`];
    const server = onPage('nginx', {
      'listen 80': `listen 127.0.0.1:${front}`,
      '127.0.0.1:8081': mine,
      '127.0.0.1:9000': theirs,
    });
    return startNginx(place.home, `${server}\n${server.replaceAll(HOST, OTHER)}`, front);
  },
  caddy: async (place, { front, gateway, application }) => {
    const site = onPage('caddyfile', {
      'app.example {': `http://app.example:${front} {\n  bind 127.0.0.1`,
      '127.0.0.1:8081': `127.0.0.1:${gateway}`,
      '127.0.0.1:9000': `127.0.0.1:${application}`,
    });
    const file = place.write('Caddyfile', `{\n  admin off\n}\n${site}\n${site.replaceAll(HOST, OTHER)}`);
    const env = { ...process.env, HOME: place.home };
    const caddy = spawn('/usr/bin/caddy', ['run', '--config', file, '--adapter', 'caddyfile'], {
      env,
      stdio: 'ignore',
    });
    await waitForListener(caddy, { host: '127.0.0.1', port: front });
    return () => stopChild(caddy, 'SIGTERM');
  },
};

function startFront(proxy: string): Promise<Front> {
  return Closers.start(async (closers) => {
    const place = createWorkPlace();
    closers.add(() => place.dispose());
    const owner = ownerOf('www-data');
    if (owner) fs.chownSync(place.home, owner.uid, owner.gid);
    const reached: string[] = [];
    const application = http.createServer((request, response) => {
      reached.push(request.url ?? '');
      echo(request, response);
    });
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
    closers.add(() => application.close().closeAllConnections());
    const config = onPage('yaml', {
      '127.0.0.1:8081': '127.0.0.1:0',
      'proxy: nginx': `proxy: ${proxy}`,
      'apps:': `apps:\n  ${OTHER}: {}`,
    });
    const gateway = await startGatewayCommand(place.write('gateway.yaml', `workers: 2\n${config}`));
    closers.add(() => gateway.stop());
    const port = await freePort();
    const ports = {
      front: port,
      gateway: gateway.ports[0] ?? 0,
      application: (application.address() as AddressInfo).port,
    };
    const stop = await PROXIES[proxy]?.(place, ports);
    closers.add(stop ?? (() => undefined));
    return {
      port,
      gateway,
      reached,
      go: (request) => {
        reached.length = 0;
        return visit(port, HOST, request);
      },
      close: () => closers.close(),
    };
  });
}

const echoOf = (answer: Answer): Echo => JSON.parse(textOf(answer)) as Echo;

describe.each(Object.keys(PROXIES))('%s', (proxy) => {
  let front: Front;
  beforeAll(async () => {
    front = await startFront(proxy);
    return () => front.close();
  });

  test('passes on what rules allow, with the headers that they set', async () => {
    const read = echoOf(await front.go({ path: '/a%20b?c=%2F' }));
    expect([read.method, read.url, seen(read, 'x-zone')]).toEqual(['GET', '/a%20b?c=%2F', []]);
    const body = 'x'.repeat(100_000);
    for (const headers of [{}, { 'Transfer-Encoding': 'chunked' }]) {
      const written = echoOf(await front.go({ method: 'POST', path: '/', headers, body }));
      expect([written.method, written.body, seen(written, 'x-zone')]).toEqual(['POST', body, ['writing']]);
    }
    expect((await front.go({ method: 'HEAD', path: '/' })).status).toContain(' 200 ');
  });

  test('refuses what rules block, as a page or as JSON', async () => {
    for (const method of ['GET', 'POST', 'DELETE', 'HEAD']) {
      const blocked = await front.go({ method, path: '/admin/x', headers: { Accept: 'text/html,*/*;q=0.8' } });
      expect(blocked.status).toContain(' 403 ');
      expect(valuesOf(blocked, 'content-type')).toEqual(['text/html; charset=utf-8']);
      if (method !== 'HEAD') expect(textOf(blocked)).toContain('<h1>Blocked</h1>');
      expect(front.reached).toEqual([]);
    }
    const blocked = await front.go({ path: '/admin', headers: { Accept: 'application/json' } });
    expect(blocked.status).toContain(' 403 ');
    expect(JSON.parse(textOf(blocked))).toMatchObject({ code: 'BLOCKED', status: 403 });
  });

  test.for([
    '/%61dmin',
    '/%2561dmin',
    '//admin',
    '/./admin',
    '/x/../admin',
    '/x/..%2fadmin',
    '/x/%2e%2e/admin',
    '/x%2f..%2fadmin',
    '/;x/admin',
    '/admin;x',
    '/x/..;/admin',
    '/%5cadmin',
    '/admin%00',
    '/x/..%5cadmin',
    '/a.php/../admin',
  ])('lets nobody in by %s', async (target) => {
    const answer = await front.go({ path: target });
    expect(Number(answer.status.slice(9, 12))).toBeGreaterThanOrEqual(400);
    expect(front.reached).toEqual([]);
  });

  test.for(['/a//b', '/a/./b', '/%7euser/%C3%A4', '/a%2Fb', '/a;b=c/d', '/a+b?x=//y/../z'])(
    'the application gets %s as the client wrote it',
    async (target) => {
      expect(echoOf(await front.go({ path: target })).url).toBe(target);
    },
  );

  test.for<[string, string]>([
    ['X-Original-URL', 'http://app.example/'],
    ['X_Original_URL', 'http://app.example/'],
    ['X-Original-Method', 'GET'],
    ['X-Forwarded-Uri', '/'],
    ['X_Forwarded_Uri', '/'],
    ['X-Forwarded-Method', 'GET'],
    ['X-Forwarded-Host', 'other.example'],
    ['X-Forwarded-For', '192.0.2.1'],
    ['X_Forwarded_For', '192.0.2.1'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Real-IP', '192.0.2.1'],
    ['Forwarded', 'for=192.0.2.1'],
    ['Connection', 'X-Forwarded-Uri, X-Original-URL, X-Forwarded-For, Cookie'],
  ])("a client's %s lets nobody in", async ([name, value]) => {
    const answer = await front.go({ path: '/admin', headers: { [name]: value } });
    expect(Number(answer.status.slice(9, 12))).toBeGreaterThanOrEqual(400);
    expect(front.reached).toEqual([]);
  });

  test.for<[string, string]>([
    [`http://${HOST}/admin`, OTHER],
    [`HTTP://${HOST.toUpperCase()}:80/admin`, OTHER],
    [`http://${OTHER}/admin`, HOST],
    ['/admin', `${HOST}:80`],
    ['/admin', HOST.toUpperCase()],
    ['/admin', `${HOST}.`],
    ['/admin', 'unknown.example'],
  ])('%s with Host %s is judged as the application that gets it', async ([target, host]) => {
    front.reached.length = 0;
    const text = await sendRaw(front.port, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    if (front.reached.length === 0) return;
    const saw = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Echo;
    expect(seen(saw, 'host')).toEqual([OTHER]);
  });

  test('a client cannot send what a rule sets', async () => {
    for (const name of ['X-Zone', 'x-zone', 'X_Zone', 'x_zone']) {
      const answer = await front.go({ path: '/', headers: { [name]: 'writing' } });
      const names = echoOf(answer).rawHeaders.filter((_, i) => i % 2 === 0);
      expect(names.map((each) => each.toLowerCase().replace('_', '-'))).not.toContain('x-zone');
    }
    const written = echoOf(await front.go({ method: 'POST', path: '/', headers: { 'X-Zone': 'forged' } }));
    expect(seen(written, 'x-zone')).toEqual(['writing']);
  });

  test('an upgrade is judged like any request', async () => {
    front.reached.length = 0;
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: YQ==\r\n';
    const send = (target: string): Promise<string> =>
      sendRaw(
        front.port,
        `GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\n${upgrade.replace('Upgrade\r', 'Upgrade, close\r')}\r\n`,
      );
    expect(await send('/admin')).toMatch(/^HTTP\/1.1 403 /);
    expect(front.reached).toEqual([]);
    expect(await send('/socket')).toMatch(/^HTTP\/1.1 200 /);
    expect(front.reached).toEqual(['/socket']);
  });

  // The last one: it stops the gateway.
  test('lets nobody in while the gateway is down', async () => {
    await front.gateway.stop();
    const answer = await front.go({ path: '/' });
    expect(answer.status).toMatch(/ 50[02] /);
    expect(front.reached).toEqual([]);
  });
});
