// The hosts that a connection of HTTP/2 may ask for: RFC 8336.

import type { TLSSocket } from 'node:tls';
import { peerOf } from './peer.ts';

/** Of a TLS profile. */
interface Hosts {
  hostsOf(profile: string | undefined): Iterable<string>;
}

/** The host of the connection first. */
export function originsOf(socket: TLSSocket, applications: Hosts): readonly string[] {
  const { profile, serverName } = peerOf(socket);
  const { localPort } = socket;
  const port = localPort === 443 ? '' : `:${localPort}`;
  const hosts = new Set(applications.hostsOf(profile));
  const own = serverName !== undefined && hosts.delete(serverName) ? [serverName] : [];
  return [...own, ...hosts].map((host) => `https://${host}${port}`);
}
