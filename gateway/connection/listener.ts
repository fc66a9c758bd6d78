// One address to listen on: each connection is limited, gets its PROXY header and its ClientHello
// read, and goes to the server of its protocol.

import net, { type Socket } from 'node:net';
import { OpenSet } from '../../runtime/open-set.ts';
import { type Address, parseAddress } from '../addresses/address.ts';
import type { AddressRange } from '../addresses/network.ts';
import { partyOf } from '../addresses/party.ts';
import { isIn } from '../request/client-address.ts';
import { MAX_HELLO_BYTES, readHello } from './client-hello.ts';
import { ja4Of } from './ja4.ts';
import { setPeer } from './peer.ts';
import { MAX_PROXY_HEADER_BYTES, readProxyHeader } from './proxy-protocol.ts';
import type { TlsProfile } from './tls-profiles.ts';

export interface ListenerRules {
  readonly protocol: 'http' | 'https' | 'redirect';
  /** Peers whose connections begin with a PROXY header. */
  readonly proxies: readonly AddressRange[];
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** For the PROXY header, and then for the ClientHello. */
  readonly firstBytesTimeoutMs: number;
  /** The profile of a server name; the default one without a name. */
  readonly profileFor: (serverName: string | undefined) => TlsProfile | undefined;
  /** Whether something asks for the JA4 of clients. */
  readonly takesJa4: boolean;
  /** No profile is for the name: the connection is ended. */
  readonly onUnknownName: () => void;
  /** Gets each connection that speaks HTTP in clear. */
  readonly onPlain: (socket: Socket) => void;
}

/** Open connections of a process, in all and by address: shared by its listeners. */
export class ConnectionCounts {
  readonly sockets = new OpenSet<Socket>();
  readonly #byParty = new Map<string, number>();

  countOf(address: Address): number {
    return this.#byParty.get(partyOf(address)) ?? 0;
  }

  add(socket: Socket, address: Address): void {
    const party = partyOf(address);
    this.#byParty.set(party, (this.#byParty.get(party) ?? 0) + 1);
    socket.once('close', () => {
      const left = (this.#byParty.get(party) ?? 1) - 1;
      if (left > 0) this.#byParty.set(party, left);
      else this.#byParty.delete(party);
    });
  }
}

/** @param rules read anew for each connection, so that a reload applies to the next one */
export function createListener(rules: () => ListenerRules, counts: ConnectionCounts): net.Server {
  const server = net.createServer({ noDelay: true, keepAlive: true }, (socket) => {
    const current = rules();
    const address = parseAddress((socket.remoteAddress ?? '').replace(/%.*$/, ''));
    socket.on('error', () => socket.destroy());
    if (!address || counts.sockets.size >= current.maxConnections) {
      socket.destroy();
      return;
    }
    socket.once('close', counts.sockets.add(socket));
    if (isIn(current.proxies, address)) readPeer(socket, address, current, counts);
    else admit(socket, address, current, counts);
  });
  return server;
}

function readPeer(socket: Socket, proxy: Address, rules: ListenerRules, counts: ConnectionCounts): void {
  peek(socket, rules.firstBytesTimeoutMs, MAX_PROXY_HEADER_BYTES, (bytes) => {
    const header = readProxyHeader(bytes);
    if (header === 'incomplete') return 'more';
    if (header === 'malformed') return undefined;
    const { source, length } = header;
    return {
      rest: bytes.subarray(length),
      next: () => admit(socket, source === 'local' ? proxy : source, rules, counts),
    };
  });
}

function admit(socket: Socket, address: Address, rules: ListenerRules, counts: ConnectionCounts): void {
  if (counts.countOf(address) >= rules.maxConnectionsPerAddress) {
    socket.destroy();
    return;
  }
  counts.add(socket, address);
  if (rules.protocol === 'https') readServerName(socket, address, rules);
  else {
    setPeer(socket, { address, profile: undefined, redirects: rules.protocol === 'redirect' });
    rules.onPlain(socket);
  }
}

function readServerName(socket: Socket, address: Address, rules: ListenerRules): void {
  peek(socket, rules.firstBytesTimeoutMs, MAX_HELLO_BYTES, (bytes) => {
    const hello = readHello(bytes);
    if (hello === 'incomplete') return 'more';
    if (hello === 'malformed') return undefined;
    const { serverName } = hello;
    const profile = rules.profileFor(serverName);
    if (!profile) {
      rules.onUnknownName();
      return undefined;
    }
    const ja4 = rules.takesJa4 ? ja4Of(bytes) : undefined;
    setPeer(socket, { address, profile: profile.id, trust: profile.trust, redirects: false, serverName, ja4 });
    return { rest: bytes, next: () => profile.accept(socket) };
  });
}

interface Peeked {
  /** Bytes that the next reader gets. */
  readonly rest: Buffer;
  readonly next: () => void;
}

/**
 * Reads the first bytes of a connection without taking them from the next reader.
 * @param judge returns `more` while it needs more bytes, and undefined to end the connection
 */
function peek(
  socket: Socket,
  timeoutMs: number,
  maxBytes: number,
  judge: (bytes: Buffer) => Peeked | 'more' | undefined,
): void {
  let held: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  const end = (): void => {
    clearTimeout(timer);
    socket.off('readable', look).off('close', end);
  };
  const look = (): void => {
    for (let chunk = socket.read() as Buffer | null; chunk; chunk = socket.read() as Buffer | null) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const judged = judge(held);
      if (judged === 'more' && held.length <= maxBytes) continue;
      end();
      if (judged === undefined || judged === 'more') socket.destroy();
      else {
        if (judged.rest.length > 0) socket.unshift(judged.rest);
        judged.next();
      }
      return;
    }
  };
  socket.on('readable', look).on('close', end);
}
