// Networks and ranges of addresses, as rules, lists and the configuration write them.

import { type Address, compareAddresses, formatAddress, parseAddress, type Words } from './address.ts';

/** Both ends belong to the range. They are of one family, and in order. */
export interface AddressRange {
  readonly first: Address;
  readonly last: Address;
}

export interface Network extends AddressRange {
  /** The length of the prefix: 0 to 32, or 0 to 128. */
  readonly bits: number;
  /**
   * The address in the text is not the network's first (`192.0.2.7/24`). Feeds contain such lines,
   * and mean the network; in a configuration it is a mistake.
   */
  readonly hasHostBits: boolean;
}

const BITS = /^(?:0|[1-9]\d{0,2})$/;
const MAPPED_BITS = 96;

/**
 * Reads `192.0.2.0/24`, or a lone address as a network of one. A network of IPv4-mapped addresses
 * is the IPv4 network.
 * @returns undefined if the text is no network, or one that contains the IPv4-mapped addresses and
 * more
 */
export function parseNetwork(text: string): Network | undefined {
  const [before = '', after, ...more] = text.split('/');
  const address = parseAddress(before);
  if (!address || more.length > 0) return undefined;
  const full = bitsOf(address);
  if (after === undefined) return { first: address, last: address, bits: full, hasHostBits: false };
  const isMapped = address.family === 4 && before.includes(':');
  const bits = BITS.test(after) ? Number(after) - (isMapped ? MAPPED_BITS : 0) : -1;
  if (bits < 0 || bits > full) return undefined;
  const range = networkOf(address, bits);
  return { ...range, bits, hasHostBits: compareAddresses(range.first, address) !== 0 };
}

/**
 * Reads `192.0.2.1-192.0.2.9`, with or without spaces, or `192.0.2.1..192.0.2.9`.
 * @returns undefined if the text is no range, its ends are of two families, or the first is greater
 */
export function parseRange(text: string): AddressRange | undefined {
  const [, before = '', after = ''] = /^([\da-f:.]{2,45}?)(?: *- *|\.\.)([\da-f:.]{2,45})$/i.exec(text) ?? [];
  const first = parseAddress(before);
  const last = parseAddress(after);
  if (first?.family !== last?.family || !first || !last || compareAddresses(first, last) > 0) return undefined;
  return { first, last };
}

/** The network of so many bits that contains the address. */
export function networkOf(address: Address, bits: number): AddressRange {
  if (address.family === 4) {
    const host = hostMask(bits);
    return {
      first: { family: 4, word: (address.word & ~host) >>> 0 },
      last: { family: 4, word: (address.word | host) >>> 0 },
    };
  }
  const [a, b, c, d] = address.words;
  const hosts = [hostMask(bits), hostMask(bits - 32), hostMask(bits - 64), hostMask(bits - 96)] as const;
  const cleared = (word: number, host: number): number => (word & ~host) >>> 0;
  const filled = (word: number, host: number): number => (word | host) >>> 0;
  const first: Words = [cleared(a, hosts[0]), cleared(b, hosts[1]), cleared(c, hosts[2]), cleared(d, hosts[3])];
  const last: Words = [filled(a, hosts[0]), filled(b, hosts[1]), filled(c, hosts[2]), filled(d, hosts[3])];
  return { first: { family: 6, words: first }, last: { family: 6, words: last } };
}

/** As a lone address, a network, or `first-last`: the first of these that the range is. */
export function formatRange({ first, last }: AddressRange): string {
  if (compareAddresses(first, last) === 0) return formatAddress(first);
  for (let bits = 0; bits < bitsOf(first); bits++) {
    const network = networkOf(first, bits);
    const isIt = compareAddresses(network.first, first) === 0 && compareAddresses(network.last, last) === 0;
    if (isIt) return `${formatAddress(first)}/${bits}`;
  }
  return `${formatAddress(first)}-${formatAddress(last)}`;
}

const bitsOf = ({ family }: Address): 32 | 128 => (family === 4 ? 32 : 128);

/** The bits of a word behind the first `bits`, which may be below 0 or above 32. */
const hostMask = (bits: number): number => (bits <= 0 ? 0xffffffff : bits >= 32 ? 0 : 0xffffffff >>> bits);

/** What is no network is left out. */
export const networksOf = (texts: readonly string[]): AddressRange[] =>
  texts.map(parseNetwork).filter((network) => network !== undefined);
