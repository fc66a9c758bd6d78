// Which addresses events may be sent to: none of this machine or network, unless it is allowed.
//
// The check is of the address that the socket connects to, so a name that resolves to another
// address the next time gains nothing.

import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { GLOBAL_V6, INTERNAL_V4, INTERNAL_V6 } from '../../runtime/internal-networks.ts';

const listOf = (nets: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const net of nets) addNet(list, net);
  return list;
};

function addNet(list: BlockList, net: string): void {
  const [address = '', bits] = net.split('/');
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  list.addSubnet(address, bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits), family);
}

const internalV4 = listOf(INTERNAL_V4);
const globalV6 = listOf([GLOBAL_V6]);
const internalV6 = listOf(INTERNAL_V6);
const loopback = listOf(['127.0.0.0/8', '::1/128']);

/** `::ffff:7f00:1` and `::ffff:127.0.0.1` are IPv4 addresses; a zone is no part of an address. */
function unmapped(address: string): string {
  const [bare = ''] = address.split('%');
  if (!isIPv6(bare)) return bare;
  // The URL parser knows one spelling of each.
  const normal = hostOf(new URL(`http://[${bare}]`));
  const [, high, low] = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(normal) ?? [];
  if (high === undefined || low === undefined) return normal;
  const value = Number.parseInt(high, 16) * 0x1_0000 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
}

const isWithin = (list: BlockList, address: string): boolean =>
  isIPv4(address) ? list.check(address, 'ipv4') : isIPv6(address) && list.check(address, 'ipv6');

/** True also for text that is no address. */
export function isInternal(address: string): boolean {
  const bare = unmapped(address);
  if (isIPv4(bare)) return isWithin(internalV4, bare);
  return !isWithin(globalV6, bare) || isWithin(internalV6, bare);
}

export const isLoopbackAddress = (address: string): boolean => isWithin(loopback, unmapped(address));

/** The host of a URL; an IPv6 address without its brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

/** The internal places that the operator allows a sink to be at. */
export interface Allowed {
  /** By its name, whatever it resolves to. */
  hasHost(host: string): boolean;
  hasAddress(address: string): boolean;
}

const HOST = /^(?=.{1,253}$)[a-z\d](?:[a-z\d_-]{0,62})(?:\.[a-z\d](?:[a-z\d_-]{0,62}))*$/;

/** Whether a text is a host name, an address or a net, such as `10.1.0.0/16`. */
export function isAllowable(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const family = isIP(address);
  if (more.length > 0) return false;
  if (family === 0) return bits === undefined && HOST.test(text.toLowerCase());
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** @param texts each of which is allowable */
export function createAllowed(texts: readonly string[]): Allowed {
  const isNet = (text: string): boolean => isIP(text.split('/')[0] ?? '') !== 0;
  const nets = listOf(texts.filter(isNet));
  const hosts = new Set(texts.filter((text) => !isNet(text)).map((text) => text.toLowerCase()));
  return {
    hasHost: (host) => hosts.has(host.toLowerCase()),
    hasAddress: (address) => isWithin(nets, unmapped(address)),
  };
}
