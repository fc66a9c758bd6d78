// Waits until a server of the system takes connections.

import type { ChildProcess } from 'node:child_process';
import net from 'node:net';

/** @throws if the server ends first */
export async function waitForListener(server: ChildProcess, place: net.NetConnectOpts): Promise<void> {
  let failure: Error | undefined;
  server.once('error', (error) => {
    failure = error;
  });
  while (!(await canConnect(place))) {
    if (failure) throw new Error(`${server.spawnfile} is not installed`, { cause: failure });
    if (server.exitCode !== null) throw new Error(`${server.spawnfile} exited with code ${server.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function canConnect(place: net.NetConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(place);
    socket
      .once('error', () => resolve(false))
      .once('connect', () => {
        socket.destroy();
        resolve(true);
      });
  });
}
