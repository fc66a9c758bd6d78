// Web servers of Debian with an application that notes what it saw: nginx with PHP, Apache and
// lighttpd with CGI, gunicorn with WSGI.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fixture } from '../../paths.ts';
import type { Seen } from './case.ts';

export type ServerName = 'nginx' | 'apache' | 'lighttpd' | 'gunicorn';

/** `headers` is the JSON of what CGI names HTTP_*. */
export type SeenByServer = Seen & { readonly headers: string };

export interface DebianOrigin {
  readonly url: string;
  /** What the application saw since the last call. */
  take(): readonly SeenByServer[];
  close(): Promise<void>;
}

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly seen: string;
}

const config = ({ folder }: Place, name: string, ...lines: readonly string[]): string => {
  const file = path.join(folder, name);
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
};

/** The commands of each server; all stay in the foreground. */
const COMMANDS: { readonly [name in ServerName]: (place: Place) => readonly (readonly string[])[] } = {
  nginx: (place) => {
    const { folder, port, seen } = place;
    const fpm = config(
      place,
      'fpm.conf',
      '[global]',
      `error_log = ${folder}/fpm.log`,
      'daemonize = no',
      '[www]',
      'user = root',
      `listen = ${folder}/fpm.sock`,
      'pm = static',
      'pm.max_children = 2',
    );
    const nginx = config(
      place,
      'nginx.conf',
      `user root; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;`,
      'events {}',
      `http { access_log off; client_body_temp_path ${folder}/bodies; fastcgi_temp_path ${folder}/fastcgi;`,
      `proxy_temp_path ${folder}/proxy; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;`,
      `server { listen 127.0.0.1:${port}; location / { fastcgi_pass unix:${folder}/fpm.sock;`,
      `fastcgi_param SCRIPT_FILENAME ${fixture('desync', 'echo.php')}; fastcgi_param SEEN ${seen};`,
      'fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri;',
      'fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param CONTENT_TYPE $content_type;',
      'fastcgi_param QUERY_STRING $query_string; } } }',
    );
    return [
      [phpFpm(), '--nodaemonize', '--allow-to-run-as-root', '--fpm-config', fpm],
      ['/usr/sbin/nginx', '-c', nginx],
    ];
  },
  apache: (place) => {
    const { folder, port, seen } = place;
    const modules = ['mpm_prefork', 'authz_core', 'alias', 'env', 'cgi'];
    const file = config(
      place,
      'apache.conf',
      ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
      `ServerRoot ${folder}`,
      `DefaultRuntimeDir ${folder}`,
      `PidFile ${folder}/apache.pid`,
      `ErrorLog ${folder}/apache.log`,
      'ServerName app.example',
      `Listen 127.0.0.1:${port}`,
      'User www-data',
      'Group www-data',
      'AllowEncodedSlashes NoDecode',
      'StartServers 2',
      `SetEnv SEEN ${seen}`,
      `ScriptAliasMatch "^" "${folder}/echo.pl"`,
      '<Location "/">',
      'Require all granted',
      '</Location>',
    );
    return [['/usr/sbin/apache2', '-DFOREGROUND', '-f', file]];
  },
  lighttpd: (place) => {
    const { folder, port, seen } = place;
    const file = config(
      place,
      'lighttpd.conf',
      'server.modules = ("mod_rewrite", "mod_setenv", "mod_cgi")',
      'server.bind = "127.0.0.1"',
      `server.port = ${port}`,
      `server.document-root = "${folder}"`,
      `server.errorlog = "${folder}/lighttpd.log"`,
      'url.rewrite-once = ( "" => "/echo.pl" )',
      'cgi.assign = ( ".pl" => "/usr/bin/perl" )',
      `setenv.add-environment = ( "SEEN" => "${seen}" )`,
    );
    return [['/usr/sbin/lighttpd', '-D', '-f', file]];
  },
  // A worker that reads the rest of a chunk for ever is ended by its master.
  gunicorn: ({ folder, port }) => [
    [
      '/usr/bin/gunicorn',
      '--chdir',
      folder,
      '--workers',
      '2',
      '--timeout',
      '2',
      '--bind',
      `127.0.0.1:${port}`,
      'echo:app',
    ],
  ],
};

function phpFpm(): string {
  const name = fs.readdirSync('/usr/sbin').find((file) => /^php-fpm\d/.test(file));
  if (name === undefined) throw new Error('no php-fpm: apt-get install php-fpm');
  return path.join('/usr/sbin', name);
}

export async function startDebianOrigin(name: ServerName): Promise<DebianOrigin> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `credveil-${name}-`));
  // Apache gives up its rights.
  fs.chmodSync(folder, 0o755);
  for (const file of ['echo.py', 'echo.pl']) fs.copyFileSync(fixture('desync', file), path.join(folder, file));
  fs.chmodSync(path.join(folder, 'echo.pl'), 0o755);
  const place: Place = { folder, port: await freePort(), seen: path.join(folder, 'seen.jsonl') };
  fs.writeFileSync(place.seen, '');
  fs.chmodSync(place.seen, 0o666);
  const env = { ...process.env, SEEN: place.seen };
  const children = COMMANDS[name](place).map(([command = '', ...args]) =>
    spawn(command, args, { stdio: 'ignore', env, detached: true }),
  );
  const url = `http://127.0.0.1:${place.port}`;
  await serving(url, children);
  let read = fs.statSync(place.seen).size;
  return {
    url,
    take() {
      const text = fs.readFileSync(place.seen).subarray(read);
      read += text.length;
      return text
        .toString()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as SeenByServer);
    },
    async close() {
      for (const child of children) await end(child);
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** nginx listens before PHP does. */
async function serving(url: string, children: readonly ChildProcess[]): Promise<void> {
  for (;;) {
    const failed = children.find(({ exitCode }) => exitCode !== null);
    if (failed) throw new Error(`${failed.spawnfile} ended: ${failed.spawnargs.join(' ')}`);
    const answer = await fetch(url, { headers: { connection: 'close' } }).catch(() => undefined);
    await answer?.text();
    if (answer?.ok) return;
    await sleep(50);
  }
}

/** Servers end their own children at SIGTERM. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
