// Entries that a feed must not contain: a poisoned one would block one's own network, or everybody.

import { GLOBAL_V6, INTERNAL_V4, INTERNAL_V6 } from '../../../runtime/internal-networks.ts';
import { compareAddresses } from '../../addresses/address.ts';
import { type AddressRange, parseNetwork } from '../../addresses/network.ts';

const rangesOf = (texts: readonly string[]): AddressRange[] =>
  texts.map(parseNetwork).filter((network) => network !== undefined);

const INTERNAL_4 = rangesOf(INTERNAL_V4);
const INTERNAL_6 = rangesOf(INTERNAL_V6);
const GLOBAL_6 = rangesOf([GLOBAL_V6]);

/** The largest networks that one holder has are a /8 of IPv4 and a /16 of IPv6. */
const MAX_SPAN_4 = 2 ** 24;
const MAX_SPAN_6 = 2 ** 16;

/** Whether a range has addresses that are not global, or is too large to be of one holder. */
export function isForbidden(range: AddressRange): boolean {
  const { first, last } = range;
  const touches = (network: AddressRange): boolean => overlap(network, range);
  if (first.family === 4 && last.family === 4) return last.word - first.word >= MAX_SPAN_4 || INTERNAL_4.some(touches);
  if (first.family === 6 && last.family === 6 && last.words[0] - first.words[0] >= MAX_SPAN_6) return true;
  return !GLOBAL_6.some((network) => contains(network, range)) || INTERNAL_6.some(touches);
}

const overlap = (a: AddressRange, b: AddressRange): boolean =>
  compareAddresses(a.first, b.last) <= 0 && compareAddresses(b.first, a.last) <= 0;

const contains = (outer: AddressRange, inner: AddressRange): boolean =>
  compareAddresses(outer.first, inner.first) <= 0 && compareAddresses(inner.last, outer.last) <= 0;
