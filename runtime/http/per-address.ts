// A limit of connections per address.

import type { Server } from 'node:http';
import { isIPv6, type Socket } from 'node:net';

/** Drops connections beyond `max()` of one address; of IPv6, of one network of 64 bits. */
export function limitPerAddress(server: Server, max: () => number): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = partyOf(socket.remoteAddress ?? '');
    const count = (open.get(address) ?? 0) + 1;
    if (count > max()) {
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}

const IPV6_NETWORK_GROUPS = 4;

/** What one party holds: an address of IPv4, or the network of an address of IPv6. */
export function partyOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - groups.length - after.length;
  return [...groups, ...Array<string>(zeros).fill('0'), ...after].slice(0, IPV6_NETWORK_GROUPS).join(':');
}
