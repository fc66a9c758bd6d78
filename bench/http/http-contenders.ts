// The servers of bench:http, each on one core: Credveil, node:http with the same bodies in memory,
// with one header and with all, and nginx with the bodies as static files.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { freePort } from '../../test/support/machine/free-port.ts';
import { startServerChild } from './server-children.ts';

export interface Contender {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  stop(): void;
}

export interface CredveilOptions {
  readonly name?: string;
  readonly port?: number;
  readonly reusePort?: boolean;
  readonly maxHeldBytes?: number;
}

export async function startCredveil(folder: string, core: number, options: CredveilOptions = {}): Promise<Contender> {
  const { name = 'credveil', ...served } = options;
  return { name, ...(await startServerChild({ folder, ...served }, core)) };
}

/** With one header beside the length. */
export const RAW = 'raw node:http';
/** With every header of Credveil. */
export const SAME = 'node:http, the same headers';
const OWN_OF_NODE: ReadonlySet<string> = new Set(['content-length', 'date', 'connection', 'keep-alive']);

export interface RawOptions {
  /** One file per URL path. */
  readonly bodiesFolder: string;
  readonly name: string;
  readonly headers: readonly string[];
}

export async function startRaw({ name, ...kind }: RawOptions, core: number): Promise<Contender> {
  return { name, ...(await startServerChild(kind, core)) };
}

/** The headers of an answer without those that node:http adds, names and values in turn. */
export async function headersOf({ port }: Contender, path: string): Promise<readonly string[]> {
  const [response] = (await once(http.get({ port, path, agent: false }), 'response')) as [http.IncomingMessage];
  response.resume();
  const { rawHeaders } = response;
  return rawHeaders.filter((_, at) => !OWN_OF_NODE.has((rawHeaders[at & ~1] as string).toLowerCase()));
}

export const isInstalled = (command: string): boolean => !spawnSync(command, ['-v'], { stdio: 'ignore' }).error;

/** A single process, tuned for a static site: sendfile, cached open files, no log. */
export async function startNginx(bodiesFolder: string, home: string, core: number): Promise<Contender> {
  const port = await freePort();
  const config = path.join(home, 'nginx.conf');
  fs.writeFileSync(
    config,
    `daemon off;
master_process off;
${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${home}/nginx.pid;
error_log ${home}/nginx.log;
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=10000 inactive=1h;
  open_file_cache_valid 1h;
  default_type application/octet-stream;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((use) => `${use}_temp_path ${home}/${use};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    root ${bodiesFolder};
  }
}
`,
  );
  const child = spawn('taskset', ['-c', String(core), 'nginx', '-p', home, '-c', config], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await untilAccepted(port);
  return { name: 'nginx', port, pid: child.pid ?? 0, stop: () => child.kill('SIGTERM') };
}

async function untilAccepted(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const accepted = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      socket.on('close', () => resolve(false)).unref();
      setTimeout(() => socket.destroy(), 50);
    });
    if (accepted) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('nginx did not start listening');
}
