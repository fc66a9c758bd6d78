// Debian's Fossil with an empty repository, under SCGI. It takes people's names from its web
// server. apt-get install fossil

import { execFileSync, spawn } from 'node:child_process';
import type { WorkPlace } from '../../credveil.ts';
import { freePort } from '../../machine/free-port.ts';
import { stopChild } from '../../machine/stop-child.ts';
import { waitForListener } from '../../machine/wait-for-listener.ts';

const FOSSIL = '/usr/bin/fossil';

export interface Fossil {
  /** For SCGI. */
  readonly port: number;
  stop(): Promise<void>;
}

/** @param users by name */
export async function startFossil(place: WorkPlace, users: readonly string[]): Promise<Fossil> {
  const file = place.at('repository.fossil');
  const env = { ...process.env, HOME: place.home, USER: 'admin' };
  const run = (...args: readonly string[]): void => void execFileSync(FOSSIL, args, { env, stdio: 'pipe' });
  run('new', '--admin-user', 'admin', '--project-name', 'A project', file);
  for (const user of users) {
    run('user', 'new', user, '', crypto.randomUUID(), '-R', file);
    run('user', 'capabilities', user, 'v', '-R', file);
  }
  // Admin, Access, “Allow REMOTE_USER authentication”.
  run('sql', '-R', file, "REPLACE INTO config (name, value, mtime) VALUES ('remote_user_ok', '1', 0)");
  const port = await freePort();
  const server = spawn(FOSSIL, ['server', '--scgi', '--localhost', '--port', String(port), '--nojail', file], {
    env,
    stdio: 'ignore',
  });
  await waitForListener(server, { host: '127.0.0.1', port });
  return { port, stop: () => stopChild(server, 'SIGTERM') };
}
