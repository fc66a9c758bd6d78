// The header of the PROXY protocol, version 2, with which load balancers begin a connection:
// haproxy.org/download/2.9/doc/proxy-protocol.txt §2.2.

import { type Address, parseAddress } from '../addresses/address.ts';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const FIXED_BYTES = 16;
/** Addresses of 36 bytes, and what load balancers add. */
export const MAX_PROXY_HEADER_BYTES = FIXED_BYTES + 2_048;

/**
 * `local` is a connection of the load balancer itself, such as a health check. `length` is that of
 * the header.
 */
export type ProxyHeader = { readonly source: Address | 'local'; readonly length: number } | 'incomplete' | 'malformed';

/** @param bytes all that the connection sent so far */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  const given = bytes.subarray(0, SIGNATURE.length);
  if (!SIGNATURE.subarray(0, given.length).equals(given)) return 'malformed';
  if (bytes.length < FIXED_BYTES) return 'incomplete';
  const [version, command] = [(bytes[12] as number) >> 4, (bytes[12] as number) & 15];
  const length = FIXED_BYTES + bytes.readUInt16BE(14);
  if (version !== 2 || command > 1 || length > MAX_PROXY_HEADER_BYTES) return 'malformed';
  if (bytes.length < length) return 'incomplete';
  if (command === 0) return { source: 'local', length };
  const source = sourceOf(bytes[13] as number, bytes.subarray(FIXED_BYTES, length));
  return source ? { source, length } : 'malformed';
}

/** Of TCP over IPv4 and IPv6. Nothing else comes to a port of HTTP. */
function sourceOf(kind: number, addresses: Buffer): Address | undefined {
  if (kind === 0x11 && addresses.length >= 12) return { family: 4, word: addresses.readUInt32BE(0) };
  if (kind !== 0x21 || addresses.length < 36) return undefined;
  const groups = Array.from({ length: 8 }, (_, i) => addresses.readUInt16BE(2 * i).toString(16));
  return parseAddress(groups.join(':'));
}
