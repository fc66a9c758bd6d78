// Database servers of the system in temporary folders, as users that are not root.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pairOf } from '../tls-files.ts';
import { freePort } from './free-port.ts';
import { type Owner, ownerOf } from './owner.ts';
import { stopChild } from './stop-child.ts';

export interface DatabaseServer {
  /** Of its socket, for the user that owns it. */
  readonly folder: string;
  readonly port: number;
  /** Runs statements as an administrator. */
  run(sql: string): string;
  stop(): Promise<void>;
}

function makeFolder(folder: string, owner: Owner | undefined): void {
  fs.mkdirSync(folder, { mode: 0o755 });
  for (const name of ['cert', 'key'] as const) {
    const file = path.join(folder, `${name}.pem`);
    fs.writeFileSync(file, pairOf('first')[name], { mode: 0o600 });
    if (owner) fs.chownSync(file, owner.uid, owner.gid);
  }
  if (owner) fs.chownSync(folder, owner.uid, owner.gid);
}

/** Waits until `ask` succeeds. @throws if the server ends first */
async function waitFor(server: ChildProcess, ask: () => void): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`the database server exited with code ${server.exitCode}`);
    try {
      ask();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/**
 * With TLS, and a password for every user over TCP.
 * @param home a folder that all users may enter
 */
export async function startPostgres(home: string): Promise<DatabaseServer> {
  const versions = fs.existsSync('/usr/lib/postgresql') ? fs.readdirSync('/usr/lib/postgresql') : [];
  const [version] = versions.sort((a, b) => Number(b) - Number(a));
  if (version === undefined) throw new Error('PostgreSQL is missing: apt-get install postgresql');
  const bin = `/usr/lib/postgresql/${version}/bin`;
  const owner = ownerOf('postgres');
  const folder = path.join(home, 'pg');
  makeFolder(folder, owner);
  const data = path.join(folder, 'data');
  const options = { ...owner, cwd: folder, stdio: 'pipe' as const };
  execFileSync(
    `${bin}/initdb`,
    ['-D', data, '-U', 'admin', '--auth-local=trust', '--auth-host=scram-sha-256'],
    options,
  );
  const port = await freePort();
  const settings = {
    unix_socket_directories: folder,
    ssl: 'on',
    ssl_cert_file: '../cert.pem',
    ssl_key_file: '../key.pem',
  };
  const flags = Object.entries({ ...settings, fsync: 'off', listen_addresses: '127.0.0.1' });
  const args = ['-D', data, '-p', String(port), ...flags.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const server = spawn(`${bin}/postgres`, args, { ...owner, cwd: folder, stdio: 'ignore' });
  const psql = ['-h', folder, '-p', String(port), '-U', 'admin', '-d', 'postgres', '-v', 'ON_ERROR_STOP=1', '-tA'];
  const run = (sql: string): string => execFileSync('psql', psql, { input: sql, encoding: 'utf8', stdio: 'pipe' });
  await waitFor(server, () => run('SELECT 1'));
  return { folder, port, run, stop: () => stopChild(server, 'SIGINT') };
}

/** With TLS. @param home a folder that all users may enter */
export async function startMariaDb(home: string): Promise<DatabaseServer> {
  const owner = ownerOf('mysql');
  const folder = path.join(home, 'my');
  makeFolder(folder, owner);
  const data = path.join(folder, 'data');
  // A server that starts removes every temporary table in its folder of those: also another's.
  const temporary = path.join(folder, 'temporary');
  fs.mkdirSync(temporary);
  if (owner) fs.chownSync(temporary, owner.uid, owner.gid);
  const options = { ...owner, cwd: folder, stdio: 'pipe' as const };
  const install = [
    '--no-defaults',
    `--datadir=${data}`,
    `--tmpdir=${temporary}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ];
  try {
    execFileSync('mariadb-install-db', install, options);
  } catch (cause) {
    throw new Error('no MariaDB database: apt-get install mariadb-server', { cause });
  }
  const port = await freePort();
  const args = [
    ...[
      '--no-defaults',
      `--datadir=${data}`,
      `--tmpdir=${temporary}`,
      `--socket=${folder}/socket`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
    ],
    ...[`--ssl-cert=${folder}/cert.pem`, `--ssl-key=${folder}/key.pem`, '--skip-log-bin', `--pid-file=${folder}/pid`],
  ];
  const server = spawn('/usr/sbin/mariadbd', args, { ...owner, cwd: folder, stdio: 'ignore' });
  const client = ['--no-defaults', `--socket=${folder}/socket`, '--user=root', '--batch', '--skip-column-names'];
  const run = (sql: string): string => execFileSync('mariadb', client, { input: sql, encoding: 'utf8', stdio: 'pipe' });
  await waitFor(server, () => run('SELECT 1'));
  return { folder, port, run, stop: () => stopChild(server, 'SIGTERM') };
}
