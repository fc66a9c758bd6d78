// The open TCP sockets of a process, from Linux's /proc.

import fs from 'node:fs';

export interface OpenSocket {
  readonly localPort: number;
  readonly remotePort: number;
}

interface TcpRow extends OpenSocket {
  readonly inode: string;
}

const ESTABLISHED = '01';

function readTable(): TcpRow[] {
  const rows = fs.readFileSync('/proc/net/tcp', 'latin1').trimEnd().split('\n').slice(1);
  return rows.flatMap((row) => {
    const [, local = '', remote = '', state, , , , , , inode = ''] = row.trim().split(/\s+/);
    const port = (address: string): number => Number.parseInt(address.split(':')[1] ?? '', 16);
    return state === ESTABLISHED ? [{ localPort: port(local), remotePort: port(remote), inode }] : [];
  });
}

/** Sockets with a descriptor in the process. Empty if the process has ended. */
export function socketsOf(pid: number): OpenSocket[] {
  const inodes = new Set<string>();
  const folder = `/proc/${pid}/fd`;
  for (const descriptor of fs.existsSync(folder) ? fs.readdirSync(folder) : [])
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`${folder}/${descriptor}`))?.[1];
      if (inode) inodes.add(inode);
    } catch {
      // The descriptor was closed after the listing.
    }
  return readTable().filter(({ inode }) => inodes.has(inode));
}

/** Connections to a port not yet accepted by any process. */
export const waitingAt = (port: number): OpenSocket[] =>
  readTable().filter(({ localPort, inode }) => localPort === port && inode === '0');
