// nginx and PHP-FPM of the system in a temporary folder, as www-data: a site as Debian serves it.
// apt-get install nginx php-fpm

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { startNginx } from './nginx.ts';
import { ownerOf } from './owner.ts';
import { stopChild } from './stop-child.ts';
import { waitForListener } from './wait-for-listener.ts';

export interface PhpSite {
  readonly port: number;
  stop(): Promise<void>;
}

type Values = { readonly [name: string]: string };

export interface PhpSiteOptions {
  /** A folder that all users may enter. */
  readonly home: string;
  /** The document root. */
  readonly root: string;
  /** Settings of PHP. */
  readonly ini?: Values;
  /** What PHP finds in its environment. */
  readonly env?: Values;
  /** The servers of nginx, instead of one for `root`. @param php the socket of PHP-FPM */
  readonly servers?: (port: number, php: string) => string;
}

const FOLDERS = ['tmp', 'sessions'] as const;

export async function startPhpSite(options: PhpSiteOptions): Promise<PhpSite> {
  const { home, root, ini = {}, env = {}, servers = (port, php) => siteConfig(php, root, port) } = options;
  const owner = ownerOf('www-data');
  const folder = path.join(home, 'site');
  for (const name of ['.', ...FOLDERS]) {
    fs.mkdirSync(path.join(folder, name));
    if (owner) fs.chownSync(path.join(folder, name), owner.uid, owner.gid);
  }
  const port = await freePort();
  const write = (name: string, text: string): string => {
    fs.writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const socket = path.join(folder, 'php.sock');
  const arguments_ = ['--nodaemonize', '--fpm-config', write('fpm.conf', fpmConfig(folder, ini, env))];
  const php = spawn(findFpm(), arguments_, { ...owner, cwd: folder, stdio: 'ignore' });
  await waitForListener(php, { path: socket });
  const stopNginx = await startNginx(folder, servers(port, socket), port);
  return {
    port,
    stop: async () => {
      await Promise.all([stopNginx(), stopChild(php, 'SIGTERM')]);
    },
  };
}

/** Debian names the program by its version. */
function findFpm(): string {
  const [name] = fs.readdirSync('/usr/sbin').filter((file) => /^php-fpm\d/.test(file));
  if (name === undefined) throw new Error('PHP-FPM is missing: apt-get install php-fpm');
  return `/usr/sbin/${name}`;
}

const fpmConfig = (folder: string, ini: Values, env: Values): string => `[global]
error_log = ${folder}/fpm.log
[site]
listen = ${folder}/php.sock
pm = static
pm.max_children = 4
catch_workers_output = yes
${Object.entries({
  upload_max_filesize: '64M',
  post_max_size: '65M',
  'session.save_path': `${folder}/sessions`,
  sys_temp_dir: `${folder}/tmp`,
  upload_tmp_dir: `${folder}/tmp`,
  ...ini,
})
  .map(([name, value]) => `php_admin_value[${name}] = ${value}`)
  .join('\n')}
${Object.entries(env)
  .map(([name, value]) => `env[${name}] = ${value}`)
  .join('\n')}
`;

const siteConfig = (php: string, root: string, port: number): string => `
  client_max_body_size 64m;
  gzip on;
  gzip_types text/css application/javascript application/json;
  server {
    listen 127.0.0.1:${port};
    root ${root};
    index index.php index.html;
    location / { try_files $uri $uri/ /index.php?$args; }
    location ~ \\.php$ {
      try_files $uri =404;
      include /etc/nginx/fastcgi.conf;
      fastcgi_pass unix:${php};
    }
  }
`;
