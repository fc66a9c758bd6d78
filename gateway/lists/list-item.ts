// An entry of a list of addresses in the configuration.

import { type AddressRange, parseNetwork, parseRange } from '../addresses/network.ts';

export const parseItem = (item: string): AddressRange | undefined => parseNetwork(item) ?? parseRange(item);
