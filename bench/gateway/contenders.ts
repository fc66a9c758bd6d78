// The proxies of bench:gateway, each in processes of its own in front of one origin.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bin } from '../../test/support/credveil.ts';
import { freePort } from '../../test/support/machine/free-port.ts';
import { processorSeconds } from '../harness/process-peaks.ts';
import { isInstalled } from '../http/http-contenders.ts';
import { writeSessions } from './session.ts';

export interface Contender {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** Processes that share the port. Default: 1. */
  readonly workers?: number;
  /** What its clients send. Default: nothing. */
  readonly cookie?: string | undefined;
  stop(): void;
}

const PROGRAM = fileURLToPath(new URL('./proxy-process.ts', import.meta.url));

/** @param core pins all threads to this core */
function start(command: readonly string[], core: number): ChildProcess {
  return spawn('taskset', ['-c', String(core), ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
}

export async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error('the process has no output');
  const [line] = (await once(readline.createInterface({ input: stdout }), 'line')) as [string];
  return line;
}

/** @param kind as in proxy-process.ts */
export async function startNpmProxy(kind: string, originPort: number, core: number): Promise<Contender> {
  const child = start([process.execPath, PROGRAM, kind, String(originPort)], core);
  const port = Number(await firstLine(child));
  return { name: kind, port, pid: child.pid ?? 0, stop: () => child.kill('SIGTERM') };
}

export interface GatewayVariant {
  readonly name: string;
  readonly workers: number;
  /** YAML below the top level, and below the application. */
  readonly more?: string;
  readonly rules?: readonly string[];
  /** Keys of the application, as YAML. */
  readonly app?: string;
  /** Clients have the session of a person. */
  readonly hasSession?: boolean;
}

export async function startGateway(
  { name, workers, more = '', rules = [], app = '', hasSession = false }: GatewayVariant,
  originPort: number,
  home: string,
  cores: string,
): Promise<Contender> {
  const file = path.join(home, `${name.replaceAll(/\W+/g, '-')}.yaml`);
  const [session] = hasSession ? await writeSessions(file.replace(/yaml$/, 'state'), '127.0.0.1', 1) : [];
  const cookie = session?.cookie;
  const list = rules.map((rule) => `      - ${rule}`).join('\n');
  fs.writeFileSync(
    file,
    `listen: 127.0.0.1:0\nworkers: ${workers}\nlogLevel: error\nlimits: { maxConnections: 32768, maxConnectionsPerAddress: 16384 }\n${more}\napps:\n  "*":\n    to: http://127.0.0.1:${originPort}\n${app}${rules.length > 0 ? `    rules:\n${list}\n` : ''}`,
  );
  const child = spawn('taskset', ['-c', cores, process.execPath, bin, 'gateway', '--config', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = Number(/:(\d+)$/.exec(await firstLine(child))?.[1]);
  return { name, port, pid: child.pid ?? 0, workers, cookie, stop: () => child.kill('SIGTERM') };
}

/** Those of Debian that are installed. */
export async function startServers(originPort: number, home: string, core: number): Promise<Contender[]> {
  const starters = [startNginx, startCaddy, startHaproxy];
  const started = await Promise.all(starters.map((each) => each(originPort, home, core)));
  return started.filter((proxy) => proxy !== undefined);
}

type StartServer = (originPort: number, home: string, core: number) => Promise<Contender | undefined>;

const startNginx: StartServer = async (originPort, home, core) => {
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = write(
    home,
    'nginx.conf',
    `daemon off; master_process off; ${process.getuid?.() === 0 ? 'user root;' : ''}
pid ${home}/nginx.pid; error_log ${home}/nginx.log;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000;
  ${temporary.map((use) => `${use}_temp_path ${home}/nginx-${use};`).join(' ')}
  upstream origin { server 127.0.0.1:${originPort}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; }
  }
}`,
  );
  return server('nginx', ['nginx', '-p', home, '-c', config], port, core);
};

const startCaddy: StartServer = async (originPort, home, core) => {
  const port = await freePort();
  const config = write(
    home,
    'Caddyfile',
    `{\n admin off\n auto_https off\n}\nhttp://127.0.0.1:${port} {\n reverse_proxy 127.0.0.1:${originPort}\n}\n`,
  );
  return server('caddy', ['caddy', 'run', '--config', config, '--adapter', 'caddyfile'], port, core);
};

const startHaproxy: StartServer = async (originPort, home, core) => {
  const port = await freePort();
  const config = write(
    home,
    'haproxy.cfg',
    `global\n maxconn 4096\n nbthread 1\ndefaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n option forwardfor\nfrontend in\n bind 127.0.0.1:${port}\n default_backend out\nbackend out\n http-reuse always\n server origin 127.0.0.1:${originPort}\n`,
  );
  return server('haproxy', ['haproxy', '-db', '-f', config], port, core);
};

function write(home: string, name: string, text: string): string {
  const file = path.join(home, name);
  fs.writeFileSync(file, text);
  return file;
}

async function server(name: string, command: string[], port: number, core: number): Promise<Contender | undefined> {
  if (!isInstalled(name)) return undefined;
  const child = spawn('taskset', ['-c', String(core), ...command], { stdio: 'ignore' });
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (answer?.ok) return { name, port, pid: child.pid ?? 0, stop: () => child.kill('SIGTERM') };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} did not start`);
}

/** Processor time of a process and its children, in seconds. */
export function processorSecondsOf(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, each) => sum + processorSeconds(each), 0);
}

export function childrenOf(pid: number): number[] {
  try {
    return fs
      .readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter((text) => text !== '')
      .map(Number);
  } catch {
    return [];
  }
}
