// Who counts as one: an address of IPv4, or the network of an address of IPv6.

import { partyOf as partyOfText } from '../../runtime/http/per-address.ts';
import { type Address, formatAddress } from './address.ts';

/** Empty without an address. */
export const partyOf = (address: Address | undefined): string => (address ? partyOfText(formatAddress(address)) : '');
