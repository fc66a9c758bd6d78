// Phase 2: the head is refused or judged, and the client's address found.

import type { Exchange } from '../exchange.ts';
import { clientAddress, isIn } from '../request/client-address.ts';
import { readHead } from '../request/head.ts';
import type { GatewaySetup } from '../setup.ts';

/** @throws Refusal for a head that two servers may read in two ways */
export function readRequest(exchange: Exchange, { config, trustedProxies }: GatewaySetup): void {
  const { peer, message } = exchange;
  const head = readHead(message, config.limits);
  exchange.head = head;
  // node:http drops what came with a request whose Upgrade it does not take. RFC 9110 §7.8 lets the
  // client go on with HTTP/1.1: on a new connection.
  if (head.offersUpgrade && !exchange.upgrade) exchange.endConnection();
  exchange.client = clientAddress(peer.address, head.forwardedFor, trustedProxies);
  const isTrusted = head.forwardedProto !== undefined && isIn(trustedProxies, peer.address);
  exchange.isSecure = isTrusted ? head.forwardedProto === 'https' : peer.profile !== undefined;
}
