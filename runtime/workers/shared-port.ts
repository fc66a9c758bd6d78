// One port for several processes: whether this system can share it, and whether it is free.

import { once } from 'node:events';
import net from 'node:net';
import os from 'node:os';
import { type ListenSetting, listenError, ServerError } from '../errors.ts';

/** Systems whose kernel spreads connections over all listeners of a port. */
const SHARING_PLATFORMS: readonly string[] = ['linux', 'freebsd', 'dragonfly', 'sunos', 'aix'];

/** Whether several processes can listen on one port here. Node has `reusePort` since 22.12. */
export const canReusePort = (): boolean => SHARING_PLATFORMS.includes(process.platform);

/**
 * @param workers `auto` is one per core, and at least two: the port would close while a single
 * worker is replaced
 */
export function countWorkers(workers: number | 'auto'): number {
  if (workers !== 'auto') return workers;
  return canReusePort() ? Math.max(2, os.availableParallelism()) : 0;
}

/** @param single what runs a single process @throws ServerError `REUSE_PORT_UNSUPPORTED` */
export function assertReusePort(single = '--workers 0'): void {
  if (canReusePort()) return;
  throw new ServerError(
    'REUSE_PORT_UNSUPPORTED',
    'this system cannot share a port between processes',
    `Use Linux or FreeBSD, or run a single process: ${single}.`,
  );
}

/**
 * Processes of one user may share a port: without this check, a server that is still running would
 * get half of the requests.
 * @throws ServerError `ADDRESS_IN_USE` and the other codes of `listenError`
 */
export async function assertFree(host: string, port: number, setting?: ListenSetting): Promise<void> {
  const probe = net.createServer();
  try {
    probe.listen({ host, port });
    await once(probe, 'listening');
  } catch (cause) {
    throw listenError(cause, host, port, setting);
  }
  probe.close();
  await once(probe, 'close');
}
