// What is known of a connection, kept on its socket.

import type { Socket } from 'node:net';
import type { Address } from '../addresses/address.ts';
import type { ShownCertificate } from '../devices/certificate/client-certificate.ts';
import type { ForwardAuthKind } from '../forward-auth/original-request.ts';

/** The CAs of a profile, as they were when a connection was made. */
export interface ClientTrust {
  /**
   * False once they have changed, or the profile is gone: its certificates say nothing any more.
   */
  isCurrent: boolean;
}

export interface Peer {
  /** Of the other end, or what its PROXY header names. */
  readonly address: Address;
  /** The TLS profile that was chosen by the server name; undefined under plain HTTP. */
  readonly profile: string | undefined;
  /** What a client certificate of this connection was judged by. */
  readonly trust?: ClientTrust;
  /** That the handshake brought; its dates say nothing of now. */
  readonly certificate?: ShownCertificate | undefined;
  /** Answers every request with a redirect to HTTPS. */
  readonly redirects: boolean;
  /** A proxy that asks whether requests may go on, and how it asks. */
  readonly asks?: ForwardAuthKind;
  /** The name that the ClientHello had. */
  readonly serverName?: string | undefined;
  /** Of the ClientHello, where something asks for it. */
  readonly ja4?: string | undefined;
  /** Of HTTP/1: its last answer is under way. What else it sends is no request. */
  isEnding?: boolean;
}

// A property and no WeakMap: node:http2 hands out a proxy of the socket, which passes properties
// on.
const PEER = Symbol('peer');
type Marked = Socket & { [PEER]?: Peer };

export function setPeer(socket: Socket, peer: Peer): void {
  (socket as Marked)[PEER] = peer;
}

/** @throws Error for a socket that no listener of the gateway accepted */
export function peerOf(socket: Socket): Peer {
  const peer = (socket as Marked)[PEER];
  if (!peer) throw new Error('the socket did not come through a listener');
  return peer;
}
