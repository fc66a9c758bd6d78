// An IP address as numbers: what lists, rules and limits compare.

import net from 'node:net';

/**
 * An IPv4 address is one unsigned 32-bit word. An IPv6 address is four, the most significant first.
 */
export type Address = { readonly family: 4; readonly word: number } | { readonly family: 6; readonly words: Words };
export type Words = readonly [number, number, number, number];

/**
 * Reads one address as text (RFC 4291 §2.2, dotted decimal without leading zeros). An IPv4-mapped
 * IPv6 address is the IPv4 address, so that a dual-stack socket changes nothing.
 * @returns undefined if the text is no address, or names a zone (`fe80::1%eth0`)
 */
export function parseAddress(text: string): Address | undefined {
  if (net.isIPv4(text)) return { family: 4, word: wordOfDotted(text) };
  if (text.includes('%') || !net.isIPv6(text)) return undefined;
  return unmapped(wordsOf(text));
}

/** RFC 5952, the canonical text. */
export function formatAddress(address: Address): string {
  if (address.family === 4) return dottedOf(address.word);
  const groups = address.words.flatMap((word) => [word >>> 16, word & 0xffff]);
  const [start, length] = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** Orders addresses of one family; every IPv4 address sorts before every IPv6 address. */
export function compareAddresses(a: Address, b: Address): number {
  if (a.family === 4) return b.family === 4 ? a.word - b.word : -1;
  if (b.family === 4) return 1;
  for (let i = 0; i < 4; i++) {
    const difference = (a.words[i] ?? 0) - (b.words[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const wordOfDotted = (text: string): number => text.split('.').reduce((word, part) => word * 256 + Number(part), 0);

const dottedOf = (word: number): string =>
  [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff].join('.');

/** @param text a valid IPv6 address */
function wordsOf(text: string): Words {
  const [head = '', tail] = withoutDotted(text).split('::');
  const left = groupsOf(head);
  const right = tail === undefined ? [] : groupsOf(tail);
  const zeros = new Array<number>(8 - left.length - right.length).fill(0);
  const groups = [...left, ...zeros, ...right];
  const word = (i: number): number => (groups[2 * i] ?? 0) * 0x10000 + (groups[2 * i + 1] ?? 0);
  return [word(0), word(1), word(2), word(3)];
}

const groupsOf = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));

/** `::ffff:192.0.2.1` as `::ffff:c000:201`. */
function withoutDotted(text: string): string {
  const at = text.lastIndexOf(':') + 1;
  if (!text.includes('.')) return text;
  const word = wordOfDotted(text.slice(at));
  return `${text.slice(0, at)}${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`;
}

/** IPv4-mapped addresses are those of `::ffff:0:0/96` (RFC 4291 §2.5.5.2). */
function unmapped(words: Words): Address {
  const [a, b, c, d] = words;
  return a === 0 && b === 0 && c === 0xffff ? { family: 4, word: d } : { family: 6, words };
}

/** The first of the longest runs of zero groups. */
function longestZeros(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > best[1]) best = [start, end - start];
  }
  return best;
}
