// nginx of the system in a temporary folder. apt-get install nginx

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ownerOf } from './owner.ts';
import { stopChild } from './stop-child.ts';
import { waitForListener } from './wait-for-listener.ts';

/**
 * @param folder of its files, writable to www-data
 * @param http what the block `http` has
 * @param port where it listens
 */
export async function startNginx(folder: string, http: string, port: number): Promise<() => Promise<void>> {
  const file = path.join(folder, 'nginx.conf');
  fs.writeFileSync(file, configOf(folder, http));
  const nginx = spawn('/usr/sbin/nginx', ['-c', file], { ...ownerOf('www-data'), cwd: folder, stdio: 'ignore' });
  await waitForListener(nginx, { host: '127.0.0.1', port });
  return () => stopChild(nginx, 'SIGTERM');
}

const configOf = (folder: string, http: string): string => `daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log;
events {}
http {
  include /etc/nginx/mime.types;
  access_log off;
${['client_body', 'fastcgi', 'proxy', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder}/${name};\n`).join('')}
${http}
}
`;
