// Who sent a request: the peer of its connection, or the client that trusted proxies name.

import { type Address, compareAddresses, parseAddress } from '../addresses/address.ts';
import type { AddressRange } from '../addresses/network.ts';

/** More hops than any chain of proxies has. */
const MAX_HOPS = 32;

/**
 * Walks `X-Forwarded-For` from the right as long as the proxies that wrote it are trusted.
 * @param peer of the connection, or of its PROXY header
 * @param forwarded the values of X-Forwarded-For in the order of their lines
 * @param trusted networks of proxies; of nobody by default
 * @returns the last address that no trusted proxy answers for
 */
export function clientAddress(peer: Address, forwarded: readonly string[], trusted: readonly AddressRange[]): Address {
  if (trusted.length === 0 || !isIn(trusted, peer)) return peer;
  const hops = forwarded.flatMap((line) => line.split(',')).slice(-MAX_HOPS);
  let client = peer;
  for (const hop of hops.reverse()) {
    const address = parseHop(hop.trim());
    // What a trusted proxy could not name is not this gateway's to guess.
    if (!address) return client;
    client = address;
    if (!isIn(trusted, client)) return client;
  }
  return client;
}

/** Some proxies write ports: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function parseHop(hop: string): Address | undefined {
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(hop)?.[1];
  const dotted = /^([\d.]+):\d{1,5}$/.exec(hop)?.[1];
  return parseAddress(bracketed ?? dotted ?? hop);
}

export const isIn = (ranges: readonly AddressRange[], address: Address): boolean =>
  ranges.some(
    ({ first, last }) =>
      first.family === address.family && compareAddresses(first, address) <= 0 && compareAddresses(address, last) <= 0,
  );
