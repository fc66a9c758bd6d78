// The certificate that a client has shown in the handshake of a connection.

import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { readShown, type ShownCertificate } from './client-certificate.ts';

/**
 * OpenSSL may call a connection authorized without any certificate, as one whose session was
 * resumed: it has to be there, and to lead to the CAs here too. Those between have to be among
 * `cas`, since some versions of node do not tell what a client sent along (nodejs/node#65579).
 */
export function shownOn(socket: TLSSocket, cas: readonly X509Certificate[]): ShownCertificate | undefined {
  if (!socket.authorized || socket.isSessionReused()) return undefined;
  const leaf = socket.getPeerX509Certificate();
  return leaf && leaf.raw.length > 0 ? readShown(leaf, [], cas) : undefined;
}
