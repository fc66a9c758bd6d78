// One entry of a list of addresses, in the forms that feeds use.

import { type Address, parseAddress } from '../../addresses/address.ts';
import { type AddressRange, parseNetwork, parseRange } from '../../addresses/network.ts';

/** An entry of a proxy list: `socks5://192.0.2.1:1080`, `192.0.2.1:80`, `[2001:db8::1]:80`. */
const PROXY = /^(?:(?:https?|socks[45][ah]?):\/\/)?(?:([\d.]{7,15})|\[([\da-f:.]{2,45})\]):(\d{1,5})$/i;
const MAX_PORT = 65_535;
/** More than a range of two IPv6 addresses needs. */
const MAX_LENGTH = 128;

/**
 * Reads an address, a network, a range, or an address with a port, which is left out. Host bits of
 * a network are cleared.
 * @returns undefined if the text is none of these
 */
export function parseEntry(text: string): AddressRange | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  return parseNetwork(text) ?? parseRange(text) ?? loneAddress(parseProxy(text));
}

function parseProxy(text: string): Address | undefined {
  const [, dotted, bracketed, port] = PROXY.exec(text) ?? [];
  return Number(port) <= MAX_PORT ? parseAddress(dotted ?? bracketed ?? '') : undefined;
}

const loneAddress = (address: Address | undefined): AddressRange | undefined =>
  address && { first: address, last: address };
